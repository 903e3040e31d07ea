"""Fills a database for one figure: people, open meetings, a live question, reminders about to be due.

python -m tests.bench.scene taps sqlite:///x.db --people 1000 --meetings 3      prints what to press, as JSON
python -m tests.bench.scene kept sqlite:///x.db                                 prints what was kept
"""

import argparse
import json
import logging
import sys
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot import claims, logs, outbox
from bot.app import prepare
from bot.attendance import closing
from bot.attendance.models import Attendance, AttendanceEvent
from bot.attendance.rules import CAME, Action
from bot.attendance.service import roll
from bot.banks import revisions
from bot.banks.rules import Origin
from bot.banks.scopes import Scope
from bot.clock import SystemClock, monotonic
from bot.config import Config
from bot.db import Database
from bot.inbox import InboxRow
from bot.meetings import firing, publishing
from bot.meetings.facts import Step
from bot.meetings.jobs import hooks
from bot.meetings.models import Draft, Rung
from bot.meetings.rules import DraftOf, MeetingKind, RungName, RungState
from bot.members.rules import Role, UnitRef
from bot.message import Message, press
from bot.outbox import Lane, OutboxRow, Sent, State
from bot.quiz.models import AnswerEvent, AttemptItem, Round, RoundItem
from tests.bench import exam_scene
from tests.bench.crowd import FIRST, WARM, Facts, move_in
from tests.make import GROUP_CHAT, Make, Someone
from tests.quiz.banks import BASICS
from tests.quiz.play import Play

STARTS_IN = timedelta(minutes=5)  # an open meeting; sign-in opens 15 minutes before
LEAD = timedelta(seconds=6)  # the bot is up before the first reminder is due
BRANCH_OF = 50  # people of a branch that is reminded
LONG = timedelta(hours=6)  # until then the question stays open, whatever the round would do


def taps(database: Database, people: int, meetings: int, now: datetime) -> Facts:
    """A branch of `people`, a group with the cards of `meetings` meetings, all open for sign-in."""
    make = Make(database)
    cast = make.cast()
    make.chat(cast.branch)
    database.run(move_in, range(FIRST, FIRST + people + WARM), cast.branch)
    found = []
    for number in range(meetings):
        starts_at = now + STARTS_IN + timedelta(minutes=number)
        found.append(database.run(_publish, cast.li, cast.branch, starts_at, now=now))
    _work(database, now)
    database.run(_quiet)
    return {"presses": [press("attendance", "in", found_id) for found_id in found], "chat": GROUP_CHAT, "first": FIRST}


def votes(database: Database, people: int, _: int, now: datetime) -> Facts:
    """A branch of `people` with a question open in its group."""
    make = Make(database)
    cast = make.cast()
    make.chat(cast.branch)
    database.run(move_in, range(FIRST, FIRST + people + WARM), cast.branch)
    ready = revisions.ready(BASICS, BASICS.slug.encode())
    database.run(revisions.write, ready, Scope(), Origin.CLI, base_id=None, by=None, now=now)
    play = Play(database, cast, now)
    play.start(3)
    play.begin()
    database.run(_hold_open, now + LONG)
    database.run(_quiet)
    return {"poll": play.poll.poll_id, "right": play.right[0], "first": FIRST}


def letters(database: Database, people: int, _: int, now: datetime) -> Facts:
    """As many messages ready to go, one to each of `people`, and somebody who asks meanwhile."""
    make = Make(database)
    cast = make.cast()
    database.run(move_in, range(FIRST, FIRST + WARM), cast.branch)
    begin = FIRST + WARM
    database.run(_write, range(begin, begin + people), now=now)
    return {"first": begin, "asking": FIRST}


def reminders(database: Database, people: int, seconds: int, now: datetime) -> Facts:
    """Branches of fifty, each with a meeting nobody has answered; all are asked again within so many `seconds`."""
    make = Make(database)
    company = make.company(district=make.district())
    chief = make.member("王五", make.branch("机关支部", company))
    crowds: dict[int, range] = {}
    planned_in = 0.0
    for number in range(-(-people // BRANCH_OF)):
        branch = make.branch(f"第{number + 1}支部", company)
        make.chat(branch, GROUP_CHAT - number)
        make.grant(chief, Role.SECRETARY, branch)
        crowd = range(FIRST + number * BRANCH_OF, FIRST + min(people, (number + 1) * BRANCH_OF))
        database.run(move_in, crowd, branch)
        before = monotonic()
        crowds[database.run(_publish, chief, branch, now + timedelta(hours=5), now=now)] = crowd
        planned_in += monotonic() - before
    _work(database, now)
    database.run(_quiet)
    begin = SystemClock().now() + LEAD
    due = {id_: begin + timedelta(seconds=seconds * n / len(crowds)) for n, id_ in enumerate(crowds)}
    database.run(_remind, due)
    found = [[at.timestamp(), crowds[id_].start, crowds[id_].stop] for id_, at in due.items()]
    return {"due": found, "planned_s": planned_in}


def empty(database: Database, _people: int, _meetings: int, _now: datetime) -> Facts:
    """Nobody and nothing."""
    return {}


def kept(session: Session) -> Facts:
    """What a run has left: everything taken in must have acted once."""
    came = select(func.count()).select_from(Attendance).where(Attendance.status.in_(CAME))
    signed = select(func.count()).select_from(AttendanceEvent).where(AttendanceEvent.action == Action.CHECKED_IN)
    return {
        "came": session.scalar(came),
        "signed": session.scalar(signed),
        "votes": session.scalar(select(func.count()).select_from(AnswerEvent).where(AnswerEvent.accepted)),
        "marked": session.scalar(select(func.count()).select_from(AttemptItem)),
        "sent": session.scalar(select(func.count()).select_from(OutboxRow).where(OutboxRow.state == State.SENT)),
        "stored": session.scalar(select(func.count()).select_from(InboxRow)),
        "unhandled": session.scalar(select(func.count()).where(InboxRow.handled_at.is_(None))),
    }


def _remind(session: Session, due: Mapping[int, datetime]) -> None:
    for meeting_id, at in due.items():
        mine = update(Rung).where(Rung.meeting_id == meeting_id, Rung.rung == RungName.R2)
        session.execute(mine.values(due_at=at, valid_until=at + LONG, state=RungState.PLANNED))


def _publish(session: Session, by: Someone, unit: UnitRef, starts_at: datetime, *, now: datetime) -> int:
    title = f"会议 {starts_at:%H:%M}"
    body = {"kind": MeetingKind.MEMBER_ASSEMBLY.name, "title": title, "place": "三楼会议室", "minutes": 90}
    draft = Draft(
        actor_id=by.id,
        unit_id=unit.id,
        what=DraftOf.MEETING,
        body={**body, "starts_at": starts_at.isoformat()},
        step=Step.PREVIEW.name,
        expires_at=now + timedelta(hours=1),
    )
    session.add(draft)
    session.flush()
    return publishing.confirm(session, by.sender(now), draft.id, now=now).meeting.id


def _work(database: Database, now: datetime) -> None:
    """Notices go out and meetings open, as jobs and delivery would do it."""
    every = hooks(roll)
    while database.run(firing.fire_due, roll=roll, now=now) or database.run(closing.advance, now=now):
        pass
    messages = 100
    while waiting := database.look(claims.look, now=now, most=500).waiting:
        for row in waiting:
            messages += 1
            if (claimed := database.run(claims.claim, row.id, every, now=now)) is not None:
                arrived = Sent(claimed.chat_id, messages, None, now)
                database.run(claims.mark_sent, claimed, arrived, every)


def _quiet(session: Session) -> None:
    """Nothing but what is measured happens by itself."""
    planned = update(Rung).where(Rung.state == RungState.PLANNED)
    session.execute(planned.values(state=RungState.CANCELLED))
    pending = update(OutboxRow).where(OutboxRow.state == State.PENDING)
    session.execute(pending.values(state=State.EXPIRED))


def _hold_open(session: Session, until: datetime) -> None:
    session.execute(update(RoundItem).values(closes_at=until))
    session.execute(update(Round).values(next_step_at=until))


def _write(session: Session, to: range, *, now: datetime) -> None:
    content = Message("提醒：今天 15:00 召开支部党员大会，请准时参加。")
    for chat_id in to:
        outbox.enqueue(session, f"bench:{chat_id}", chat_id=chat_id, content=content, lane=Lane.NOTICE, now=now)


SCENES: Mapping[str, Callable[[Database, int, int, datetime], Facts]] = {
    "taps": taps,
    "votes": votes,
    "letters": letters,
    "reminders": reminders,
    "exam": exam_scene.exam,
    "empty": empty,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*SCENES, "kept"])
    parser.add_argument("url")
    parser.add_argument("--people", type=int, default=0)
    parser.add_argument("--meetings", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=0)
    given = parser.parse_args()
    logs.set_up(level=logging.ERROR)
    database, now = Database(given.url), SystemClock().now()
    try:
        sys.stdout.write(json.dumps(_told(given, database, now)) + "\n")
    finally:
        database.close()


def _told(given: argparse.Namespace, database: Database, now: datetime) -> Facts:
    if given.what == "kept":
        return database.look(kept)
    prepare(Config(), database, now=now)
    database.run(_quiet)
    return SCENES[given.what](database, given.people, given.seconds or given.meetings, now)


if __name__ == "__main__":
    main()
