"""A question of a list while its lines come in: which part the next line would go on with, and how lines are joined."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import Enum, auto

from bot.banks.formats import wording
from bot.banks.formats.raw import RawOption, RawQuestion, Text
from bot.banks.formats.web import PICTURE, SHOWN_PICTURE
from bot.banks.formats.wording import Wording, halved
from bot.banks.rules import BLANK_MARK, At, Issue, squeeze
from bot.banks.yamlfile import ALL_LETTERS

LONGEST = 5_000  # characters of one part: more than any question may have in all
_LOST = re.compile("[\ufffc\ufffd]")  # a picture, or bytes that are no character: the question is not whole
_MARKED = re.compile(r"\s*[(（]\s*(?:正确答案|正确选项|答案|√|✓)\s*[)）]\s*$")
_SIGNED = re.compile(r"(?<=[\s。.,，；;])\s*([√×✓✗✔✘])\s*$")
_LETTERED = re.compile(r"[A-L]+\s*[、.:].*;", re.DOTALL)  # B:每季度; as sites show a key
_ENUMERATED = re.compile(r"\d{1,3}(?:[、)]|\.(?!\d))|\(\d{1,3}\)|[①-⑳]")


class Part(Enum):
    STEM = auto()
    OPTION = auto()
    KEY = auto()
    EXPLAIN = auto()
    OTHER = auto()  # a label of one line


@dataclass(slots=True)
class Draft:
    """`number` is None for a stem without one: only options or a key make it a question, so its lines are kept."""

    raw: RawQuestion
    number: int | None = None
    lines: list[Wording] = field(default_factory=list)
    part: Part = Part.STEM
    is_ended: bool = False  # an empty line stood behind it: what comes now does not go on with it
    is_plain: bool = False  # its options have letters without a mark
    is_scored: bool = False  # by a label of its own
    enumerated: int = 0  # the last number of a list inside its stem or explanation
    _judged: tuple[int, bool] = (-1, False)  # length of the stem when its bracket was looked at, and what was found

    @property
    def has_key(self) -> bool:
        return bool(self.raw.answers) or self.has_bracket_key

    @property
    def has_bracket_key(self) -> bool:
        stem = self.raw.stem
        if self._judged[0] != len(stem):
            self._judged = (len(stem), wording.has_bracket_key(stem))
        return self._judged[1]

    @property
    def is_complete(self) -> bool:
        return len(self.raw.options) >= 2 or self.has_key

    @property
    def is_question(self) -> bool:
        return self.number is not None or self.is_complete

    @property
    def waits_for_key(self) -> bool:
        """Its key line was empty: the key stands on the next one."""
        return self.part is Part.KEY and not self.raw.answers

    @property
    def _takes_more_key(self) -> bool:
        """Words that go on; letters and what ends with a mark do not."""
        if self.part is not Part.KEY or not self.raw.answers:
            return False
        half = halved(self.raw.answers[0].text)
        return not wording.is_answer(half) and not _LETTERED.fullmatch(half)

    @property
    def ends_sentence(self) -> bool:
        return self.raw.explain.rstrip().endswith(tuple("。！？.!?”）)"))

    @property
    def written(self) -> int:
        """Characters of the part at hand."""
        raw = self.raw
        texts = {Part.STEM: raw.stem, Part.EXPLAIN: raw.explain}
        above = raw.options[-1].text if self.part is Part.OPTION else raw.answers[0].text if raw.answers else ""
        return len(texts.get(self.part, above))

    def add_option(self, letter: str, text: str, at: At) -> None:
        self.raw.options.append(RawOption(letter, text, at))
        self.part = Part.OPTION

    def add_answer(self, text: str, at: At) -> bool:
        """Whether it could be taken: a second key is fine as long as it says the same."""
        text = wording.without_brackets(wording.without_stop(text))
        if self.raw.answers:
            return squeeze(self.raw.answers[0].text) == squeeze(text)
        self.part = Part.KEY
        if text:
            self.raw.answers = (Text(text, at),)
        return True

    def go_on(self, text: str) -> bool:
        """Join a line to the part above; whether there is one that takes it."""
        raw = self.raw
        if self.written + len(text) > LONGEST:
            return False
        if self.part is Part.STEM:
            self._go_on_with_stem(text)
        elif self.part is Part.OPTION:
            raw.options[-1].text = joined(raw.options[-1].text, text)
        elif self.part is Part.EXPLAIN:
            raw.explain = joined(raw.explain, text)
        elif self._takes_more_key:
            raw.answers = (Text(joined(raw.answers[0].text, text), raw.answers[0].at),)
        else:
            return self.part is Part.KEY and wording.is_points(halved(text))
        return True

    def _go_on_with_stem(self, text: str) -> None:
        """Behind a number that stands alone the type may come first: 【单选题】."""
        raw = self.raw
        kind, score, start = ("", "", 0) if raw.stem else wording.type_in_front(halved(text))
        raw.kind = raw.kind or kind
        raw.score = Text(score, raw.at) if score else raw.score
        raw.stem = joined(raw.stem, text[start:])

    def finish(self, file: str) -> None:
        raw = self.raw
        self._take_marks()
        self._take_reason()
        self._take_sign()
        kind, score, start = wording.type_at_end(halved(raw.stem))
        if start > 0 and kind:
            raw.stem, raw.kind = raw.stem[:start].rstrip(), raw.kind or kind
            raw.score = Text(score, raw.at) if score else raw.score
        for letter, option in zip(ALL_LETTERS, raw.options, strict=False):
            if option.letter != letter:
                raw.issues.append(Issue("E108", file, option.at, {"k": option.letter}))
                break
        for text, at in self._parts():
            if _LOST.search(text):
                shown = text.replace(PICTURE, SHOWN_PICTURE)
                raw.issues.append(Issue("E221" if PICTURE in text else "E216", file, at, {"text": shown}))
                break

    def _take_marks(self) -> None:
        """A.每月（正确答案）: the options say themselves which are right."""
        marked = [option for option in self.raw.options if _MARKED.search(option.text)]
        if not marked:
            return
        is_decoration = len(marked) == len(self.raw.options) and all(one.text.endswith("（✓）") for one in marked)
        for option in self.raw.options:
            option.text, marks = _MARKED.subn("", option.text)
            option.is_right = marks > 0 and not is_decoration

    def _take_reason(self) -> None:
        raw = self.raw
        if len(raw.answers) != 1 or "填空" in (raw.kind or raw.section) or BLANK_MARK.search(raw.stem):
            return
        answer, reason = wording.with_reason(raw.answers[0].text)
        if reason:
            raw.answers = (Text(answer, raw.answers[0].at),)
            raw.explain = joined(reason, raw.explain)

    def _take_sign(self) -> None:
        """A tick or a cross behind the stem, without brackets."""
        raw = self.raw
        found = _SIGNED.search(raw.stem)
        if found and not raw.answers and not raw.options:
            raw.stem, raw.answers = raw.stem[: found.start()].rstrip(), (Text(found[1], raw.at),)

    def _parts(self) -> Iterator[tuple[str, At]]:
        raw = self.raw
        yield raw.stem, raw.at
        yield from ((option.text, option.at) for option in raw.options)
        yield from ((answer.text, answer.at) for answer in raw.answers)
        yield raw.explain, raw.at


def joined(above: str, below: str) -> str:
    """Two lines as one text: words of Latin letters keep a space, an entry of a list its own line."""
    if not above or not below:
        return above + below
    if _ENUMERATED.match(halved(below)):
        return f"{above}\n{below}"
    is_latin = above[-1].isascii() and below[0].isascii() and above[-1].isalnum() and below[0].isalnum()
    return f"{above} {below}" if is_latin else above + below
