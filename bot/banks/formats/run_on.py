"""Lines into which headings and questions ran together, as they do in what is copied from web pages."""

import re
from itertools import pairwise

from bot.banks.formats.wording import TYPE, halved

_SECTION = re.compile(
    rf"(?:第[一二三四五六七八九十]{{1,2}}部分\s*[、.:]?|[一二三四五六七八九十]{{1,2}}\s*[、.])\s*(?:{TYPE})题?"
    r"\s*(?:\([^()]{0,80}\)|\[[^\[\]]{0,80}\])?\s*(?=1\s*[、.])"
)
_HEAD = re.compile(r"(?<![\d.])(?<![A-L][、.:)])(?<![A-L][、.:)] )(\d{1,5})\s*[、.](?:(?!\d)|(?=\d{4}年))\s*(?=\S)")
_OPTION = re.compile(r"[A-L]\s*[、.:)]")
# What only a question has: a key, options, a place to fill in, a question mark at its end.
_ASKS = re.compile(r"答\s*案|(?<![A-Za-z0-9])A\s*[、.:)]|\(\s*\)|_{2,}|\?\s*$")
_TOLD = re.compile(r"答\s*案|(?<![A-Za-z0-9])A\s*[、.:)].{1,600}?B\s*[、.:)]")
_LABEL = re.compile(r"[\[【(]?\s*(?:(?:答案|试题|题目)?解析|(?:正确|参考)?答案)\s*[)\]】]?\s*:")
_LEFT_OPEN = re.compile(r"\(\s*\)|_{2,}|\?\s*$")  # an explanation may count its reasons, but leaves no gap in them
_SHORTEST = 12


def asunder(text: str) -> list[str]:
    """The lines that one line should have been; itself where nothing says that it is more than one."""
    if len(text) < _SHORTEST or _HEAD.search(half := halved(text), 1) is None:
        return [text]
    cuts = {0, len(text)}
    for found in _SECTION.finditer(half):
        cuts |= {found.start(), found.end()}
    bounds = sorted(cuts)
    for first, last in pairwise(bounds):
        cuts |= {first + place for place in _heads(half[first:last])}
    bounds = sorted(cuts)
    return [text[first:last].strip() for first, last in pairwise(bounds)]


def _heads(half: str) -> list[int]:
    """Where questions begin behind the first: their numbers follow each other, and each is asked and told."""
    found = [*_HEAD.finditer(half)]
    begins_with_options, begins_with_label = _OPTION.match(half), _LABEL.match(half)
    number, begin, heads = None, 0, []
    for place, head in enumerate(found):
        is_next = number is not None and int(head[1]) == number + 1
        if head.start() == 0:
            number = int(head[1])
        elif (is_next and _TOLD.search(half, begin, head.start())) or (
            number is None and (int(head[1]) == 1 or begins_with_options or begins_with_label)
        ):
            after = next((one.start() for one in found[place + 1 :] if int(one[1]) == int(head[1]) + 1), len(half))
            asks = _LEFT_OPEN if number is None and begins_with_label else _ASKS
            if asks.search(half[head.end() : after]):
                heads.append(head.start())
                number, begin = int(head[1]), head.start()
    return heads
