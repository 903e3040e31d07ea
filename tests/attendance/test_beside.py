"""What stands beside the figures of a meeting: 补课 of who was away, and guests."""

from datetime import date

import pytest
from sqlalchemy import select

from bot.attendance import chain, correcting, correction_views, guest_views, guests, make_ups, sheet_views
from bot.attendance.models import Guest, MakeUp
from bot.attendance.phrases import BadDay, BadGuests
from bot.attendance.rules import BadMakeUpDay, GuestKind, MakeUpHow, OnlyForAway
from bot.meetings.facts import MeetingFacts
from bot.meetings.service import NoSuchMeeting
from bot.members.rules import NotAllowed
from bot.message import strip_tags
from tests.attendance.acts import LINE, correct, held, sheet_of, told
from tests.meetings.play import Play

# -- 补课 --------------------------------------------------------------------------------------------------------


def test_a_make_up_never_changes_who_was_present(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.until("2026-03-12 10:00")
    play.take()
    before = play.roll(meeting)
    play.act(cast.li, make_ups.make_up, meeting.id, cast.zhang.id, MakeUpHow.LECTURE, date(2026, 3, 10))
    play.act(cast.li, make_ups.add_note, play.standing(meeting, cast.zhang).id, "补听第三讲")
    assert play.roll(meeting) == before
    assert told(play, cast.zhang) == ["李四登记了您3月6日主题党日的补课：补听党课，3月10日。如有异议请联系书记。"]
    found = play.act(cast.li, correcting.show, meeting.id, cast.zhang.id)
    assert "补课：补听党课，3月10日，补听第三讲" in correction_views.record(found, now=play.now).text
    assert "缺席5：张三（已补课）" in strip_tags(sheet_views.sheet(sheet_of(play, meeting, cast.li), now=play.now).text)


def test_a_make_up_may_be_told_by_its_day(play: Play) -> None:
    cast, meeting = play.cast, held(play)
    play.until("2026-03-20 10:00")
    ref = f"{meeting.id}:{cast.zhang.id}:TALK"
    _, made = play.act(cast.li, make_ups.day_told, ref, "3月10日")
    assert made.done_on == date(2026, 3, 10)
    for word, day in (("昨天", 19), ("前天", 18), ("大前天", 17), ("今天", 20), ("昨日", 19)):
        assert play.act(cast.li, make_ups.day_told, ref, word)[1].done_on == date(2026, 3, day)
    with pytest.raises(BadDay):
        play.act(cast.li, make_ups.day_told, ref, "上个月")
    for day in ("3月5日", "2026-03-21"):
        with pytest.raises(BadMakeUpDay):
            play.act(cast.li, make_ups.day_told, ref, day)


def test_who_was_there_has_nothing_to_make_up(play: Play) -> None:
    cast = play.cast
    meeting = held(play, cast.zhang)
    with pytest.raises(OnlyForAway, match="只有请假或缺席的人可以登记补课。"):
        play.act(cast.li, make_ups.make_up, meeting.id, cast.zhang.id, MakeUpHow.TALK, date(2026, 3, 6))
    play.act(cast.li, make_ups.make_up, meeting.id, cast.sun.id, MakeUpHow.TALK, date(2026, 3, 6))
    correct(play, meeting, cast.sun, "p")  # … and who turns out to have been there, neither
    assert play.database.look(lambda session: session.scalars(select(MakeUp.id)).all()) == []


def test_nothing_is_made_up_before_the_close(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 15:00")
    with pytest.raises(make_ups.NotYetOver):
        play.act(play.cast.li, make_ups.offer, meeting.id, play.cast.zhang.id)


# -- guests -----------------------------------------------------------------------------------------------------------


def bring(play: Play, meeting: MeetingFacts, kind: GuestKind, text: str) -> None:
    play.act(play.cast.li, guests.add, f"{meeting.id}:{kind.name}", text)


def test_guests_have_names_or_are_a_number_and_stand_apart(play: Play) -> None:
    cast, meeting = play.cast, play.meeting(LINE)
    play.until("2026-03-06 15:00")
    bring(play, meeting, GuestKind.OBSERVER, "李明、王红，李明")
    bring(play, meeting, GuestKind.PUBLIC, "20人")
    bring(play, meeting, GuestKind.PUBLIC, "３２")  # counted anew
    roll = play.roll(meeting)
    assert (roll.guests, roll.expected, roll.present) == (34, 5, ())
    found = play.act(cast.li, guests.offer, meeting.id)
    assert strip_tags(guest_views.guests(found).text).split("\n")[1:3] == ["列席2人：李明、王红", "群众32人"]
    play.act(cast.li, guests.remove, found.guests[0].id)
    assert play.roll(meeting).guests == 33
    for who, one in ((cast.li, found.guests[0].id), (cast.zhao, found.guests[1].id)):
        with pytest.raises(NoSuchMeeting):
            play.act(who, guests.remove, one)
    assert play.database.look(chain.is_intact, meeting.id)


def test_a_guest_named_with_signs_stands_as_written(play: Play) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 15:00")
    bring(play, meeting, GuestKind.OBSERVER, "李明、<b>红</b>")
    found = play.act(play.cast.li, guests.offer, meeting.id)
    assert "列席2人：李明、&lt;b&gt;红&lt;/b&gt;\n" in guest_views.guests(found).text


@pytest.mark.parametrize("text", ["", "0", "12345", "、", "李明3", "三十多人", "约30人左右", "名" * 41])
def test_what_is_no_guest_is_asked_for_again(play: Play, text: str) -> None:
    meeting = play.meeting(LINE)
    play.until("2026-03-06 15:00")
    with pytest.raises(BadGuests):
        bring(play, meeting, GuestKind.OBSERVER, text)


def test_guests_are_noted_from_sign_in_to_seven_days_after(play: Play) -> None:
    meeting = play.meeting(LINE)
    with pytest.raises(guests.NoGuestsNow):
        bring(play, meeting, GuestKind.OBSERVER, "李明")
    play.until("2026-03-13 16:00")
    bring(play, meeting, GuestKind.OBSERVER, "李明")
    with pytest.raises(NotAllowed):
        play.act(play.cast.zhang, guests.offer, meeting.id)
    play.until("2026-03-13 18:00")
    with pytest.raises(guests.NoGuestsNow):
        bring(play, meeting, GuestKind.OBSERVER, "王红")
    assert play.database.look(lambda session: session.scalars(select(Guest.name)).all()) == ["李明"]
