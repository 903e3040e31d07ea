"""Meetings: planning, series, reminders, moving and cancelling. Knows members, never who attended: `Roll` is handed in."""
