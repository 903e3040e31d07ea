"""A crowd that signs in at once: asked and kept together, and each fares as he would alone."""

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import event, select, update
from sqlalchemy.orm import Session

from bot.attendance import arriving, chain
from bot.attendance.arriving import Arrival, SignedIn
from bot.attendance.models import Attendance, AttendanceEvent
from bot.attendance.rules import LeaveState, NotYetOpen, SelfSignInOver
from bot.errors import UserError
from bot.inbox import Outage
from bot.meetings.facts import MeetingFacts
from bot.meetings.models import Card
from bot.meetings.rules import CardKind, RungName
from bot.meetings.service import NoSuchMeeting
from bot.members.rules import NotBound
from bot.outbox import OutboxRow
from tests.make import GROUP_CHAT, Someone
from tests.meetings.play import Play, at
from tests.meetings.scenes import scene

LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"
SECOND = "本周五15:05 支部党员大会 讨论发展党员 @二楼会议室"
CARD = 101  # the message a press came from


@scene
def opened(play: Play) -> MeetingFacts:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 14:50")
    play.take()
    return meeting


def crowd(play: Play) -> list[Someone]:
    return [play.cast.zhang, play.cast.sun, play.cast.zhou, play.cast.li]


def press(play: Play, who: Someone, meeting: MeetingFacts, number: int = 0) -> Arrival:
    """A press on the card in the group, stored as the update of that number."""
    sender = replace(who.sender(play.now, chat_id=GROUP_CHAT), update_id=number, message_id=CARD)
    return Arrival(sender, meeting.id)


def presses(play: Play, people: Sequence[Someone], meeting: MeetingFacts) -> list[Arrival]:
    return [press(play, who, meeting, number) for number, who in enumerate(people, 1)]


def arrived(play: Play, *arrivals: Arrival) -> list[SignedIn | UserError]:
    return play.database.run(arriving.check_in_all, arrivals, now=play.now)


def told(results: Sequence[SignedIn | UserError]) -> list[str]:
    """The status of each, or the refusal."""
    return [type(one).__name__ if isinstance(one, UserError) else one[0].status.name for one in results]


def events(play: Play, meeting: MeetingFacts) -> list[tuple[str, int | None, int | None]]:
    """What was done, by whom, by which update, in the order of the chain, which must hold."""

    def read(session: Session) -> list[tuple[str, int | None, int | None]]:
        assert chain.is_intact(session, meeting.id)
        rows = select(AttendanceEvent).where(AttendanceEvent.meeting_id == meeting.id).order_by(AttendanceEvent.seq)
        return [
            (f"{row.action.name} {row.was}→{row.became}", row.actor_id, row.update_id) for row in session.scalars(rows)
        ]

    return play.database.look(read)


def test_a_crowd_at_once_fares_as_each_alone(play: Play) -> None:
    meeting, (zhang, sun, zhou, li) = opened(play), crowd(play)
    alone = [arrived(play, press(play, who, meeting, number)) for number, who in enumerate((zhang, sun), 1)]
    together = arrived(play, press(play, zhou, meeting, 3), press(play, li, meeting, 4))
    assert [*alone[0], *alone[1]] == together
    assert play.roll(meeting).present == (zhang.id, li.id, sun.id, zhou.id)
    assert events(play, meeting)[1:] == [
        ("CHECKED_IN EXPECTED→PRESENT", who.id, number) for number, who in enumerate((zhang, sun, zhou, li), 1)
    ]
    assert len({row[2:] for row in records(play, meeting)}) == 1


def records(play: Play, meeting: MeetingFacts) -> list[tuple[object, ...]]:
    """Number and person, then everything a sign-in writes, of all who came."""
    columns = (Attendance.id, Attendance.member_id, Attendance.status, Attendance.arrived_at, Attendance.time_unsure)
    query = select(*columns, Attendance.is_online, Attendance.proof, Attendance.left_at, Attendance.answer)
    came = query.where(Attendance.meeting_id == meeting.id, Attendance.arrived_at.is_not(None))
    return play.database.look(lambda session: [tuple(row) for row in session.execute(came)])


def test_who_is_refused_holds_up_nobody(play: Play) -> None:
    meeting, (zhang, sun, zhou, li) = opened(play), crowd(play)
    arrived(play, press(play, li, meeting))
    stranger = replace(zhang, user_id=9999)
    results = arrived(play, *presses(play, [zhang, play.cast.zhao, li, stranger, sun, zhou], meeting))
    assert told(results) == ["PRESENT", "NoSuchMeeting", "AlreadyCheckedIn", "NotBound", "PRESENT", "PRESENT"]
    assert isinstance(results[1], NoSuchMeeting)
    assert isinstance(results[3], NotBound)
    assert str(results[2]) == "已于14:50签到"
    assert [who for _, who, _ in events(play, meeting)[1:]] == [li.id, zhang.id, sun.id, zhou.id]


def test_somebody_who_presses_twice_in_one_moment_signs_in_once(play: Play) -> None:
    meeting, (zhang, sun, zhou, _) = opened(play), crowd(play)
    results = arrived(play, *presses(play, [zhang, sun, zhang, zhou], meeting))
    assert told(results) == ["PRESENT", "PRESENT", "AlreadyCheckedIn", "PRESENT"]
    assert [number for _, _, number in events(play, meeting)[1:]] == [2, 4, 1]


def test_who_comes_from_leave_takes_it_back_in_a_crowd_too(play: Play) -> None:
    meeting, (zhang, sun, zhou, _) = play.meeting(LINE), crowd(play)
    play.work()
    play.leave(meeting, zhang)
    play.until("2026-03-06 14:50")
    assert told(arrived(play, *presses(play, [sun, zhang, zhou], meeting))) == ["PRESENT"] * 3
    assert [what for what, who, _ in events(play, meeting) if who == zhang.id][1:] == [
        "CHECKED_IN EXPECTED→PRESENT",
        f"LEAVE_WITHDRAWN {LeaveState.ASKED.name}→{LeaveState.WITHDRAWN.name}",
    ]


def test_the_first_of_a_crowd_opens_the_meeting_whose_time_has_come(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 14:00")
    assert told(arrived(play, *presses(play, crowd(play), meeting))) == [NotYetOpen.__name__] * 4
    play.now = at("2026-03-06 14:46")
    assert told(arrived(play, *presses(play, crowd(play), meeting))) == ["PRESENT"] * 4
    assert [what.split()[0] for what, _, _ in events(play, meeting)] == ["FROZEN", *["CHECKED_IN"] * 4]


def test_sign_ins_at_two_meetings_lengthen_each_its_own_chain(play: Play) -> None:
    first, second = play.meeting(LINE), play.meeting(SECOND)
    play.until("2026-03-06 14:55")
    zhang, sun, zhou, li = crowd(play)
    mixed = [press(play, who, meeting) for who, meeting in ((zhang, first), (sun, second), (zhou, first), (li, second))]
    assert told(arrived(play, *mixed)) == ["PRESENT"] * 4
    assert [who for _, who, _ in events(play, first)[1:]] == [zhang.id, zhou.id]
    assert [who for _, who, _ in events(play, second)[1:]] == [sun.id, li.id]


def test_a_crowd_that_comes_late_is_late_and_reminded_no_more(play: Play) -> None:
    meeting, (zhang, sun, *_) = opened(play), crowd(play)
    keys = [f"meeting:{meeting.id}:v{meeting.version}:{RungName.R5.name}:1:m{who.id}" for who in (zhang, sun)]
    play.now = at("2026-03-06 15:20")
    play.run_only_jobs()
    assert states(play, keys) == ["pending", "pending"]
    assert told(arrived(play, *presses(play, [zhang, sun], meeting))) == ["LATE", "LATE"]
    assert states(play, keys) == ["cancelled", "cancelled"]
    play.until("2026-03-06 16:30")
    assert told(arrived(play, *presses(play, crowd(play)[2:], meeting))) == [SelfSignInOver.__name__] * 2


def states(play: Play, keys: Sequence[str]) -> list[str]:
    query = select(OutboxRow.state).where(OutboxRow.key.in_(keys)).order_by(OutboxRow.id)
    return play.database.look(lambda session: list(session.scalars(query)))


def test_a_tap_that_waited_out_our_downtime_counts_from_before_it_in_a_crowd_too(play: Play) -> None:
    meeting, (zhang, sun, *_) = opened(play), crowd(play)
    play.now = at("2026-03-06 15:20")
    outage = Outage(from_at=at("2026-03-06 14:55"), to_at=play.now)
    play.database.run(lambda session: session.add(outage))
    waited, fresh = presses(play, [zhang, sun], meeting)
    results = arrived(play, replace(waited, sender=replace(waited.sender, is_late=True)), fresh)
    assert [(one[0].status.name, one[0].is_time_unsure) for one in results if not isinstance(one, UserError)] == [
        ("LATE", True),
        ("LATE", False),
    ]


def test_a_press_shows_that_a_card_is_there_in_a_crowd_too(play: Play) -> None:
    meeting = opened(play)
    unknown = update(Card).where(Card.meeting_id == meeting.id).values(message_id=None)
    play.database.run(lambda session: session.execute(unknown))
    assert told(arrived(play, *presses(play, crowd(play), meeting))) == ["PRESENT"] * 4
    shown = select(Card.message_id).where(Card.meeting_id == meeting.id, Card.chat_id == GROUP_CHAT)
    assert play.database.look(lambda session: session.scalar(shown)) == CARD


def test_the_card_of_the_group_follows_a_crowd_once(play: Play) -> None:
    meeting = opened(play)
    arrived(play, *presses(play, crowd(play), meeting))
    play.work()
    [edit] = play.edits(f"card:{meeting.id}:{GROUP_CHAT}")
    assert "实到4" in edit.line


def test_who_presses_in_a_private_list_sees_it_anew_and_on_a_card_nothing(play: Play) -> None:
    meeting, (zhang, sun, *_) = opened(play), crowd(play)
    private = [Arrival(replace(who.sender(play.now), message_id=7), meeting.id) for who in (zhang, sun)]
    card = Card(meeting_id=meeting.id, chat_id=sun.user_id, what=CardKind.PUBLIC, message_id=7)
    play.database.run(lambda session: session.add(card))
    in_list, on_card = arrived(play, *private)
    assert not isinstance(in_list, UserError)
    assert not isinstance(on_card, UserError)
    assert in_list[1] is not None
    assert in_list[1].meeting.id == meeting.id
    assert on_card[1] is None


def test_a_crowd_takes_no_more_statements_than_two(play: Play) -> None:
    people = crowd(play) + [play.make.member(f"党员{number}", play.cast.branch) for number in range(6)]
    meeting = opened(play)
    two = statements(play, presses(play, people[:2], meeting))
    assert len(two) == 9, two  # and one more marks the updates as handled
    assert len(statements(play, presses(play, people[2:], meeting))) == 9


def statements(play: Play, arrivals: Sequence[Arrival]) -> list[str]:
    """What a crowd takes, but for begin and savepoints."""
    seen: list[str] = []
    listen = lambda *args: seen.append(args[2])  # noqa: E731
    event.listen(play.database.engine, "before_cursor_execute", listen)
    arrived(play, *arrivals)
    event.remove(play.database.engine, "before_cursor_execute", listen)
    return [one for one in seen if not one.startswith(("BEGIN", "SAVEPOINT", "RELEASE"))]
