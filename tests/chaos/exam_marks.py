"""What an exam must have come to, reckoned from what Telegram gave to the bot and what it showed: none of it is the
bot's own marking.
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.demo.messages import Message
from bot.demo.updates import Update
from bot.demo.world import World
from bot.members.models import Account
from bot.quiz.models import AnswerEvent, Attempt, AttemptItem
from bot.quiz.rules import AttemptState, Via
from tests.chaos import marking
from tests.chaos.marking import Known

_CARD = re.compile(r"第 (?P<i>\d+)/\d+ 题 · (?P<kind>\S+)（(?P<score>[\d.]+) 分）")
_OPTION = re.compile(r"^([A-L])\. (.+)$", re.MULTILINE)
_JUDGED = {"T": "正确", "F": "错误"}


@dataclass(frozen=True, slots=True)
class Asked:
    """A question as its card showed it to one person."""

    position: int
    known: Known
    options: Mapping[str, str]
    full: int


@dataclass
class _Sheet:
    """What one person has answered, in the letters he saw."""

    picks: dict[int, set[str]] = field(default_factory=dict)
    last: dict[int, str] = field(default_factory=dict)  # of a single choice the last one pressed counts
    presses: int = 0
    is_handed_in: bool = False


def faults(session: Session, world: World, emitted: Iterable[Update]) -> tuple[list[str], int]:
    """What is wrong with the marks, and how many people have handed in."""
    found: list[str] = []
    members = dict(session.execute(select(Account.member_id, Account.telegram_user_id)).all())
    sheets, banks = _sheets(emitted), marking.read_banks()
    attempts = session.scalars(select(Attempt).where(Attempt.round_id.is_(None))).all()
    for attempt in attempts:
        user_id = members[attempt.member_id]
        sheet = sheets.pop(attempt.id, _Sheet())
        if sheet.is_handed_in != (attempt.state is AttemptState.SUBMITTED):
            found.append(f"attempt {attempt.id}: {attempt.state.name}, handed in {sheet.is_handed_in}")
        found += _differing(session, attempt, sheet, _asked(world.chats[user_id].messages.values(), banks))
    found += [f"attempt {attempt_id}: pressed on and not there" for attempt_id in sheets]
    return found, sum(attempt.state is AttemptState.SUBMITTED for attempt in attempts)


def _sheets(emitted: Iterable[Update]) -> dict[int, _Sheet]:
    """By attempt; what was pressed after the paper had been handed in is none of it."""
    sheets: dict[int, _Sheet] = {}
    for verb, args in _presses(emitted):
        sheet = sheets.setdefault(int(args[0], 36), _Sheet()) if verb in ("pick", "unpick", "submit") else _Sheet()
        if sheet.is_handed_in:
            continue
        if verb == "submit":
            sheet.is_handed_in = True
        elif verb in ("pick", "unpick"):
            _note(sheet, verb, int(args[1], 36), args[2])
    return sheets


def _presses(emitted: Iterable[Update]) -> Iterator[tuple[str, list[str]]]:
    for update in emitted:
        if update.kind == "callback_query":
            feature, verb, *args = str(update.body["data"]).split(":")
            if feature == "quiz":
                yield verb, args


def _note(sheet: _Sheet, verb: str, position: int, letter: str) -> None:
    sheet.presses += 1
    chosen = sheet.picks.setdefault(position, set())
    if verb == "unpick":
        chosen.discard(letter)
    else:
        chosen.add(letter)
        sheet.last[position] = letter


def asked_in(text: str, banks: list[Known]) -> Asked | None:
    """The question that a card shows."""
    head = _CARD.match(text)
    if head is None:
        return None
    stem = text.partition("\n")[2].partition("\n\n")[0]
    (known,) = {known for known in banks if known.stem == stem}
    return Asked(int(head["i"]), known, dict(_OPTION.findall(text)), round(float(head["score"]) * 100))


def _asked(messages: Iterable[Message], banks: list[Known]) -> dict[int, Asked]:
    """By position, from every card of an exam that the person was ever shown."""
    asked: dict[int, Asked] = {}
    for message in messages:
        for number, version in enumerate(message.versions):
            is_exam = any((button.data or "").startswith("quiz:card:") for button in message.buttons(number))
            if is_exam and (found := asked_in(version.text, banks)) is not None:
                asked[found.position] = found
    return asked


def _differing(session: Session, attempt: Attempt, sheet: _Sheet, asked: Mapping[int, Asked]) -> Iterator[str]:
    items = session.scalars(select(AttemptItem).where(AttemptItem.attempt_id == attempt.id)).all()
    total = 0
    for item in items:
        points = 0
        if picked := sheet.picks.get(item.position):
            question = asked[item.position]
            last = {sheet.last[item.position]}
            letters = picked if question.known.is_multiple else last
            texts = [question.options.get(letter) or _JUDGED[letter] for letter in letters]
            points = marking.half_if_missing(question.known, texts, question.full)
        total += points
        if sheet.is_handed_in and item.awarded_centi != points:
            yield f"attempt {attempt.id}, {item.position}: {item.awarded_centi}, by hand {points}"
    if sheet.is_handed_in and attempt.score_centi != total:
        yield f"attempt {attempt.id}: {attempt.score_centi}, by hand {total}"
    taken = select(func.count()).where(AnswerEvent.attempt_id == attempt.id, AnswerEvent.via == Via.EXAM)
    kept = session.scalar(taken.where(AnswerEvent.accepted)) or 0
    if kept != sheet.presses:
        yield f"attempt {attempt.id}: {kept} answers kept of {sheet.presses} pressed"
