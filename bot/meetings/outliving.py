"""What is known of a meeting's messages after the messages are gone: whom they reached."""

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.meetings.facts import LIVE
from bot.meetings.models import Meeting, Nudge, Rung
from bot.meetings.rules import RungName
from bot.outbox import ARRIVED, Old


@dataclass(frozen=True, slots=True)
class _Post:
    """A rung that posted into groups, as the key of a message tells."""

    meeting_id: int
    version: int
    rung: RungName
    round: int


def outlive(session: Session, rows: Sequence[Old]) -> Collection[int]:
    """Note of each message of a reminder whether it arrived. Meetings that are still to be held keep theirs."""
    meeting_ids = {int(row.key.split(":")[1]) for row in rows}
    live = set(session.scalars(select(Meeting.id).where(Meeting.id.in_(meeting_ids), Meeting.state.in_(LIVE))))
    needed = {row.id for row in rows if int(row.key.split(":")[1]) in live}
    going = [row for row in rows if row.id not in needed]
    for state in {row.state for row in going}:
        ids = [row.id for row in going if row.state is state]
        session.execute(update(Nudge).where(Nudge.outbox_id.in_(ids)).values(old_state=state))
    _count_posts(session, going)
    return needed


def _count_posts(session: Session, rows: Sequence[Old]) -> None:
    sent, arrived = Counter[_Post](), Counter[_Post]()
    for post, row in _posts(rows):
        sent[post] += 1
        arrived[post] += row.state in ARRIVED
    for post, number in sent.items():
        rung = (Rung.meeting_id == post.meeting_id, Rung.version == post.version)
        values = {"old_posts": Rung.old_posts + number, "old_arrived": Rung.old_arrived + arrived[post]}
        statement = update(Rung).where(*rung, Rung.rung == post.rung, Rung.round == post.round).values(**values)
        session.execute(statement.execution_options(synchronize_session=False))


def _posts(rows: Sequence[Old]) -> Iterator[tuple[_Post, Old]]:
    """Those into groups: `meeting:{id}:v{version}:{rung}:{round}:c{chat}`; notices of change have an `n`."""
    for row in rows:
        _, meeting_id, version, rung, round_, recipient = row.key.split(":")
        if version.startswith("v") and rung in RungName.__members__ and recipient.startswith("c-"):
            yield _Post(int(meeting_id), int(version[1:]), RungName[rung], int(round_)), row
