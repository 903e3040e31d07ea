"""Random histories of series: whatever is done in whatever order, nobody meets twice and nothing told is moved."""

from collections import Counter
from datetime import date, datetime, timedelta
from random import Random

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attendance import opening
from bot.errors import UserError
from bot.meetings import dating, planning, realigning, recurrence, refilling, series, series_planning
from bot.meetings.facts import MeetingFacts, Step
from bot.meetings.models import Meeting, Series
from bot.meetings.rules import MeetingState
from bot.members import calendar
from bot.members.calendarfile import CalendarFile
from bot.periods import local_day
from bot.workdays import SpecialDay
from tests.meetings.play import Play, at
from tests.meetings.repeats import meetings

PHRASES = ("每周三15点", "每月第一个周五15点", "每月15日10点", "每月最后一个工作日16点", "隔周周一9点", "每月30日14点")
OFF_DAYS = ("LATER", "EARLIER", "SKIP", "ASK", "ASIS", "NONE", "MONTH", "MAKEUP")


class History:
    """One secretary, an office that announces days off, and chance."""

    def __init__(self, play: Play, rng: Random) -> None:
        self.play, self.rng = play, rng
        self.told: dict[int, datetime] = {}  # announced meetings and when they are
        self.by_hand: set[int] = set()
        play.now = at("2026-11-01 09:00")

    def step(self) -> None:
        acts = (self.begin, self.change, self.stop, self.move, self.cancel, self.date, self.announce, self.adopt)
        self.play.now += timedelta(hours=self.rng.randrange(1, 60))
        try:
            self.rng.choice(acts)()
        except UserError:
            return
        finally:
            self.play.run_only_jobs()
            while self.play.run(refilling.refill):
                pass

    def begin(self) -> None:
        plan = self.play.plan(f"{self.rng.choice(PHRASES)} 主题党日 学习 @三楼")
        if plan.step is Step.RULE:
            plan = self.play.act(self.play.cast.li, series_planning.set_rule, plan.draft_id, self.rng.randrange(2))
        for _ in range(self.rng.randrange(3)):
            self.play.act(self.play.cast.li, series_planning.set_off_days, plan.draft_id, self.rng.choice(OFF_DAYS))
        self.play.act(self.play.cast.li, series.confirm, plan.draft_id)

    def change(self) -> None:
        plan = self.play.act(self.play.cast.li, series_planning.change_series, self.rng.choice(self.running()))
        plan = self.play.act(self.play.cast.li, planning.tell, plan.draft_id, "phrase", self.rng.choice(PHRASES[:5]))
        self.play.act(self.play.cast.li, series.confirm, plan.draft_id)

    def stop(self) -> None:
        if self.rng.random() < 0.3:
            number = self.rng.choice(self.running())
            self.play.act(self.play.cast.li, series.stop, number)
            left = [one for one in meetings(self.play) if self.series_of(one) == number and one.announced_at is None]
            assert all(one.state not in (MeetingState.SCHEDULED, MeetingState.NEEDS_DATE) for one in left)

    def move(self) -> None:
        one = self.any(MeetingState.SCHEDULED)
        days = self.rng.randrange(1, 9)
        to = max(one.starts_at, self.play.now) + timedelta(days=days, minutes=self.rng.randrange(600))
        self.play.move(one, to.astimezone(at("2026-01-01 00:00").tzinfo).strftime("%Y-%m-%d %H:%M"))
        self.by_hand.add(one.id)
        self.told.pop(one.id, None)

    def cancel(self) -> None:
        one = self.any(MeetingState.SCHEDULED)
        self.play.cancel(one)
        self.told.pop(one.id, None)
        if self.rng.random() < 0.3:
            self.play.undo(one)

    def date(self) -> None:
        one = self.any(MeetingState.NEEDS_DATE)
        if self.rng.random() < 0.5:
            self.play.act(self.play.cast.li, dating.skip, one.id, one.version)
        else:
            minute = int((self.play.now + timedelta(days=2)).timestamp()) // 60
            self.play.act(self.play.cast.li, dating.choose, one.id, one.version, minute)
            self.by_hand.add(one.id)

    def announce(self) -> None:
        """The office imports days off, each time others."""
        year = self.rng.choice((2026, 2027))
        first = date(year, 1, 1)
        days = sorted({first + timedelta(days=self.rng.randrange(364)) for _ in range(30)})
        found = tuple((day, SpecialDay(day.weekday() < 5, "假期")) for day in days)
        file = CalendarFile(year, "通知", found)
        self.play.act(self.play.cast.wang, calendar.import_calendar, file, follow=realigning.follow)

    def adopt(self) -> None:
        mark = self.play.act(self.play.cast.li, realigning.differences).mark
        self.play.act(self.play.cast.li, realigning.adopt_all, mark, reset=opening.reset)

    # -- looking ---

    def running(self) -> list[int]:
        found = self.play.database.look(
            lambda session: session.scalars(select(Series.id).where(Series.until_on.is_(None))).all()
        )
        if not found:
            raise UserError
        return list(found)

    def series_of(self, one: MeetingFacts) -> int | None:
        query = select(Meeting.series_id).where(Meeting.id == one.id)
        return self.play.database.look(lambda session: session.scalar(query))

    def any(self, state: MeetingState) -> MeetingFacts:
        found = [one for one in meetings(self.play) if one.state is state and one.starts_at > self.play.now]
        if not found:
            raise UserError
        return self.rng.choice(found)

    def check(self) -> None:
        every = meetings(self.play)
        standing = [one for one in every if one.state not in (MeetingState.CANCELLED, MeetingState.NEEDS_DATE)]
        assert max(Counter(one.starts_at for one in standing).values(), default=1) == 1
        for one in every:
            if one.id in self.told and one.state is not MeetingState.CANCELLED:
                assert one.starts_at == self.told[one.id], "somebody was told another time"
            if one.announced_at is not None and one.state is not MeetingState.CANCELLED:
                self.told[one.id] = one.starts_at
        self.play.database.look(self._once_a_slot)

    @staticmethod
    def _once_a_slot(session: Session) -> None:
        rules = {one.id: one.terms.rule for one in refilling.running(session)}
        rows = session.execute(select(Meeting.series_id, Meeting.original_on).where(Meeting.series_id.is_not(None)))
        slots = Counter((series_id, recurrence.slot(rules[series_id], day)) for series_id, day in rows)
        assert max(slots.values(), default=1) == 1


@pytest.mark.long
@pytest.mark.parametrize("seed", range(1, 7))
def test_whatever_is_done_each_day_is_held_once_and_what_was_told_stands(play: Play, seed: int) -> None:
    history = History(play, Random(seed))
    history.begin()
    for _ in range(60):
        history.step()
        history.check()
    assert len(meetings(play)) > 20
    # In the end nothing is left to fill, and all that is ahead stands on a day of its series or was put there.
    before = len(meetings(play))
    play.run(refilling.refill, is_thorough=True)
    assert len(meetings(play)) == before
    assert local_day(play.now) > date(2026, 12, 1)
