"""GIFT, the text format of Moodle: blocks parted by empty lines, the answers in braces."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from bot.banks.formats import decode, web
from bot.banks.formats.drafting import LONGEST
from bot.banks.formats.raw import RawFile, RawOption, RawQuestion, Text
from bot.banks.formats.web import PICTURE, SHOWN_PICTURE
from bot.banks.rules import WHOLE, Issue, Line, Rule

BLANK_LINE = "____"
_ESCAPE = re.compile(r"\\([~=#{}:n\\])")
_SHIELD = 0xF0000  # escaped signs wait there, out of the way of the others
_SHIELDED = re.compile(f"[{chr(_SHIELD)}-{chr(_SHIELD + 0x7F)}]")
_CATEGORY = re.compile(r"\$CATEGORY:\s*(.*)")
_MARKER = re.compile(r"\[(id|tag):\s*([^\]]+)\]")
_TITLE = re.compile(r"::(.*?)::\s*", re.DOTALL)
_MARKUP = re.compile(r"\[(html|markdown|plain|moodle)\]\s*", re.IGNORECASE)
_ANSWERS = re.compile(r"\{([^{}]*)\}")
_JUDGEMENT = re.compile(r"(T|TRUE|F|FALSE)\s*(?:#(.*))?", re.IGNORECASE | re.DOTALL)
_ITEM = re.compile(r"([=~])\s*(?:%(-?\d{1,3}(?:\.\d{1,5})?)%)?([^=~#]*)(?:#([^=~]*))?")
_WIDE = re.compile("[｛｝]")
_ROOTS = frozenset({"$course$", "$system$", "$module$", "$cat1$", "top", ""})
_FULL = 100.0


@dataclass(slots=True)
class _Block:
    """The lines of one question, with what the comments in front of it say."""

    lines: list[tuple[int, str]] = field(default_factory=list)
    category: str = ""
    code: str = ""
    tags: list[str] = field(default_factory=list)

    @property
    def at(self) -> Line:
        return Line(self.lines[0][0])

    @property
    def text(self) -> str:
        return "\n".join(line for _, line in self.lines)

    def at_offset(self, offset: int) -> Line:
        return Line(self.lines[self.text.count("\n", 0, offset)][0])


@dataclass(frozen=True, slots=True)
class _Item:
    text: str
    is_right: bool
    weight: float
    is_weighted: bool
    feedback: str
    at: Line

    @property
    def is_full(self) -> bool:
        return self.weight == _FULL


def read(data: bytes, file: str) -> RawFile:
    decoded = decode(data)
    if decoded is None:
        return RawFile(file, issues=[Issue("E219", file, WHOLE)])
    found = RawFile(file)
    if decoded.is_guessed:
        found.issues.append(Issue("W214", file, Line(1), {"enc": decoded.encoding}))
    for block in _blocks(decoded.text):
        for one in _apart(block):
            _Reader(found, one).read()
    return found


def _blocks(text: str) -> Iterator[_Block]:
    """Blocks of lines; comments belong to the next one, a category to all that follow."""
    block = _Block()
    category = ""
    for number, line in enumerate([*text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), ""], start=1):
        words = line.strip()
        if words.startswith("//"):
            _note(block, words)
            continue
        found = _CATEGORY.match(words)
        if (not words or found) and block.lines:
            block.category = category
            yield block
            block = _Block()
        if found:
            named = [part for part in found[1].split("/") if part.strip().casefold() not in _ROOTS]
            category = named[-1].strip() if named else ""
        elif words:
            block.lines.append((number, _ESCAPE.sub(_shield, words)))


def _note(block: _Block, comment: str) -> None:
    for name, value in _MARKER.findall(comment):
        if name == "id":
            block.code = value.strip()
        else:
            block.tags.append(value.strip())


def _shield(found: re.Match[str]) -> str:
    return chr(_SHIELD + ord("\n" if found[1] == "n" else found[1]))


def _shown(text: str) -> str:
    return _SHIELDED.sub(lambda found: chr(ord(found[0]) - _SHIELD), text).strip()


def _apart(block: _Block) -> list[_Block]:
    """Questions that no empty line parts, where each ends its last line with its braces."""
    parts = [_Block(category=block.category, code=block.code, tags=block.tags)]
    for number, line in block.lines:
        parts[-1].lines.append((number, line))
        if line.endswith("}"):
            parts.append(_Block(category=block.category, tags=block.tags))
    parts = [part for part in parts if part.lines]
    return parts if all(len(_ANSWERS.findall(part.text)) == 1 for part in parts) else [block]


class _Reader:
    def __init__(self, found: RawFile, block: _Block) -> None:
        self._found, self._block = found, block

    def read(self) -> None:
        text = self._block.text
        answers = list(_ANSWERS.finditer(text))
        left = _ANSWERS.sub("", text)
        if len(text) > LONGEST or len(answers) > 1 or "{" in left or "}" in left:
            self._lose("E216", text=self._all())
        elif not answers:
            is_wide = _WIDE.search(text) is not None
            self._lose("E216", text=self._all()) if is_wide else self._lose("E210", t="说明文字")
        else:
            self._read_answers(answers[0])

    def _all(self) -> str:
        return _shown(self._block.text)[:LONGEST].replace(PICTURE, SHOWN_PICTURE)

    def _lose(self, code: str, **params: str) -> None:
        self._found.issues.append(Issue(code, self._found.file, self._block.at, params))

    def _read_answers(self, braces: re.Match[str]) -> None:
        inside, _, explain = braces[1].partition("####")
        raw = self._raw(braces, explain)
        words = inside.strip()
        if not words:
            self._lose("E210", t="问答题")
        elif words.startswith("#"):
            self._lose("E210", t="数值题")
        elif judged := _JUDGEMENT.fullmatch(words):
            raw.kind = "判断"
            raw.answers = (Text(judged[1][0].upper(), self._block.at_offset(braces.start())),)
            raw.explain = _joined(raw.explain, [_shown(part) for part in (judged[2] or "").split("#")])
            self._found.questions.append(raw)
        elif words[0] not in "=~":
            self._lose("E216", text=self._all())
        else:
            self._read_items(raw, self._items(inside, braces.start(1)))

    def _raw(self, braces: re.Match[str], explain: str) -> RawQuestion:
        """The question without its answers; words behind the braces make these a gap in the stem."""
        block = self._block
        before, after = block.text[: braces.start()], block.text[braces.end() :]
        title = _TITLE.match(before)
        before = before[title.end() :] if title else before
        markup = _MARKUP.match(before)
        before = before[markup.end() :] if markup else before
        stem = f"{before}{BLANK_LINE}{after}" if after.strip() else before
        if not stem.strip() and title:
            stem = title[1]
        stem, explain = _shown(stem), _MARKUP.sub("", _shown(explain), count=1)
        if markup and markup[1].lower() == "html":
            stem, explain = web.words(stem), web.words(explain)
        topics = "、".join(filter(None, [block.category, *block.tags]))
        raw = RawQuestion(block.at, stem=stem, explain=explain, topics=topics, code=block.code)
        if PICTURE in stem:
            shown = stem.replace(PICTURE, SHOWN_PICTURE)
            raw.issues.append(Issue("E221", self._found.file, block.at, {"text": shown}))
        return raw

    def _items(self, inside: str, offset: int) -> list[_Item]:
        items = []
        for found in _ITEM.finditer(inside):
            weight = float(found[2]) if found[2] else _FULL if found[1] == "=" else 0.0
            at = self._block.at_offset(offset + found.start())
            feedback = _shown(found[4] or "")
            items.append(_Item(_shown(found[3]), found[1] == "=", weight, bool(found[2]), feedback, at))
        return items

    def _read_items(self, raw: RawQuestion, items: Sequence[_Item]) -> None:
        raw.explain = _joined(raw.explain, [f"{item.text}：{item.feedback}" for item in items if item.feedback])
        if all(item.is_right for item in items):
            if all("->" in item.text for item in items):
                self._lose("E210", t="配对题")
                return
            self._fill_blank(raw, items)
        else:
            self._fill_options(raw, items)
        self._found.questions.append(raw)

    def _fill_blank(self, raw: RawQuestion, items: Sequence[_Item]) -> None:
        full = [item for item in items if item.is_full] or items
        raw.kind, raw.answers = "填空", tuple(Text(item.text, item.at) for item in full)
        if any(not item.is_full for item in items):
            self._hint_weights(raw)

    def _fill_options(self, raw: RawQuestion, items: Sequence[_Item]) -> None:
        right = [item for item in items if item.weight > 0]
        is_multiple = len(right) > 1 and all(item.is_weighted for item in right)
        raw.kind, raw.rule = ("多选", Rule.PROP) if is_multiple else ("单选", None)
        raw.options = [RawOption("", item.text, item.at, item.weight > 0) for item in items]
        raw.answer_at = right[0].at if right else None
        usual = {round(item.weight) for item in right}
        if any(item.weight < 0 for item in items) or (len(usual) > 1 if is_multiple else usual - {round(_FULL)}):
            self._hint_weights(raw)

    def _hint_weights(self, raw: RawQuestion) -> None:
        raw.issues.append(Issue("W218", self._found.file, raw.at))


def _joined(text: str, more: Sequence[str]) -> str:
    return "\n".join(filter(None, [text, *more]))
