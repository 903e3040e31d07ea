"""Bank files by their bytes: one module per format, and what writes ours."""
