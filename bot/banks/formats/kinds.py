"""The words by which foreign files name types of questions: in a column, a sheet's name, a heading."""

import re
from dataclasses import dataclass

from bot.banks.rules import QuestionType


@dataclass(frozen=True, slots=True)
class Kind:
    """What a word says; without a type it leaves it to the answer (选择题) or names one we do not ask."""

    type: QuestionType | None = None
    is_indefinite: bool = False
    is_asked: bool = True


# Traditional characters of the words that headings, types and judgements consist of.
SIMPLIFIED = str.maketrans(
    "單選題斷項錯對確誤參標準試難簡論問類幹內擇額學點據來", "单选题断项错对确误参标准试难简论问类干内择额学点据来"
)
OPEN = Kind()
_WORDS = (
    (Kind(QuestionType.MULTIPLE, is_indefinite=True), re.compile("不定[项向]|任选")),
    (Kind(QuestionType.MULTIPLE), re.compile("多选|多项|多重|^多$|multi|checkbox|duoxuan")),
    (Kind(QuestionType.SINGLE), re.compile("单选|单项|^单$|single|radio|danxuan")),
    (
        Kind(QuestionType.TRUE_FALSE),
        re.compile("判断|^判$|是非|对错|正误|true_?false|judge?ment|judge|bool|panduan|^tf$"),
    ),
    (Kind(QuestionType.BLANK), re.compile("填空|填充|^填$|blank|^fill|tiankong")),
)
_NOT_ASKED = re.compile(
    "简答|问答|论述|名词解释|案例|材料|主观|排序|连线|匹配|写作|作文|计算|分析|essay|match|论文|辨析"
)
_LEFT_OPEN = re.compile("选择|客观|choice")

# 一、单项选择题（每题2分，共20分）: a number, the type, and what is said of points or count.
_SECTION = re.compile(
    r"(?:第?[一二三四五六七八九十百\d]{1,3}\s*(?:部分|大题|章|节)?\s*[、.．:：)）\s]\s*|[（(][一二三四五六七八九十\d]{1,3}[)）]\s*)?"
    r"(?P<name>[^\s、，。？?（(:：]{2,12}?题?)\s*(?P<said>[（(:：，,共每].{0,60})?"
)
_EACH = re.compile(r"每(?:小|道)?题\s*(\d{1,3}(?:\.\d{1,2})?)\s*分")


@dataclass(frozen=True, slots=True)
class Section:
    """A heading above questions: the type it names, and the points each of them has ("" if it says nothing)."""

    name: str
    score: str = ""


def kind_of(word: str) -> Kind | None:
    """The type a word names; None where it names none. Two types in one word say nothing."""
    text = "".join(word.split()).casefold().translate(SIMPLIFIED)
    found = [kind for kind, pattern in _WORDS if pattern.search(text)]
    if len(found) == 1:
        return found[0]
    if found:
        return found[0] if found[0].is_indefinite and found[1:] == [Kind(QuestionType.MULTIPLE)] else OPEN
    if _NOT_ASKED.search(text):
        return Kind(is_asked=False)
    return OPEN if _LEFT_OPEN.search(text) else None


def names_type(word: str) -> bool:
    """抢答题 is one, though not one of ours; 党章 is none."""
    return kind_of(word) is not None or word.endswith("题")


def section_of(line: str) -> Section | None:
    """A lone heading such as 一、单项选择题（每题2分）; None for any other line."""
    found = _SECTION.fullmatch(line.strip())
    if found is None or kind_of(found["name"]) is None:
        return None
    each = _EACH.search(found["said"] or "")
    return Section(found["name"], each[1] if each else "")
