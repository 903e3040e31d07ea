"""Meetings: planning, series, reminders, moving, cancelling. Knows members; who came is told to it as a `Roll`."""
