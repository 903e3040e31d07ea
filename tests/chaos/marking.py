"""Marks of votes as the group saw the questions, from the bank files alone: none of it is the bot's own marking."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import yaml

from bot.demo.messages import Message
from bot.demo.polls import Poll

BANKS = Path(__file__).parents[2] / "content" / "banks"
SAID_RIGHT = {"对", "正确", "是", "√", "✓", "T", "true", "yes"}
_LETTERED = re.compile(r"^([A-L])\. (.+)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Known:
    """A question of the files: the texts of its right options, or 正确 / 错误."""

    stem: str
    right: frozenset[str]
    is_multiple: bool


def read_banks(folder: Path = BANKS) -> list[Known]:
    banks = [yaml.load(file.read_text(encoding="utf-8"), yaml.BaseLoader) for file in sorted(folder.glob("*.yaml"))]
    questions = [question for bank in banks for question in bank["questions"]]
    return [_known(question) for question in questions if question["type"] in {"single", "multiple", "true_false"}]


def _known(question: dict[str, object]) -> Known:
    answer, options = question["answer"], question.get("options")
    if options is None:
        return Known(str(question["stem"]), frozenset({"正确" if answer in SAID_RIGHT else "错误"}), is_multiple=False)
    assert isinstance(options, dict | list)
    by_letter = options if isinstance(options, dict) else dict(zip("ABCDEFGHIJKL", options, strict=False))
    letters = re.findall("[A-L]", " ".join(answer) if isinstance(answer, list) else str(answer))
    right = frozenset(str(by_letter[letter]) for letter in letters)
    return Known(str(question["stem"]), right, question["type"] == "multiple")


def half_if_missing(known: Known, picked: Iterable[str], full: int) -> int:
    """漏选得一半，错选不得分: the rule that every shipped bank leaves at its default."""
    chosen = frozenset(picked)
    if chosen == known.right:
        return full
    is_part = known.is_multiple and bool(chosen) and chosen < known.right
    return (full + 1) // 2 if is_part else 0


def picked(poll: Poll, chosen: Sequence[int], before: Message | None) -> frozenset[str]:
    """The texts of the options behind what was ticked; a poll of bare letters has them in its description, or the
    message before it has."""
    shown = [option.text for option in poll.options]
    lines = dict(_LETTERED.findall("\n".join([*shown, poll.description, before.text if before else ""])))
    return frozenset(lines.get(shown[place][:1], shown[place]) for place in chosen)


def known_of(poll: Poll, before: Message | None, banks: Iterable[Known]) -> Known:
    """The question that a poll asks."""
    text = "\n".join([poll.question, poll.description, before.text if before else ""])
    found = [known for known in banks if known.stem in text]
    assert len(found) == 1, text
    return found[0]
