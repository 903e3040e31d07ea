"""What is told of an exam while it is planned or runs: plain facts that are worded by `running_views`."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from bot.quiz.rules import PaperState


@dataclass(frozen=True, slots=True)
class Moved:
    paper_id: int
    title: str
    opens_at: datetime
    closes_at: datetime
    is_open: bool = False


@dataclass(frozen=True, slots=True)
class Ending:
    """An exam that is about to be closed or cancelled, or has been; how many are sitting it now."""

    paper_id: int
    title: str
    running: int
    finished: int
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Cancelled:
    """An exam that has just been cancelled, and the button that takes it back until then."""

    ending: Ending
    undo_id: int
    until: datetime


@dataclass(frozen=True, slots=True)
class Restored:
    """An exam that is cancelled no more."""

    paper_id: int
    title: str
    state: PaperState
    opens_at: datetime
    closes_at: datetime
    running: int
    lost: timedelta  # and given back to those
    told: int  # people
    is_over: bool


@dataclass(frozen=True, slots=True)
class Nudged:
    paper_id: int
    title: str
    people: int
    unreached: int
    is_own_due: bool = False  # whoever asked for it is not reminded


@dataclass(frozen=True, slots=True)
class Notice:
    """An exam as its candidates and their groups are told of it."""

    paper_id: int
    title: str
    token: str
    opens_at: datetime
    closes_at: datetime
    count: int
    max_centi: int
    limit: timedelta
