"""Text that comes from a web page: its words without the tags; a picture in it stays as a sign that one was there."""

import html
import re

PICTURE, SHOWN_PICTURE = "\ufffc", "【图】"
_PICTURE = re.compile(r"!\[[^\]]{0,200}\]\([^()]{0,2000}\)|<img\b[^<>]*\bsrc\s*=[^<>]*>", re.IGNORECASE)
_WHOLE = re.compile(r"\s*<(p|div|span)\b[^<>]*>.*</\1>\s*", re.IGNORECASE | re.DOTALL)
_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9]*)\b[^<>]*>")


def without_pictures(text: str) -> str:
    return _PICTURE.sub(PICTURE, text) if "<" in text or "![" in text else text


def unwrapped(text: str) -> str:
    """The words of a text that is all inside tags; one that only speaks of them stays: 换行用<br>。"""
    return words(text) if "</" in text and _WHOLE.fullmatch(text) else text


def words(text: str) -> str:
    def replaced(found: re.Match[str]) -> str:
        name = found[2].lower()
        if name == "img":
            return PICTURE
        return "\n" if name == "br" or (found[1] and name in {"p", "div", "li"}) else ""

    return re.sub(r"\n{2,}", "\n", html.unescape(_TAG.sub(replaced, text))).strip()
