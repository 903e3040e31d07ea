"""What one line of a Chinese question list says by itself: its class, number, letter. Not what question it is of."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum, auto

from bot.banks.formats.kinds import SIMPLIFIED
from bot.banks.rules import At

# One character for one, so that a place in the half-width text is the same place in the author's.
_HALF: dict[int, int | str] = {
    **{code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)},
    **dict.fromkeys(map(ord, "\u3000\xa0\u2002\u2003\u2009"), " "),
    **dict.fromkeys(map(ord, "〔［〖"), "["),
    **dict.fromkeys(map(ord, "〕］〗"), "]"),
    **dict.fromkeys(map(ord, "∶﹕︰"), ":"),
    ord("﹙"): "(",
    ord("﹚"): ")",
    **dict.fromkeys(map(ord, "✓✔☑"), "√"),
    **dict.fromkeys(map(ord, "✗✘✕╳"), "×"),
    ord("﹒"): ".",
    **SIMPLIFIED,
}
_UNSEEN = re.compile("[\x00-\x08\x0e-\x1f\x7f\xad\u200b-\u200f\u202a-\u202e\u2060\ufeff]")
_DIGIT_WITH_STOP = re.compile("[\u2488-\u249b]")

TYPE = (
    "单项?选择?|多项?选择?|不定项(?:选择)?|判断(?:是非|正误|对错)?|是非判断|是非|正误判断|填空|简答|论述|问答|名词解释"
    "|案例分析|案例|材料分析|材料|辨析|计算|写作|排序|匹配|连线|综合分析|综合|选择"
)
_NUMERAL = "[一二三四五六七八九十]{1,3}"
_ORDER = (
    rf"(?:第{_NUMERAL}(?:部分|大题)|第?{_NUMERAL}(?:部分|大题)?\s*[、.:)\s]|[\[(]{_NUMERAL}[\])]\s*[、.]?"
    r"|\d{1,2}(?:\.\d{1,2}){1,2}\s+|\d{1,2}\s*[、.)])"
)
_INSTRUCTION = r"本大?题|下列|以下|请|共|每|合计|总计|各|\d{1,4}\s*[题道]"
_SECTION = re.compile(
    rf"(?P<order>{_ORDER}\s*|)(?P<bracket>[\[【(]?)(?P<type>(?:{TYPE})(?P<called>题)?)(?:部分)?[\]】)]?"
    rf"\s*[:。.]?\s*(?P<more>[\[【(].*|[,。;]?\s*(?:{_INSTRUCTION}).*|)[:。.]?"
)
_EMPTY_BRACKET = re.compile(r"\(\s*\)|_{2,}")
_CERTAIN = re.compile("[单多]|不定|判断|填空")
_NAMED = re.compile(
    rf"[\[【(]\s*(?P<kind>(?:{TYPE})题?)?[\s,、;:]*(?:(?:本题|每题|共)?(?P<score>\d{{1,3}}(?:\.\d{{1,2}})?)\s*分)?"
    r"\s*[\])】]\s*[:。]?\s*"
)
_NAMED_PLAINLY = re.compile(rf"((?:{TYPE})题|[单多]选|不定项|判断|填空)\s*:\s*")
_ABOUT_A_SECTION = re.compile(rf"\d\s*[题道分]|只有|正确|错误|打|选出|填|{_INSTRUCTION}")
_ALL_BRACKETED = re.compile(r"[(\[][^()\[\]]{3,}[)\]]")
_IN_BRACKETS = re.compile(r"\(\s*\d{1,4}\s*\)\s*")
_EACH = re.compile(r"(?:每(?:小|道)?题|各题|各)[各为得计]{0,2}\s*(\d{1,3}(?:\.\d{1,2})?|[一二两三四五六八十])\s*分")
_FEW = {"一": "1", "二": "2", "两": "2", "三": "3", "四": "4", "五": "5", "六": "6", "八": "8", "十": "10"}
_TOPIC = re.compile(rf"{_NUMERAL}\s*、|第(?:{_NUMERAL}|\d{{1,3}})(?:部分|单元|模块|[章节编篇讲])(?!.*[。;!?,])")

KEY_WORD = (
    r"(?:(?:本题|试题)?(?:正确|参考|标准)?答\s{0,4}案(?:[及和与]解析)?|正确选项"
    r"|(?:[Cc]orrect |CORRECT )?(?:[Aa][Nn][Ss][Ww][Ee][Rr]|[Aa]ns|ANS))"
)
_OWN = "(?:我|你|您|考生|学生|用户)的?答案"
_GAINED = "(?:本题|我的|您的|考生|学生)?得分"
LABELS = {
    **dict.fromkeys(("解析", "答案解析", "试题解析", "题目解析", "参考解析", "答案详解", "详解"), "explain"),
    **dict.fromkeys(("解答", "点评", "Explanation", "EXPLANATION", "Rationale"), "explain"),
    **dict.fromkeys(("难度", "难度系数", "难度等级", "难易度", "难易程度"), "difficulty"),
    **dict.fromkeys(("知识点", "考查点", "考点", "章节"), "topics"),
    **dict.fromkeys(("来源", "试题来源", "题目来源", "出处"), "source"),
    **dict.fromkeys(("分值", "分数"), "score"),
    **dict.fromkeys(("题型", "题目类型", "试题类型"), "kind"),
    **dict.fromkeys(("题干", "题目", "试题", "试题内容", "Question", "QUESTION"), "stem"),
    **dict.fromkeys(("选项", "备选项", "备选答案", "Options"), "options"),
}
LABEL_WORD = "|".join(sorted(LABELS, key=len, reverse=True))
_INSIDE_WORD = "|".join(word for word in sorted(LABELS, key=len, reverse=True) if LABELS[word] != "stem")
LETTERS = r"[A-La-l](?:[\s,、;/|.]*[A-La-l])*"
JUDGEMENT = r"(?:√|×|对|错|正确|错误|是|否|[TtFf]|[Tt]rue|[Ff]alse|TRUE|FALSE|[Yy]es|[Nn]o|YES|NO)"
_WITH_STOP = re.compile(rf"\s*(?:{LETTERS}|{JUDGEMENT})\s*(?P<stop>[。.;,\s]*)")
_WITH_REASON = re.compile(
    rf"\s*({LETTERS}(?=\s*[。;])|{JUDGEMENT})\s*[。;,]\s*((?![A-Za-z]).*[一-鿿]{{2}}.*)", re.DOTALL
)
_WITH_REASON_IN_BRACKETS = re.compile(rf"\s*({LETTERS}|{JUDGEMENT})\s*\(\s*([^()]*[一-鿿]{{2}}[^()]*)\)[。.]?")
_BULLET = re.compile(r"[○●◯□☐☑■▪•◆◇*]\s*(?=[A-Za-zＡ-Ｚ]\s*[、.．:：)）]|[(（\[【]\s*[A-Za-zＡ-Ｚ]\s*[)）\]】])")

_PICKED = re.compile(r"(?:[*＊]|[★√✓✔☑]\s*)(?=[A-LＡ-Ｌ]\s*[、.．:：)）])")  # *B、每季度 among others without a star
_BARE_BULLET = re.compile(r"[○◯□☐](?![○◯□☐])\s*(?=\S)")

_RULER = re.compile(r"[-=_*~#+.·—–―─━…\s]{3,}")
_PAGE = re.compile(r"[-—–]\s*\d{1,4}\s*[-—–]|第\s*\d{1,4}\s*页(?:[\s,/]*共?\s*\d{1,4}\s*页)?|窗体(?:顶端|底端)|AI讲解")
_ABOUT_A_SITTING = re.compile(rf"{_OWN}(?:\s*:.*|\s+\S*|)|{_GAINED}\s*:?\s*[\d.]*\s*分?[。.;]?")
_KEY = re.compile(
    rf"(?P<open>[\[【(]?)\s*(?:{KEY_WORD}|(?P<short>答))\s*(?P<close>[\]】)]?)\s*(?P<colon>[为是]?\s*:|)\s*"
)
_LABEL = re.compile(rf"(?P<open>[\[【(]?)\s*(?P<word>{LABEL_WORD})\s*(?P<close>[\]】)]?)\s*(?P<colon>:?)\s*")
_HEAD = re.compile(
    r"(?:第\s*(?P<nth>\d{1,5})\s*题\s*[、.:)]?|(?:Q|[Qq]uestion|题目?|问题|试题)\s*(?P<asked>\d{1,5})\s*[、.:)]"
    r"|(?P<number>\d{1,5})[ ]*(?P<mark>[、.:)\t]))\s*"
)
_ASKED = frozenset("第题问试Qq")  # with which a number may begin
_TABLE_HEADING = re.compile(r"[^。;!?,]{0,16}答案(?:[及与和](?:解析|详解|评分标准))?(?:如下|部分|汇总|一览表?)?\s*:?")
_OPENING, _CLOSING = "([（【［〔", ")]）】］〕"
_LONGEST_KEY = 40  # characters in brackets: twelve letters with what parts them
_KEYS = re.compile(rf"(?:{LETTERS}|{JUDGEMENT}|[VvXxYN])")
# Where a key or a label stands behind other words of its line.
_INSIDE = re.compile(
    rf"(?=[\[【]\s*(?:{KEY_WORD}|{_OWN}|{_GAINED}|{_INSIDE_WORD})\s*[\]】])"
    rf"|(?<=[\s。;,!?)\]】.])(?=(?:{KEY_WORD}|{_OWN}|{_GAINED}|{_INSIDE_WORD})\s*:)"
    r"|(?<=[A-L√×对错])(?=(?:答案)?解析\s*:)|(?<=案[:】]正确)(?=解析\s*:)|(?<=案[:】]错误)(?=解析\s*:)"
    rf"|(?=(?:正确|参考|标准)?答案\s*:\s*(?:{LETTERS}|{JUDGEMENT})\s*(?:[。.;,\s]|$|(?:答案)?解析|【))"
    rf"|(?=[(\[【]\s*{KEY_WORD}\s*:[^()\[\]【】]+[)\]】]\s*$)"
)
_PREFIXES = (
    *("正确", "参考", "标准", "本题", "试题", "题目", "考生", "学生", "用户", "答案", "的"),
    *("Correct ", "correct ", "CORRECT "),
)
_JUDGED = ("案:正确", "案】正确")  # the end of a key, where 解析 is no 正确解析
_SPOKEN = re.compile(r"(?:对|错|正确|错误|是|否|√|×)\s*(?:\(正确答案\))?")


class Kind(Enum):
    BLANK = auto()
    NOISE = auto()
    SECTION = auto()
    KEY = auto()
    LABEL = auto()
    TEXT = auto()  # heads, options, entries of a key table and the rest: only what stands before says which


@dataclass(slots=True)
class Wording:
    """A line, or the part of one that begins with a key or a label inside it; `half` is `text` in half width.

    `start` and `end` bound its own words behind a key word, a label or a number.
    """

    text: str
    half: str
    at: At
    kind: Kind = Kind.TEXT
    start: int = 0
    end: int | None = None
    word: str = ""  # of a section its type, of a label the field
    number: int | None = None
    is_decimal: bool = False  # a digit follows the number's mark at once: 3.14, 07:30, but also 1.2018年
    is_inside: bool = False  # behind other words of its line
    is_bulleted: bool = False  # a circle or a box to tick stood before it, and no letter
    before: str = ""  # the space between it and them

    @property
    def words(self) -> str:
        return self.text[self.start : self.end].strip()


def halved(text: str) -> str:
    return text.translate(_HALF)


def wordings(text: str, at: At) -> Iterator[Wording]:
    """A line as one or, with keys and labels behind other words, several parts."""
    text = _DIGIT_WITH_STOP.sub(lambda found: f"{ord(found[0]) - 0x2487}.", _UNSEEN.sub("", text)).strip()
    if _PICKED.match(text):
        text = f"{text[1:].strip()}（✓）"
    text = _BULLET.sub("", text, count=1) if _BULLET.match(text) else text
    half = halved(text)
    bullet = _BARE_BULLET.match(text)
    if bullet is not None:
        text, half = text[bullet.end() :], half[bullet.end() :]
    cuts = [0, *_cuts(half)]
    for first, last in zip(cuts, [*cuts[1:], len(half)], strict=True):
        part = text[first:last].rstrip()
        line = classified(part, half[first : first + len(part)], at)
        line.is_bulleted = bullet is not None and not first
        if first > 0:
            line.is_inside, line.before = True, text[len(text[:first].rstrip()) : first]
        yield line


def _cuts(half: str) -> list[int]:
    if ":" not in half and "】" not in half and "]" not in half:
        return []
    found = ((found.start(), half[: found.start()]) for found in _INSIDE.finditer(half))
    return [at for at, above in found if above.strip() and (above.endswith(_JUDGED) or not above.endswith(_PREFIXES))]


def classified(text: str, half: str, at: At) -> Wording:
    """The first class that fits; `text` is stripped."""
    line = Wording(text, half, at)
    if not half or _RULER.fullmatch(half):
        line.kind = Kind.BLANK
    elif _is_noise(half):
        line.kind = Kind.NOISE
    elif not (_is_section(line) or _is_key(line) or _is_label(line)):
        _find_number(line)
    return line


def _is_noise(half: str) -> bool:
    return any(pattern.fullmatch(half) for pattern in (_PAGE, _ABOUT_A_SITTING))


def _is_section(line: Wording) -> bool:
    if len(line.half) > 150 or (found := _SECTION.fullmatch(line.half)) is None:
        return False
    if not _is_heading(found):
        return False
    line.kind, line.word = Kind.SECTION, _type_word(found["type"])
    return True


def _type_word(word: str) -> str:
    """选择题 says nothing of how many are right."""
    return "" if word.removesuffix("题") == "选择" else word


def _is_heading(found: re.Match[str]) -> bool:
    """Whether it is no question that begins with the name of a type: 1、判断题（ ）, （多选）, 材料."""
    more, order = found["more"], found["order"]
    is_counted = order[:1].isdigit()
    if not found["called"]:
        is_certain = _CERTAIN.match(found["type"]) is not None
        is_said = bool(order) and is_certain and more[-1:] in {")", "]", "】"} and _ABOUT_A_SECTION.search(more)
        return bool((not more or is_said) and (order or is_certain) and not is_counted and found[0][0] != "(")
    if not more or more[-1] in ")]】":
        return not (more and is_counted) or _ABOUT_A_SECTION.search(more) is not None
    is_stem = is_counted or found["bracket"] or _EMPTY_BRACKET.search(more)
    return not is_stem and _ABOUT_A_SECTION.search(more) is not None


def type_in_front(half: str) -> tuple[str, str, int]:
    """The type and the score a stem begins with, and where it goes on: 【单选题】, （单选题，2分）, 单选题："""
    kind = score = ""
    start = 0
    while (found := _NAMED.match(half, start)) is not None and (found["kind"] or found["score"]):
        kind, score = kind or _type_word(found["kind"] or ""), score or found["score"] or ""
        start = found.end()
    if found := _NAMED_PLAINLY.match(half, start):
        kind, start = kind or _type_word(found[1]), found.end()
    return kind, score, start


def type_at_end(half: str) -> tuple[str, str, int]:
    """The same behind a stem, and where it begins; -1 if there is none."""
    half = half.rstrip("* ")  # 问卷 mark what must be answered
    start = max(half.rfind(opening) for opening in "([【")
    found = _NAMED.match(half, start) if start > 0 else None
    if found is None or not (found["kind"] or found["score"]) or found.end() < len(half):
        return "", "", -1
    return _type_word(found["kind"] or ""), found["score"] or "", start


def type_in(half: str) -> str:
    """The type a heading names anywhere: 单选题答案."""
    found = re.search(rf"(?:{TYPE})题?", half)
    return _type_word(found[0]) if found else ""


def after_number_in_brackets(half: str) -> int:
    """Where a stem goes on behind （1）, which numbers only what has no other number."""
    found = _IN_BRACKETS.match(half)
    return found.end() if found else 0


def each_score(half: str) -> str:
    """n of 每题n分, "" without it."""
    found = _EACH.search(half)
    return _FEW.get(found[1], found[1]) if found else ""


def instructs(line: Wording) -> bool:
    """A line below a section's heading that belongs to it: （下列每题只有一个正确答案）."""
    return _ALL_BRACKETED.fullmatch(line.half) is not None and _ABOUT_A_SECTION.search(line.half) is not None


def is_topic(line: Wording) -> bool:
    """A heading that names no type: 一、党章部分, 第二章 组织建设."""
    return len(line.half) <= 40 and _TOPIC.match(line.half) is not None


def _is_key(line: Wording) -> bool:
    found = _KEY.match(line.half)
    if found is None:
        return False
    rest, colon = line.half[found.end() :], found["colon"]
    if rest[:1] in {"为", "是"} and is_answer(rest[1:]):
        line.kind, line.start = Kind.KEY, found.end() + 1
        return True
    is_closed = bool(found["open"] and found["close"])
    if found["short"] and not (colon or is_closed):
        return False
    if found["close"] and not found["open"]:
        return False
    if not colon and not is_closed and not _follows_plainly(line.half, found.end(), rest):
        return False
    line.kind, line.start = Kind.KEY, found.end()
    if found["open"] and not found["close"] and rest.endswith((")", "]", "】")):
        line.end = len(line.half) - 1
    return True


def _follows_plainly(half: str, end: int, rest: str) -> bool:
    """Whether the key word without a colon is one: 答案 B, 正确答案AC, not 答案在第三页."""
    if not rest or is_answer(without_brackets(rest)):
        return True
    return half[end - 1].isspace() and not _SECTION.fullmatch(rest)


def _is_label(line: Wording) -> bool:
    found = _LABEL.match(line.half)
    if found is None or bool(found["open"]) != bool(found["close"]):
        return False
    if not (found["open"] or found["colon"]):
        is_alone = found.end() == len(line.half) or line.half[found.end() - 1].isspace()
        if not is_alone or LABELS[found["word"]] != "explain" or found["word"].isascii():
            return False
    line.kind, line.start, line.word = Kind.LABEL, found.end(), LABELS[found["word"]]
    return True


def _find_number(line: Wording) -> None:
    if not (line.half[0].isdigit() or line.half[0] in _ASKED) or (found := _HEAD.match(line.half)) is None:
        return
    line.number, line.start = int(found["number"] or found["nth"] or found["asked"]), found.end()
    follows = line.half[found.end() : found.end() + 1]
    line.is_decimal = found["mark"] in {".", ":"} and found[0].endswith((".", ":")) and follows.isdigit()


def ticked(text: str) -> list[str]:
    """○对 ○错 on one line, of which the first circle is taken off already."""
    return [part.strip() for part in re.split("[○◯□☐]", text)]


def is_spoken(half: str) -> bool:
    """对, 错（正确答案）: one of the two options of a judgement, without a letter."""
    return _SPOKEN.fullmatch(half) is not None


def unheaded(line: Wording) -> None:
    """A line that looks like a heading but has options below it: 1.判断题的特点是（）"""
    line.kind, line.word = Kind.TEXT, ""
    _find_number(line)


def is_points(half: str) -> bool:
    """0分: what somebody gained, below a key."""
    return re.fullmatch(r"\d{1,3}(?:\.\d{1,2})?\s*分", half) is not None


def without_brackets(text: str) -> str:
    """（×） is ×."""
    inside = text[1:-1] if len(text) > 2 and text[0] in _OPENING and text[-1] in _CLOSING else text
    return inside.strip() if is_answer(halved(inside)) else text


def with_reason(answer: str) -> tuple[str, str]:
    """An answer and what its author says behind it: 错误。预备党员没有表决权。"""
    half = halved(answer)
    found = _WITH_REASON.fullmatch(half) or _WITH_REASON_IN_BRACKETS.fullmatch(half)
    return (answer[: found.end(1)], answer[found.start(2) : found.end(2)]) if found else (answer, "")


def is_answer(half: str) -> bool:
    """Letters or a judgement, with nothing else but a full stop."""
    return _WITH_STOP.fullmatch(half) is not None


def without_stop(text: str) -> str:
    """An answer of letters or a judgement without the full stop that ends its sentence."""
    found = _WITH_STOP.fullmatch(halved(text))
    return text[: found.start("stop")].strip() if found else text


def has_bracket_key(stem: str) -> bool:
    """Whether the last bracket of a stem holds letters or a judgement."""
    end = max(stem.rfind(closing) for closing in _CLOSING)
    start = max(stem.rfind(opening, 0, end) for opening in _OPENING) if end > 0 else -1
    if start < 0 or end - start > _LONGEST_KEY:
        return False
    return _KEYS.fullmatch(halved(stem[start + 1 : end]).strip()) is not None


def heads_table(line: Wording) -> bool:
    """A line that may stand above a table of keys: 参考答案, 附：单选题答案如下."""
    if line.kind is Kind.KEY:
        return not line.words
    return len(line.half) <= 25 and _TABLE_HEADING.fullmatch(line.half) is not None
