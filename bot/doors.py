"""The list of features: every door of the house, and everything that is known of one person."""

from collections.abc import Sequence
from dataclasses import replace

from bot.attendance import ballot_handlers, correction_handlers, export_handlers, opening
from bot.attendance import handlers as attendance_handlers
from bot.attendance import personal as attendance_personal
from bot.attendance import service as attendance
from bot.attendance.quorum import is_quorate
from bot.banks import handlers as banks_handlers
from bot.context import Routes, merge
from bot.meetings import handlers as meetings_handlers
from bot.meetings import minutes_handlers, realigning, series_handlers
from bot.meetings import personal as meetings_personal
from bot.members import calendar_handlers, offices_handlers, personal_handlers, roster_handlers
from bot.members import handlers as members_handlers
from bot.members.personal import PersonalData
from bot.members.workbook import is_roster_book
from bot.practice import handlers as practice_handlers
from bot.practice import personal as practice_personal
from bot.quiz import (
    exam_handlers,
    overseeing_handlers,
    publishing_handlers,
    results_handlers,
    row_handlers,
    running_handlers,
    seat_handlers,
)
from bot.quiz import handlers as quiz_handlers
from bot.quiz import personal as quiz_personal

PERSONAL: tuple[PersonalData, ...] = (
    attendance_personal.DATA,
    meetings_personal.DATA,
    quiz_personal.DATA,
    practice_personal.DATA,
)

ROUTES: tuple[Routes, ...] = (
    members_handlers.ROUTES,
    roster_handlers.ROUTES,
    offices_handlers.ROUTES,
    personal_handlers.routes(PERSONAL),
    meetings_handlers.routes(attendance.roll, opening.reset, opening.open_meeting),
    minutes_handlers.routes(attendance.roll, is_quorate),
    series_handlers.routes(opening.reset),
    calendar_handlers.routes(realigning.follow, series_handlers.differences),
    attendance_handlers.ROUTES,
    correction_handlers.ROUTES,
    ballot_handlers.ROUTES,
    export_handlers.ROUTES,
    banks_handlers.ROUTES,
    quiz_handlers.ROUTES,
    seat_handlers.ROUTES,
    publishing_handlers.ROUTES,
    row_handlers.ROUTES,
    overseeing_handlers.ROUTES,
    running_handlers.ROUTES,
    exam_handlers.ROUTES,
    results_handlers.ROUTES,
    practice_handlers.ROUTES,
)


def merged(routes: Sequence[Routes]) -> Routes:
    """All doors as one. Whether a file holds a roster or a bank, only what it says tells."""
    doors = merge(routes)
    text = roster_handlers.yaml_door(doors.documents["yaml"])
    book = banks_handlers.workbook_door(doors.documents["xlsx"], is_roster_book)
    return replace(doors, documents={**doors.documents, "yaml": text, "yml": text, "xlsx": book})
