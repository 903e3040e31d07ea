"""The machine's clock is set by an hour, forward and back: every reminder once, and none left out."""

from collections import Counter
from datetime import timedelta

from tests.meetings.play import Play

HOUR = timedelta(hours=1)
NAMES = {f"R{number}" for number in range(1, 9)}
MOMENTS = ("2026-03-05 15:30", "2026-03-06 12:30", "2026-03-06 14:20", "2026-03-06 17:00", "2026-03-09 09:00")


def ladder(play: Play) -> Counter[tuple[str, int]]:
    return Counter((letter.key, letter.to) for letter in play.take() if letter.key.startswith("meeting:"))


def test_a_clock_that_jumps_an_hour_ahead_and_back_tells_everybody_once(play: Play) -> None:
    meeting = play.meeting("本周五15点 主题党日 学习二十大精神 @三楼会议室")
    for moment in MOMENTS:
        play.until(moment)
        play.now += HOUR
        play.work()
        play.now -= HOUR
        play.work()
    play.until("2026-03-09 12:00")
    rungs = play.rungs(meeting)
    assert {rungs[name].split()[-1] for name in NAMES} == {"FIRED"}
    told = ladder(play)
    assert {key.split(":")[3] for key, _ in told} >= NAMES
    assert set(told.values()) == {1}


def test_a_clock_that_goes_back_an_hour_right_after_a_reminder_repeats_nothing(play: Play) -> None:
    meeting = play.meeting("本周五15点 主题党日 学习二十大精神 @三楼会议室")
    play.until("2026-03-06 13:00")
    told = ladder(play)
    play.now -= HOUR
    play.work()
    play.until("2026-03-06 13:00")
    assert ladder(play) == Counter()
    play.until("2026-03-06 15:10")
    assert play.rungs(meeting)["R5"] == "03-06 15:10 FIRED"
    assert set(told.values()) == {1}
