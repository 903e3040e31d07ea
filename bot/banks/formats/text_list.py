"""Chinese question lists as plain text, in any encoding people save them in."""

import re
from collections.abc import Iterator

from bot.banks.formats import decode
from bot.banks.formats.grammar import read_lines
from bot.banks.formats.markdown import blocks, is_frame, plain
from bot.banks.formats.raw import RawFile
from bot.banks.formats.run_on import asunder
from bot.banks.formats.wording import Wording, halved, wordings
from bot.banks.rules import WHOLE, Issue, Line

_BREAKS = re.compile("[\x0b\x0c\x85\u2028\u2029]")  # lines to the eye, but not to an editor that counts them


def read(data: bytes, file: str) -> RawFile:
    decoded = decode(data)
    if decoded is None:
        return RawFile(file, issues=[Issue("E219", file, WHOLE)])
    found = read_lines(file, list(_lines(decoded.text)))
    if decoded.is_guessed:
        found.issues.insert(0, Issue("W214", file, Line(1), {"enc": decoded.encoding}))
    return found


def _lines(text: str) -> Iterator[Wording]:
    for number, line, is_code in blocks(text.replace("\r\n", "\n").replace("\r", "\n").split("\n")):
        if is_code:
            code = f"\n{line}\n"  # its lines are kept apart, and from the words around it
            yield Wording(code, halved(code), Line(number))
            continue
        for part in _BREAKS.split(line):
            words = _without_ends(part.strip())
            if not is_frame(words):
                for piece in asunder(plain(words)):
                    yield from wordings(piece, Line(number))


def _without_ends(line: str) -> str:
    """Without the marks of empty cells: the list was saved out of a sheet."""
    bare = line.rstrip(",;\t")
    return bare if len(line) - len(bare) > 1 else line
