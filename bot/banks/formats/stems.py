"""A question's sentence and its options as authors decorate them: numbers, tags, brackets with the key, own letters."""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from bot.banks.formats.kinds import SIMPLIFIED, kind_of
from bot.banks.formats.web import unwrapped, without_pictures
from bot.banks.phrases import JUDGEMENTS
from bot.banks.rules import LETTERS

EMPTY_BRACKET = "（　）"
_SIGNS = frozenset("√×✓✗✔✘")
_LETTER_SIGNS = frozenset("VXYN")
# Direction marks, zero-width and soft signs, and the private characters that old fonts draw boxes with.
_UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff\u00ad\ue000-\uf8ff\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_SMALL = {ord("﹙"): "（", ord("﹚"): "）"}
_NUMBER = re.compile(
    r"(?:第\s*\d{1,4}\s*题\s*[、.．:：)）]?|[0-9０-９]{1,4}\s*(?:[、)）]|[:：](?!\d)|[.．](?!\d)|[.．](?=\d{4}\s*年)|\t))\s*"
)
_TAG = re.compile(r"[【\[（(〔]\s*(?P<tag>[^】\]）)〕\n]{2,20})[】\]）)〕]\s*[、.．:：]?\s*")
_BOX = re.compile(r"^[□☐■▢◻◼▪◆●○☑]+\s*")
_BLANK_BRACKET = re.compile(r"[（(][ \t\u3000\u00a0_＿]*[）)]|[【\[][ \t\u3000\u00a0]+[】\]]")
_NBSP_RUN = re.compile("\u00a0{2,}")
_UNDERLINE = re.compile(r"[_＿]{2,}|＿")
_SOURCE = re.compile(
    r"\s*(?:[【\[（(〔]\s*(?:出题(?:人|单位|部门)?|来源|出处|依据)\s*[:：]\s*(?P<inside>[^】\]）)〕]{1,200})[】\]）)〕]"
    r"|(?:^|(?<=[\s。！？；;!?）)]))(?:来源|出处)\s*[:：]\s*(?P<plain>[^\n]{1,200}))\s*$"
)
_BRACKET = re.compile(r"[（(]\s*([^（()）]{1,24}?)\s*[）)]|【\s*([A-LＡ-Ｌa-l√×]{1,12}|对|错|正确|错误)\s*】")
_BLANK = re.compile(f"{EMPTY_BRACKET}|_{{2,}}")
_WORD = re.compile(r"\w")
_KEY_MARKS = re.compile(r"[\s,、;|/.。\"'“”‘’]+")
_AFTER_KEY = re.compile(r"[\s。.！!？?；;，,]*")
_OWN = re.compile(r"[（(【\[]?\s*([A-LＡ-Ｌa-l])\s*[）)】\]]?\s*(?P<mark>[、.．:：)）]|(?<=[）)】\]]))\s*")
_SPACED = re.compile(r"([A-LＡ-Ｌ])[ \u3000\t]+")
_NEXT_LETTER = re.compile(r"[A-LＡ-Ｌ](?![A-Za-z])")


@dataclass(frozen=True, slots=True)
class Stem:
    text: str
    tag: str = ""  # 【单选题】 before it
    source: str = ""  # 来源：… behind it


@dataclass(frozen=True, slots=True)
class Key:
    """An answer found in the stem, and the stem without it."""

    answer: str
    stem: str


def clean(text: str) -> str:
    """Without what nobody sees; line breaks stay, spaces inside as they are."""
    text = without_pictures(unwrapped(text))
    return _UNSEEN.sub("", text).translate(_SMALL).strip(" \t\r\n\u3000\u00a0")


def stem_of(text: str) -> Stem:
    text, tag = _BOX.sub("", clean(text)), ""
    is_numbered = False
    while True:
        number = None if is_numbered else _NUMBER.match(text)
        found = _TAG.match(text) if not tag else None
        if number is not None and _WORD.search(text, number.end()):
            text, is_numbered = text[number.end() :], True
        elif found is not None and found.end() < len(text) and kind_of(found["tag"]) is not None:
            text, tag = text[found.end() :], found["tag"]
        else:
            break
    source = ""
    if (said := _SOURCE.search(text)) and said.start() > 0:
        text, source = text[: said.start()], (said["inside"] or said["plain"]).strip()
    return Stem(_marked(text), tag, source)


def _marked(text: str) -> str:
    """Empty brackets and lines to write on, each in one spelling."""
    text = _BLANK_BRACKET.sub(EMPTY_BRACKET, text)
    text = _NBSP_RUN.sub(EMPTY_BRACKET, text.strip("\u00a0"))
    text = _UNDERLINE.sub(lambda found: "_" * max(len(found[0]), 2), text)
    return text.replace("\u00a0", " ").replace("\t", " ").strip()


def key_in(stem: str, letters: str, *, is_judged: bool = False) -> Key | None:
    """The key in the last bracket: letters out of `letters`, or without options a sign or word of judgement.

    V and X are signs only where a judgement is known to be asked.
    """
    found = None
    for found in _BRACKET.finditer(stem):  # noqa: B007  # the last one
        pass
    if found is None:
        return None
    given = found[1] or found[2]
    answer = _KEY_MARKS.sub("", unicodedata.normalize("NFKC", given)).upper()
    is_last = _AFTER_KEY.fullmatch(stem, found.end()) is not None
    if answer and letters and set(answer) <= set(letters) and len(set(answer)) == len(answer):
        before, after = stem[: found.start()], stem[found.end() :]
        is_second = is_last and _BLANK.search(before) is not None  # the stem has its own place to fill in
        return Key(answer, f"{before.rstrip()}{after}" if is_second else before + EMPTY_BRACKET + after)
    is_sign = answer in _SIGNS or (is_judged and answer in _LETTER_SIGNS)
    is_word = is_last and answer.casefold().translate(SIMPLIFIED) in JUDGEMENTS
    if (is_sign or is_word) and len(letters) in {0, 2}:
        return Key(given.strip(), (stem[: found.start()] + stem[found.end() :]).strip())
    return None


def words_in_bracket(stem: str) -> Key | None:
    """The last bracket's words as the answer of a blank that stands there."""
    found = None
    for found in re.finditer(r"[（(【]\s*([^（()）【】\u3000]{1,100})\s*[）)】]", stem):  # noqa: B007  # the last one
        pass
    return found and Key(found[1], stem[: found.start()] + EMPTY_BRACKET + stem[found.end() :])


def options_of(texts: Sequence[str]) -> tuple[list[str], int]:
    """Options without their own letters where these are those of their places, and how many had one."""
    cleaned = [clean(text) for text in texts]
    bare = [_without_letter(text, letter) for letter, text in zip(LETTERS, cleaned, strict=False)]
    if all(one is not None for one in bare) and len(bare) == len(cleaned):
        return [one or "" for one in bare], len(bare)
    spaced = [_SPACED.match(text) for text in cleaned]
    if len(cleaned) > 1 and all(
        found is not None and _half(found[1]) == letter for letter, found in zip(LETTERS, spaced, strict=False)
    ):
        return [text[found.end() :] if found else text for text, found in zip(cleaned, spaced, strict=True)], len(
            spaced
        )
    kept, count = [], 0
    for text, one in zip(cleaned, [*bare, *[None] * (len(cleaned) - len(bare))], strict=True):
        is_own = one is not None and _NEXT_LETTER.match(one) is None  # A、B两级 names two letters, it has none itself
        kept.append(one if is_own and one is not None else text)
        count += is_own
    return kept, count


def _without_letter(text: str, letter: str) -> str | None:
    found = _OWN.match(text)
    if found is None or _half(found[1]) != letter or found.end() == len(text):
        return None
    return text[found.end() :].strip()


def _half(letter: str) -> str:
    return unicodedata.normalize("NFKC", letter).upper()
