"""Series for tests: planned and begun through the services, their meetings read back."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.meetings import refilling, series, service
from bot.meetings.facts import MeetingFacts, Plan, SeriesPreview, Step
from bot.meetings.models import Meeting
from bot.meetings.repeating import Begun, SeriesView
from bot.meetings.rules import MeetingState
from bot.members.models import Unit
from bot.periods import BEIJING
from tests.meetings.play import Play, at

FRIDAYS = "每月第一个周五15点 主题党日 学习 @三楼会议室"


def planned(play: Play, words: str = FRIDAYS) -> tuple[Plan, SeriesPreview]:
    plan = play.plan(words)
    assert plan.step is Step.SERIES
    assert plan.series is not None
    return plan, plan.series


def begun(play: Play, words: str = FRIDAYS) -> Begun:
    plan, _ = planned(play, words)
    return play.act(play.cast.li, series.confirm, plan.draft_id)


def days(play: Play, *states: MeetingState) -> list[str]:
    """The meetings of all series as `03-06 15:00 SCHEDULED`, those in these states if some are named."""

    def read(session: Session) -> list[str]:
        query = select(Meeting.starts_at, Meeting.state, Meeting.is_tentative).where(Meeting.series_id.is_not(None))
        rows = session.execute(query.order_by(Meeting.starts_at, Meeting.id)).all()
        return [
            f"{starts_at.astimezone(BEIJING):%m-%d %H:%M} {state.name}{' 暂定' if is_tentative else ''}"
            for starts_at, state, is_tentative in rows
            if state in states or not states
        ]

    return play.database.look(read)


def meetings(play: Play) -> list[MeetingFacts]:
    query = select(*service.COLUMNS).join(Unit, Unit.id == Meeting.unit_id).where(Meeting.series_id.is_not(None))
    rows = play.database.look(lambda session: session.execute(query.order_by(Meeting.starts_at, Meeting.id)).all())
    return [service.from_row(row) for row in rows]


def show(play: Play, number: int = 1) -> SeriesView:
    return play.act(play.cast.li, series.show, number)


def refill(play: Play, text: str | None = None) -> None:
    play.now = at(text) if text else play.now
    play.run(refilling.refill)
