"""The stage of conversation tests: one Telegram server for all of them, and what each play is judged by."""

import io
import json
from collections.abc import Iterator

from bot.demo.stage import Stage
from bot.demo.verdict import faults

EXPECTED_ERRORS = {"update_failed", "row_refused"}


class Log(io.StringIO):
    """What the bot logged during one play, as JSON lines."""

    def records(self) -> Iterator[dict[str, object]]:
        for line in self.getvalue().splitlines():
            yield json.loads(line)


def judge(stage: Stage, log: Log) -> list[str]:
    """Everything that is wrong with a play that has ended."""
    strangers = [] if stage.involves_strangers else [stage.actor("赵六").id]
    found = faults(stage.world, expected=stage.refusals_expected, strangers=strangers)
    errors = [record for record in log.records() if record["level"] in ("error", "critical")]
    incidents = [record for record in errors if record["event"] in EXPECTED_ERRORS]
    if len(incidents) != stage.incidents_expected:
        found.append(f"{len(incidents)} incidents, expected {stage.incidents_expected}: {incidents}")
    found += [f"logged as an error: {record}" for record in errors if record not in incidents]
    return found + list(_secrets(stage, log.getvalue()))


def _secrets(stage: Stage, text: str) -> Iterator[str]:
    if stage.world.token in text or stage.world.token.partition(":")[2] in text:
        yield "the token is in the log"
    for person in stage.world.persons.values():
        if not person.is_bot and len(person.name) > 1 and person.name in text and person.name != "Telegram":
            yield f"a name is in the log: {person.name}"
