"""Whatever happens to a meeting and its people, in whatever order: the figures agree and the chain holds."""

from datetime import datetime, timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from bot.attendance import chain, closing, correcting, exporting, guests, leave, make_ups, marking, proposals, service
from bot.attendance.models import Attendance, AttendanceEvent, Correction
from bot.attendance.rules import (
    CAME,
    CORRECTIONS,
    Action,
    Answer,
    CorrectionState,
    GuestKind,
    MakeUpHow,
    ReasonKind,
    Status,
)
from bot.attendance.turnouts import turnouts
from bot.errors import UserError
from bot.meetings.models import Meeting
from bot.meetings.rules import MeetingKind, MeetingState
from bot.meetings.views import outcome
from bot.members.models import Membership
from tests.make import Someone
from tests.meetings.play import Play

PEOPLE = st.integers(0, 6)
HOURS = (-0.2, 0.3, 2.6, 55, 240)  # from T, where what can be done changes: the meeting lasts two


def _is_ahead(history: "History") -> bool:
    return history.passed == 0


def _has_begun(history: "History") -> bool:
    return history.passed > 0


def _is_running(history: "History") -> bool:
    return 1 <= history.passed <= 2


def _is_over(history: "History") -> bool:
    return history.passed > 2


class History(RuleBasedStateMachine):
    """One meeting of 一支部, each history a week after the one before."""

    def __init__(self, play: Play) -> None:
        super().__init__()
        self.play = play
        cast = play.cast
        self.people = [cast.zhang, cast.li, cast.sun, cast.zhou, cast.wu, *self.others()]

    def others(self) -> list[Someone]:
        return [self.play.make.member(name, self.play.cast.branch) for name in ("郑十", "王十一")]

    @initialize(begin=st.sampled_from((0, 0, 1, 1, 2, 3, 3, 4)), there=st.sets(PEOPLE))
    def plan(self, begin: int, there: set[int]) -> None:
        """The history is told from some moment on; who was there by then has signed in."""
        self.starts_at, self.passed = self.play.now + timedelta(hours=40), 0
        self.meeting_id = self.play.database.run(self._plan)
        for _ in range(begin):
            self.time_passes()
            for person in sorted(there):
                self.signs_in(person)

    def _plan(self, session: Session) -> int:
        row = Meeting(
            unit_id=self.play.cast.branch.id,
            kind=MeetingKind.THEME_PARTY_DAY,
            title="学习",
            place="三楼",
            starts_at=self.starts_at,
            ends_at=self.starts_at + timedelta(hours=2),
            state=MeetingState.SCHEDULED,
            created_at=self.play.now,
        )
        session.add(row)
        session.flush()
        return row.id

    def tries(self, who: Someone, case: object, *args: object, **options: object) -> None:
        """What is refused changes nothing: the invariants are asked all the same."""
        try:
            self.play.act(who, case, *args, **options)  # type: ignore[arg-type]  # use cases of every kind
        except UserError:
            return

    def record(self, person: int) -> int:
        query = select(Attendance.id).where(
            Attendance.meeting_id == self.meeting_id, Attendance.member_id == self.people[person].id
        )
        return self.play.database.look(lambda session: session.scalar(query)) or 0

    # -- what happens -------------------------------------------------------------------------------------------------

    @precondition(lambda self: self.passed < len(HOURS))
    @rule()
    def time_passes(self) -> None:
        self.play.now = self.starts_at + timedelta(hours=HOURS[self.passed])
        self.passed += 1
        while self.play.run(closing.advance) or self.play.run(proposals.expire):
            pass

    @precondition(_is_ahead)
    @rule(person=PEOPLE)
    def says_yes(self, person: int) -> None:
        self.tries(self.people[person], service.answer, self.meeting_id, 1, Answer.GOING)

    @precondition(_is_ahead)
    @rule(person=PEOPLE, kind=st.sampled_from(ReasonKind))
    def asks_leave(self, person: int, kind: ReasonKind) -> None:
        self.tries(self.people[person], leave.ask_leave, self.meeting_id, 1, kind)

    @rule(person=PEOPLE, by=st.sampled_from((1, 2)), is_approved=st.booleans())
    def leave_is_decided(self, person: int, by: int, is_approved: bool) -> None:
        self.tries(self.people[by], leave.decide_leave, self.record(person), is_approved=is_approved)

    @precondition(_is_running)
    @rule(person=PEOPLE)
    def signs_in(self, person: int) -> None:
        self.tries(self.people[person], service.check_in, self.meeting_id)

    @precondition(_is_running)
    @rule(person=PEOPLE)
    def goes_early(self, person: int) -> None:
        self.tries(self.people[person], service.leave_early, self.meeting_id)

    @precondition(_is_running)
    @rule(person=PEOPLE, code=st.sampled_from("ple"), is_for_other=st.booleans())
    def is_called(self, person: int, code: str, is_for_other: bool) -> None:
        self.tries(self.play.cast.li, marking.mark, self.record(person), code, is_for_other=is_for_other)

    @precondition(_is_running)
    @rule(person=PEOPLE)
    def is_seen_going(self, person: int) -> None:
        self.tries(self.play.cast.li, marking.mark_left, self.record(person))

    @precondition(_is_running)
    @rule()
    def the_rest_is_here(self) -> None:
        self.tries(self.play.cast.li, marking.mark_rest, self.meeting_id)

    @precondition(_has_begun)
    @rule(count=st.integers(1, 40))
    def guests_come(self, count: int) -> None:
        self.tries(self.play.cast.li, guests.add, f"{self.meeting_id}:{GuestKind.PUBLIC.name}", str(count))

    @precondition(_is_running)
    @rule()
    def the_secretary_ends_it(self) -> None:
        self.tries(self.play.cast.li, closing.end, self.meeting_id)

    @precondition(_has_begun)
    @rule(person=PEOPLE, code=st.sampled_from(sorted(CORRECTIONS)), by=st.sampled_from((1, 2)))
    def is_corrected(self, person: int, code: str, by: int) -> None:
        ref = f"{self.meeting_id}:{self.people[person].id}:{code}"
        self.tries(self.people[by], correcting.correct, ref, "登记有误")

    @precondition(_is_over)
    @rule(by=st.sampled_from((1, 2)), is_agreed=st.booleans())
    def a_proposal_is_decided(self, by: int, is_agreed: bool) -> None:
        query = select(Correction.id).where(Correction.state == CorrectionState.PROPOSED).limit(1)
        found = self.play.database.look(lambda session: session.scalar(query))
        self.tries(self.people[by], proposals.confirm_correction, found or 0, is_agreed=is_agreed)

    @precondition(_is_over)
    @rule(person=PEOPLE)
    def forgot_to_sign(self, person: int) -> None:
        self.tries(self.people[person], proposals.forgot, self.meeting_id)

    @precondition(_is_over)
    @rule(person=PEOPLE, days=st.integers(0, 9))
    def makes_up(self, person: int, days: int) -> None:
        day = (self.starts_at + timedelta(days=days)).date()
        self.tries(self.play.cast.li, make_ups.make_up, self.meeting_id, self.people[person].id, MakeUpHow.TALK, day)

    @precondition(_is_ahead)
    @rule(person=PEOPLE)
    def moves_to_another_branch(self, person: int) -> None:
        def move(session: Session) -> None:
            home = session.scalars(select(Membership).where(Membership.member_id == self.people[person].id)).one()
            home.to_on = self.starts_at.date() if home.to_on is None else None

        self.play.database.run(move)

    # -- what always holds --------------------------------------------------------------------------------------------

    @invariant()
    def the_figures_agree(self) -> None:
        roll = self.play.database.look(service.roll, self.meeting_id, now=self.play.now)
        assert roll.expected == len(roll.present) + len(roll.on_leave) + len(roll.absent) + len(roll.unsigned)
        assert set(roll.late) <= set(roll.present)
        assert set(roll.voters_present) <= set(roll.voters) & set(roll.present)
        self.roll = roll

    def teardown(self) -> None:
        self.the_figures_agree()
        now_is = self.play.database.look(lambda session: session.get_one(Meeting, self.meeting_id).state)
        if now_is in (MeetingState.CLOSED, MeetingState.RECORDED):
            assert self.roll.unsigned == ()
            held = self.play.database.look(turnouts, [self.meeting_id])[self.meeting_id]
            assert (held.turnout.expected, held.turnout.present) == (self.roll.expected, len(self.roll.present))
        part = self.play.act(self.play.cast.li, exporting.one_meeting, self.meeting_id).parts[0]
        due = [line for line in part.lines if line.is_due]
        shown = (len(due), sum(line.status in CAME for line in due), part.held.guests)
        assert shown == (self.roll.expected, len(self.roll.present), self.roll.guests), outcome(self.roll)
        assert all(line.status in (Status.ON_LEAVE, Status.ABSENT) for line in part.lines if line.made_up)
        assert self.play.database.look(chain.is_intact, self.meeting_id)
        self.play.now = max(self.play.now, self.starts_at + timedelta(days=10))
        self.play.database.run(self._come_home)

    def _come_home(self, session: Session) -> None:
        for home in session.scalars(select(Membership).where(Membership.to_on.is_not(None))):
            home.to_on = None


def test_the_figures_agree_under_any_history(play: Play) -> None:
    class Histories(History):
        def others(self) -> list[Someone]:
            return more

    more = History(play).people[5:]
    limits = settings(max_examples=10, stateful_step_count=18, deadline=None, derandomize=True)
    run_state_machine_as_test(lambda: Histories(play), settings=limits)
    done = set(play.database.look(lambda session: session.scalars(select(AttendanceEvent.action)).all()))
    assert done > {Action.CHECKED_IN, Action.CLOSED}
    assert done & {Action.CORRECTED, Action.ROLL_CORRECTED, Action.PROPOSED, Action.MADE_UP}  # also what comes after
    assert _alterations_unseen(play) == []


def _alterations_unseen(play: Play) -> list[str]:
    """Whether any one value of any one event of the longest history can be changed without breaking its chain."""

    class Undo(Exception):
        pass

    unseen: list[str] = []

    def alter(session: Session) -> None:
        meeting_id = session.scalar(select(Meeting.id).order_by(Meeting.audit_seq.desc()).limit(1)) or 0
        _open(session)
        rows = session.scalars(select(AttendanceEvent).where(AttendanceEvent.meeting_id == meeting_id)).all()
        for row in rows:
            for name, value in _otherwise(row).items():
                kept = getattr(row, name)
                setattr(row, name, value)
                session.flush()
                if chain.is_intact(session, meeting_id):
                    unseen.append(f"{row.seq} {name}")
                setattr(row, name, kept)
                session.flush()
        assert chain.is_intact(session, meeting_id)
        raise Undo

    try:
        play.database.run(alter)
    except Undo:
        return unseen
    return ["nothing was tried"]


def _otherwise(row: AttendanceEvent) -> dict[str, object]:
    """Another value for each column, one that the database takes."""
    action = Action.LEFT if row.action is not Action.LEFT else Action.CHECKED_IN
    texts = dict.fromkeys(("reason", "was", "became", "prev_hash", "hash"), "x")
    links = {name: None for name in ("actor_id", "attendance_id") if getattr(row, name) is not None}
    numbers = {"update_id": (row.update_id or 0) + 1, "seq": row.seq + 1000}
    return {**texts, **links, **numbers, "at": datetime(2026, 1, 1, tzinfo=row.at.tzinfo), "action": action}


def _open(session: Session) -> None:
    """Take the guards away, as only somebody with the whole database in his hands could."""
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("ALTER TABLE attendance_events DISABLE TRIGGER ALL"))
        return
    for name in ("no_update", "no_delete"):
        session.execute(text(f"DROP TRIGGER attendance_events_{name}"))
