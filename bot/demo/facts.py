"""Whether each step of the tour has happened since it began: facts in the database, whatever way they came about."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import ColumnElement, and_, case, exists, func, not_, select
from sqlalchemy.orm import Session

from bot.attendance.models import Attendance
from bot.attendance.rules import Answer, LeaveState, Status
from bot.demo import seed
from bot.meetings.models import Card, Meeting, Nudge
from bot.meetings.rules import MeetingKind, MeetingState, RungName
from bot.members.models import Account
from bot.outbox import OutboxRow, State
from bot.practice.models import PracticeCard
from bot.quiz.models import Attempt, AttemptItem, Round
from bot.quiz.rules import RoundState

LEAST_PRESENT = 7


def holding(session: Session, *, since: datetime) -> Mapping[int, bool]:
    """The steps whose fact holds."""
    facts = (_announced(since), _answered(since), _reminded(since), _closed(since), _quizzed(since))
    row = session.execute(select(*facts)).one()
    return {number: bool(value) for number, value in enumerate(row, start=1)}


def _theme_day(since: datetime) -> ColumnElement[bool]:
    return and_(Meeting.kind == MeetingKind.THEME_PARTY_DAY, Meeting.created_at >= since)


def _announced(since: datetime) -> ColumnElement[bool]:
    is_posted = and_(Card.meeting_id == Meeting.id, Card.chat_id < 0, Card.message_id.is_not(None))
    return exists().where(_theme_day(since), Meeting.announced_at.is_not(None), is_posted)


def _answered(since: datetime) -> ColumnElement[bool]:
    mine = and_(Attendance.meeting_id == Meeting.id, _theme_day(since))
    return and_(
        exists().where(mine, Attendance.answer == Answer.GOING),
        exists().where(mine, Attendance.leave_state == LeaveState.APPROVED),
    )


def _reminded(since: datetime) -> ColumnElement[bool]:
    asked = and_(Nudge.meeting_id == Meeting.id, _theme_day(since), Nudge.rung == RungName.R2)
    arrived = and_(OutboxRow.id == Nudge.outbox_id, OutboxRow.state == State.SENT)
    answered = select(Account.member_id).where(Account.telegram_user_id.in_([seed.PLAYED["张三"], seed.PLAYED["周八"]]))
    return and_(exists().where(asked, arrived), not_(exists().where(asked, arrived, Nudge.member_id.in_(answered))))


def _closed(since: datetime) -> ColumnElement[bool]:
    def count(*statuses: Status) -> ColumnElement[int]:
        return func.coalesce(func.sum(case((Attendance.status.in_(statuses), 1), else_=0)), 0)

    present, leave, absent = count(Status.PRESENT, Status.LATE), count(Status.ON_LEAVE), count(Status.ABSENT)
    balanced = (
        select(Meeting.id)
        .join(Attendance, and_(Attendance.meeting_id == Meeting.id, Attendance.is_due))
        .where(_theme_day(since), Meeting.state.in_([MeetingState.CLOSED, MeetingState.RECORDED]))
        .group_by(Meeting.id)
        .having(present >= LEAST_PRESENT, leave == 1, present + leave + absent == func.count())
    )
    return exists(balanced.subquery().select())


def _quizzed(since: datetime) -> ColumnElement[bool]:
    def answered(name: str, is_enough: ColumnElement[bool]) -> ColumnElement[bool]:
        account = and_(Account.member_id == Attempt.member_id, Account.telegram_user_id == seed.PLAYED[name])
        item = and_(AttemptItem.attempt_id == Attempt.id, AttemptItem.selection.is_not(None), is_enough)
        return exists().where(Attempt.round_id == Round.id, account, Attempt.started_at >= since, item)

    right, wrong = (
        AttemptItem.awarded_centi >= AttemptItem.max_centi,
        AttemptItem.awarded_centi < AttemptItem.max_centi,
    )
    both = (answered("张三", right), answered("周八", wrong))
    kept = and_(PracticeCard.member_id == Account.member_id, Account.telegram_user_id == seed.PLAYED["周八"])
    return and_(
        exists(select(Round.id).where(Round.state == RoundState.FINISHED, *both)),
        exists().where(kept),
    )
