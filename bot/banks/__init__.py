"""Question banks: files read and judged, kept in immutable versions. Knows members; not who asks the questions."""
