"""A series stopped by mistake goes on, within five minutes and with the meetings that fell out."""

from datetime import timedelta

import pytest

from bot.meetings import series
from bot.meetings.rules import MeetingState
from bot.members.rules import NotAllowed, NotAllowedHere
from bot.undo import TooLate
from tests.meetings.play import Play
from tests.meetings.repeats import begun, days, meetings, refill, show


def test_a_stop_called_back_within_five_minutes_leaves_the_series_as_it_was(play: Play) -> None:
    begun(play)
    play.until("2026-03-02 09:10")
    play.take()
    before = (days(play), show(play).coming)
    undo_id = stopped(play)
    play.now += timedelta(minutes=4, seconds=59)
    with pytest.raises(NotAllowed):
        play.act(play.cast.zhang, series.resume, undo_id)
    with pytest.raises(NotAllowedHere):
        play.act(play.cast.zhao, series.resume, undo_id)
    found = play.act(play.cast.sun, series.resume, undo_id)
    assert (days(play), found.coming) == before
    assert play.rungs(meetings(play)[1])["R1"] == "03-27 09:00 PLANNED"
    assert play.sent() == []
    refill(play)
    assert days(play) == before[0]
    with pytest.raises(TooLate):
        play.act(play.cast.li, series.resume, undo_id)


def test_a_stop_is_final_after_five_minutes_or_once_a_like_series_goes_on(play: Play) -> None:
    begun(play)
    first = stopped(play)
    play.now += timedelta(minutes=5)
    with pytest.raises(TooLate):
        play.act(play.cast.li, series.resume, first)
    begun(play)
    second = play.act(play.cast.li, series.stop, 2).undo
    assert second is not None
    begun(play)
    with pytest.raises(series.SameSeries):
        play.act(play.cast.li, series.resume, second[0])


def test_a_day_given_away_meanwhile_stays_with_the_other_meeting(play: Play) -> None:
    begun(play)
    undo_id = stopped(play)
    other = play.meeting("3月6日15点 主题党日 参观 @展馆")
    play.act(play.cast.li, series.resume, undo_id)
    assert play.facts(other).state is MeetingState.SCHEDULED
    assert days(play) == ["03-06 15:00 CANCELLED", "04-03 15:00 SCHEDULED"]


def stopped(play: Play) -> int:
    """The first series is stopped; the number that calls it back."""
    ended = play.act(play.cast.li, series.stop, 1)
    assert ended.undo is not None
    return ended.undo[0]
