"""The clock of reminders, and what delivery asks of them. `attendance` stands above: its roll is handed in."""

from collections.abc import Collection, Mapping
from datetime import datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from bot.context import Job
from bot.meetings import cards, dating, downtime, firing, mending, outliving, refilling
from bot.meetings.rules import RollReader
from bot.outbox import Hooks, State


def jobs(roll: RollReader[Session], root_user_ids: Collection[int] = ()) -> tuple[Job, ...]:
    return (
        Job("remind", partial(firing.fire_due, roll=roll), timedelta(seconds=5), firing.next_due),
        Job("mend", partial(mending.mend, roll=roll), timedelta(seconds=60)),
        Job("refill", refilling.refill, timedelta(seconds=60)),
        Job("ask_dates", dating.ask, timedelta(seconds=60), dating.next_due),
        Job("downtime", partial(downtime.tell, root_user_ids=root_user_ids), timedelta(seconds=15)),
    )


def hooks(roll: RollReader[Session]) -> Mapping[str, Hooks]:
    def is_wanted(session: Session, key: str, now: datetime) -> bool:
        return firing.is_wanted(session, key, now, roll)

    def failed(session: Session, key: str, state: State, now: datetime) -> None:
        cards.gone(session, key, state, now, roll)

    def lost(session: Session, key: str, state: State, now: datetime) -> None:
        mending.failed(session, key, state, now, roll)

    return {
        "meeting": Hooks(is_wanted=is_wanted, sent=firing.sent, failed=lost, outlive=outliving.outlive),
        "card": Hooks(render=lambda session, key, now: cards.render(session, key, now, roll), failed=failed),
        "pin": Hooks(render=cards.render_pin),
        "series": Hooks(is_wanted=dating.is_wanted),
    }
