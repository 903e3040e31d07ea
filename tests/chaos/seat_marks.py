"""Answers of private seats in live rounds, reckoned from the presses and the cards that were shown."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from bot.demo.updates import Update
from bot.message import base36
from tests.chaos import exam_marks, marking
from tests.chaos.town import Town

Place = tuple[int, int, int]  # a person, a round, a question
RECORDED = "已记录"
_PLACES = "ABCDEFGHIJKL"
_JUDGED = ("正确", "错误")


@dataclass
class _Given:
    """Answers that somebody sent to one question: which options, and whether he was told that it is recorded."""

    ticked: set[int] = field(default_factory=set)
    sent: list[tuple[frozenset[int], bool]] = field(default_factory=list)


def faults(town: Town, emitted: Iterable[Update], found: Mapping[Place, int | None]) -> Iterator[str]:
    """What was recorded is the answer; what was not taken came too late, and nobody was told that it is recorded."""
    banks = marking.read_banks()
    given = _given(town, emitted)
    for place in given.keys() | {place for place in found if place[0] in town.seated}:
        sent = given[place].sent
        marks = [_marks(town, place, options, banks) for options, _ in sent]
        recorded = [mark for mark, (_, is_recorded) in zip(marks, sent, strict=True) if is_recorded]
        mark = found.get(place)
        if recorded and mark != recorded[0]:
            yield f"seat {place}: {mark}, recorded {recorded[0]}"
        elif mark is not None and mark not in marks:
            yield f"seat {place}: {mark}, by hand one of {marks}"


def _given(town: Town, emitted: Iterable[Update]) -> defaultdict[Place, _Given]:
    given: defaultdict[Place, _Given] = defaultdict(_Given)
    for update in emitted:
        if update.kind != "callback_query":
            continue
        feature, verb, *args = str(update.body["data"]).split(":")
        if feature != "quiz" or verb not in ("say", "tick", "untick", "sure"):
            continue
        press = town.world.presses[str(update.body["id"])]
        one = given[press.person_id, int(args[0], 36), int(args[1], 36)]
        _note(one, verb, [int(arg, 36) for arg in args[2:]], is_recorded=(press.toast or "").startswith(RECORDED))
    return given


def _note(one: _Given, verb: str, places: list[int], *, is_recorded: bool) -> None:
    if verb == "tick":
        one.ticked.update(places)
    elif verb == "untick":
        one.ticked.difference_update(places)
    elif (chosen := frozenset(places if verb == "say" else one.ticked)) or is_recorded:
        one.sent.append((chosen, is_recorded))


def _marks(town: Town, place: Place, options: frozenset[int], banks: list[marking.Known]) -> int:
    user_id, round_id, position = place
    about = [base36(round_id), base36(position)]
    for message in town.world.chats[user_id].messages.values():
        for number, version in enumerate(message.versions):
            parts = [(button.data or "").split(":") for button in message.buttons(number)]
            if any(part[1:2] in (["say"], ["sure"]) and part[2:4] == about for part in parts):
                asked = exam_marks.asked_in(version.text, banks)
                assert asked is not None
                texts = [asked.options.get(_PLACES[n]) or _JUDGED[n] for n in options]
                return marking.half_if_missing(asked.known, texts, asked.full)
    raise LookupError(f"no card for {place}")
