"""Figures, never a timed assertion: what the house does beside what others do, measured in one run."""
