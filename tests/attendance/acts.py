"""What tests of attendance do again and again: a meeting that is over, a correction, a look at list and trail."""

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.attendance import correcting, correction_views, proposals, sheet, trail
from bot.attendance.facts import Corrected, Proposal, Sheet
from bot.attendance.models import Correction
from bot.attendance.rules import CorrectionState
from bot.meetings.facts import MeetingFacts
from bot.members import service as members
from bot.message import strip_tags
from tests.make import Someone
from tests.meetings.play import Play, at, texts
from tests.meetings.scenes import scene

LINE = "本周五15点 主题党日 学习二十大精神 @三楼会议室"
END = at("2026-03-06 17:00")


@scene
def held(play: Play, *present: Someone) -> MeetingFacts:
    """The theme day of 6 March, 15:00 to 17:00, closed by the clock at 17:30."""
    meeting = play.meeting(LINE)
    play.until("2026-03-06 14:50")
    play.check_in(meeting, *present)
    play.until("2026-03-06 18:00")
    play.take()
    return meeting


def correct(
    play: Play, meeting: MeetingFacts, who: Someone, code: str, by: Someone | None = None, reason: str = "手机没电"
) -> Corrected:
    return play.act(by or play.cast.li, correcting.correct, f"{meeting.id}:{who.id}:{code}", reason)


def pending(play: Play) -> int:
    query = select(Correction.id).where(Correction.state == CorrectionState.PROPOSED)
    return int(play.database.look(lambda session: session.execute(query).scalar_one()))


def confirm(play: Play, by: Someone, *, is_agreed: bool = True) -> Proposal:
    return play.act(by, proposals.confirm_correction, pending(play), is_agreed=is_agreed)


def told(play: Play, who: Someone) -> list[str]:
    play.work()
    return texts(play.take(), who.user_id)


def sheet_of(play: Play, meeting: MeetingFacts, by: Someone) -> Sheet:
    def look(session: Session) -> Sheet:
        who = members.actor(session, by.sender(play.now), now=play.now)
        return sheet.read(session, sheet.visible(session, who, meeting.id), who)

    return play.database.look(look)


def trail_of(play: Play, meeting: MeetingFacts, who: Someone) -> list[str]:
    found = play.act(who, trail.own, meeting.id)
    return strip_tags(correction_views.trail(found, now=play.now).text).split("\n")
