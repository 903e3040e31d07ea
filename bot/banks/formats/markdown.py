"""Lists written as Markdown: its marks are taken off a line, and a block of code stays in one piece."""

import re
from collections.abc import Iterator, Sequence

from bot.banks.formats.web import without_pictures
from bot.banks.formats.wording import KEY_WORD, LABEL_WORD

_OPENING = re.compile(r"(?:>\s+)*(?:#{1,6}\s+(?=\S))?")
_BULLET = re.compile(
    r"[-*+]\s+(?=(?:\*\*)?\s*(?:[A-Za-zＡ-Ｚ]\s*[、.．:：)）]|[(（\[【]\s*[A-Za-zＡ-Ｚ]\s*[)）\]】]|\d{1,4}\s*[、.．)）]"
    rf"|[【\[]?(?:{KEY_WORD}|{LABEL_WORD})))"
)
_TICKED = re.compile(r"[-*+]\s+\[([ xX√])\]\s+(?=\S)")
_BOLD = re.compile(r"(?<![A-Za-z0-9*])\*\*(?!\*)(\s*\S(?:[^*]*[^\s*])?\s*)\*\*(?!\*)")  # 2**3 is no decoration
_ESCAPED = re.compile(r"\\(?=_)|(?<=\d)\\(?=[.)])")
_FOLDED = re.compile(r"</?(?:details|summary)\b[^<>]*>", re.IGNORECASE)
# A line break ends a line that has other words: B.<br> is an option.
_BREAK = re.compile(r"(?<!^[A-L][、.．:：)）])(?<!^[A-L][、.．:：)）]\s)\s*(?:<br\s*/?>\s*)+$", re.IGNORECASE)
_SPACE = re.compile("&(?:nbsp|ensp|emsp);")
_FRAME = re.compile(r":{3,}\s*\w*")
_FENCE = re.compile(r"\s*(?:`{3,}|~{3,})\s*[\w+#.-]*\s*|\s*`\s*")
_LISTED = re.compile(rf"\s*(?:[-*+]\s+)?(?:[A-L]\s*[、.．:：)）]|[【\[]?(?:{KEY_WORD})\s*[】\]]?\s*[:：])")


def plain(text: str) -> str:
    """A line without the marks that only say how it looks; a picture stays as a sign that one was there."""
    text = text[_OPENING.match(text).end() :] if text[:1] in {">", "#"} else text  # type: ignore[union-attr]  # matches ""
    if found := _TICKED.match(text):
        return f"□{text[found.end() :]}{'' if found[1] == ' ' else '（正确答案）'}"
    text = _BULLET.sub("", text, count=1) if _BULLET.match(text) else text
    if "**" in text:
        text = _BOLD.sub(r"\1", text)
    if "<" in text or "![" in text:
        text = _FOLDED.sub("", without_pictures(text))
        text = _BREAK.sub("", text) if text.endswith(">") else text
    if "&" in text:
        text = _SPACE.sub(" ", text)
    return _ESCAPED.sub("", text) if "\\" in text else text


def is_frame(text: str) -> bool:
    """:::success, a lone ```, and whatever leaves nothing once its marks are off."""
    if text[:1] in {":", "`", "~"}:
        return _FRAME.fullmatch(text) is not None or _FENCE.fullmatch(text) is not None
    return text[:1] in {"<", "&"} and not plain(text).strip()


def blocks(lines: Sequence[str]) -> Iterator[tuple[int, str, bool]]:
    """The lines with their numbers from 1; a fenced block of code as one of several lines, marked so."""
    at = 0
    while at < len(lines):
        end = _end_of_code(lines, at)
        if end is None:
            yield at + 1, lines[at], False
            at += 1
        else:
            inside = [line.rstrip() for line in lines[at + 1 : end]]
            if any(_LISTED.match(line) for line in inside):  # the fence stands around options as well
                yield from ((at + 2 + place, line, False) for place, line in enumerate(inside))
            else:
                yield at + 1, "\n".join(inside), True
            at = end + 1


def _end_of_code(lines: Sequence[str], at: int) -> int | None:
    """The line that closes the fence which opens here; a fence that nobody closes is none."""
    if _FENCE.fullmatch(lines[at]) is None:
        return None
    mark = lines[at].strip()[0]
    ends = (place for place in range(at + 1, min(at + 1 + _MOST_CODE, len(lines))) if _closes(lines[place], mark))
    return next(ends, None)


def _closes(line: str, mark: str) -> bool:
    words = line.strip()
    return bool(words) and not words.strip(mark)


_MOST_CODE = 200  # lines
