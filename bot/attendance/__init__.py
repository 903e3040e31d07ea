"""Attendance: due lists, answers, leave, sign-in, votes and their quorum, corrections, for meetings of any kind."""
