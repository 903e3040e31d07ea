"""Exams and live rounds: papers, attempts, marking, results. Knows members and banks; nothing of meetings."""
