"""Whom the reminders of a meeting reached is known for as long as the meeting is, longer than the messages are."""

from datetime import timedelta

from sqlalchemy import select

from bot import outbox, retention, schedule
from bot.attendance import exporting
from bot.meetings.facts import MeetingFacts
from bot.members import reach
from bot.outbox import OutboxRow, State
from bot.retention import KEEP
from tests.attendance.acts import LINE
from tests.make import GROUP_CHAT
from tests.meetings.play import Play


def busy(play: Play) -> MeetingFacts:
    """A theme day of which some heard in the group, some in private, and one not at all."""
    meeting = play.meeting(LINE)
    play.work()
    play.until("2026-03-06 14:58")
    play.check_in(meeting, play.cast.li)
    play.until("2026-03-07 10:00")
    return play.facts(meeting)


def keys(play: Play) -> list[str]:
    """Messages of meetings that are over and done with, as the outbox keeps them."""
    mine = outbox.under("meeting:"), OutboxRow.state != State.PENDING
    return play.database.look(lambda session: list(session.scalars(select(OutboxRow.key).where(*mine))))


def prune(play: Play, after: timedelta) -> None:
    while play.database.run(retention.prune, hooks=schedule.hooks(), now=play.now + after):
        pass


def test_how_far_each_reminder_came_is_told_the_same_after_its_messages_are_gone(play: Play) -> None:
    meeting = busy(play)
    before = play.act(play.cast.li, exporting.one_meeting, meeting.id)
    assert len(before.parts[0].deliveries) > 5
    prune(play, KEEP - timedelta(days=30))
    assert keys(play) != []
    prune(play, KEEP + timedelta(days=1))
    assert keys(play) == []
    assert play.act(play.cast.li, exporting.one_meeting, meeting.id) == before


def test_posts_are_counted_on_when_their_group_becomes_a_supergroup(play: Play) -> None:
    meeting = busy(play)
    before = play.act(play.cast.li, exporting.one_meeting, meeting.id)
    assert [one.is_group for one in before.parts[0].deliveries].count(True) == 4
    play.database.run(reach.chat_migrated, GROUP_CHAT, -1002000000002, now=play.now)
    assert play.act(play.cast.li, exporting.one_meeting, meeting.id) == before
    prune(play, KEEP + timedelta(days=1))
    assert keys(play) == []
    assert play.act(play.cast.li, exporting.one_meeting, meeting.id) == before


def test_a_meeting_that_is_still_to_be_held_keeps_its_messages(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-03 12:00")
    play.move(meeting, "2026-10-09 15:00")
    play.until("2026-03-04 12:00")
    before = keys(play)
    assert before != []
    prune(play, KEEP + timedelta(days=30))
    assert keys(play) == before
