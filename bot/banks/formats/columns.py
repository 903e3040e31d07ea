"""What the headings of a table mean, whatever their authors call them."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from bot.banks.formats.kinds import SIMPLIFIED
from bot.banks.rules import LETTERS

_LONGEST = 40  # characters of a heading with what is said beside it
HEADER_ROWS = 10
HEADINGS: Mapping[str, tuple[str, ...]] = {
    "stem": (
        *("题干", "大题题干", "题目", "试题", "试题内容", "题目内容", "题干内容", "问题", "问题内容", "题目题干"),
        *("试题题干", "题目描述", "问题描述", "试题描述", "考题", "考题内容", "题目名称", "试题名称", "题目标题"),
        *("QUESTION", "QUESTIONTEXT", "QUESTIONCONTENT", "QUESTIONTITLE", "QUESTIONSTEM", "STEM", "PROMPT"),
    ),
    "answer": (
        *("答案", "正确答案", "参考答案", "标准答案", "试题答案", "题目答案", "正确选项", "答案选项"),
        *("ANSWER", "CORRECTANSWER", "CORRECTANSWERS", "CORRECTOPTION", "CORRECT", "RIGHTANSWER", "ANSWERKEY"),
    ),
    "kind": (
        *("题型", "题目类型", "试题类型", "题目题型", "类型", "试题题型", "题目分类", "试题类别", "题目类别"),
        *("QUESTIONTYPE", "TYPE"),
    ),
    "options": ("选项", "备选项", "备选答案", "选项内容", "试题选项", "题目选项", "OPTIONS", "CHOICES"),
    "explain": (
        *("解析", "答案解析", "试题解析", "题目解析", "答题解析", "解析说明", "解析内容", "详解"),
        *("EXPLANATION", "RATIONALE", "ANALYSIS"),
    ),
    "score": ("分值", "分数", "题目分值", "试题分值", "每题分值", "题目分数", "试题分数", "SCORE", "POINTS", "MARKS"),
    "topics": ("知识点", "章节", "所属知识点", "所属章节", "考点", "章节名称", "TOPIC", "TOPICS"),
    "difficulty": ("难度", "难度系数", "难易度", "难易程度", "试题难度", "题目难度", "难度等级", "DIFFICULTY"),
    "source": ("出处", "来源", "试题来源", "题目来源", "依据", "出题依据", "试题依据", "REFERENCE"),
    "article": ("条款",),
    "code": ("题号", "编号", "试题编号", "题目编号"),
}
_FIELDS = {word: name for name, words in HEADINGS.items() for word in words}
_IGNORED = frozenset({"序号", "选项数", "选项个数", "标签"})
_FILLED_DOWN = frozenset({*HEADINGS["kind"], "章节", "所属章节", "章节名称"})
_PICTURES = re.compile(
    "(?:题目|试题|题干|选项|解析)?(?:图片|题图|配图|插图|附图|音频|视频|多媒体)(?:地址|链接|路径|文件|名称?|URL)*|图"
    "|(?:QUESTION)?(?:IMAGE|IMG|PICTURE|AUDIO|VIDEO|MEDIA)(?:URL|PATH|LINK)?"
)
_TELLING = frozenset({"stem", "answer", "options", "explain", "source", "article"})
_OPTION = re.compile(r"(?:备?选项|(?:备选)?答案|OPTION|CHOICE|ANSWER)?([A-L])(?:选项|项)?")
_IN_BRACKETS = re.compile(r"(选项|答案)\(([A-L]|\d{1,2})\)")
_BESIDE_HEADING = re.compile(r"\(.*?\)|【.*?】|\[.*?\]|[\s*:、._\-\N{EM DASH}]")
_ANSWERS = re.compile(r"(?:(?:正确|参考|标准)?答案|ANSWER)[1-9]")
_NUMBERED = re.compile(r"(?:备?选项|备选答案|OPTION|CHOICE)(?:([1-9]|1[0-2])|([一二三四五六七八九十]|十[一二]))")
_HAN = ("一", "二", "三", "四", "五", "六", "七", "八", "九", "十", "十一", "十二")


@dataclass(slots=True)
class Row:
    """One line of a table: its cells as they are shown, and the columns (from 0) whose formula gave nothing."""

    number: int
    cells: list[str]
    lost: frozenset[int] = frozenset()

    def text(self, column: int | None) -> str:
        return self.cells[column] if column is not None and column < len(self.cells) else ""

    @property
    def filled(self) -> list[int]:
        return [column for column, cell in enumerate(self.cells) if cell or column in self.lost]


@dataclass(slots=True)
class Columns:
    """Where what stands, columns from 0."""

    fields: dict[str, int] = field(default_factory=dict)
    options: dict[str, int] = field(default_factory=dict)
    filled_down: frozenset[int] = frozenset()
    more_answers: Sequence[int] = ()  # 答案2, 答案3 beside the first
    spare_answers: Sequence[int] = ()  # 参考答案 beside 答案: read where that is empty
    pictures: Sequence[int] = ()
    count: int = 0  # of cells that mean something

    def over(self, below: "Columns") -> "Columns":
        """Two lines of headings: 选项 above A, B, C, D."""
        fields = {name: place for name, place in self.fields.items() if name != "options"}
        return replace(self, fields={**fields, **below.fields}, options=below.options)

    @property
    def is_header(self) -> bool:
        return "stem" in self.fields and ("answer" in self.fields or self.has_options)

    @property
    def has_options(self) -> bool:
        return bool(self.options) or "options" in self.fields

    @property
    def all(self) -> set[int]:
        return {*self.fields.values(), *self.options.values(), *self.more_answers, *self.spare_answers}

    @property
    def telling(self) -> set[int]:
        """Columns that nobody fills where there is no question."""
        own = {place for name, place in self.fields.items() if name in _TELLING}
        return own | {*self.options.values(), *self.more_answers, *self.spare_answers}


def columns_of(row: Row) -> Columns:
    """What a row means if it is a header; the earlier word of a list wins where two columns claim a field."""
    claims: dict[str, list[tuple[int, int, int]]] = {}
    columns = Columns()
    filled_down, numbered, pictures = set(), [], []
    for place, cell in enumerate(row.cells):
        if not cell or len(cell) > _LONGEST:
            continue
        word = heading(cell)
        if word in _FIELDS:
            name = _FIELDS[word]
            claims.setdefault(name, []).append((HEADINGS[name].index(word), len(cell), place))  # 答案, not 答案（旧）
            if word in _FILLED_DOWN:
                filled_down.add(place)
        elif _ANSWERS.fullmatch(word):
            numbered.append(place)
        elif _PICTURES.fullmatch(word):
            pictures.append(place)
        elif letter := _letter(word):
            columns.options.setdefault(letter, place)
    columns.fields = {name: min(claimed)[2] for name, claimed in claims.items()}
    columns.spare_answers = [place for _, _, place in sorted(claims.get("answer", []))[1:]]
    columns.filled_down, columns.pictures = frozenset(filled_down), pictures
    columns.count = len(columns.options) + len(claims)
    _give_numbered(columns, numbered)
    return columns


def _give_numbered(columns: Columns, numbered: Sequence[int]) -> None:
    """答案1, 答案2 are options where another column says which is right, else the right ones."""
    if not numbered:
        return
    if "answer" not in columns.fields:
        columns.fields["answer"], columns.more_answers = numbered[0], numbered[1:]
    elif not columns.has_options:
        columns.options = dict(zip(LETTERS, numbered, strict=False))


@lru_cache(maxsize=4096)  # most cells that are short enough to be one say the same in every row
def heading(cell: str) -> str:
    text = unicodedata.normalize("NFKC", cell).upper().translate(SIMPLIFIED)
    return _BESIDE_HEADING.sub("", _IN_BRACKETS.sub(r"\1\2", "".join(text.split())))


def _letter(word: str) -> str | None:
    if found := _OPTION.fullmatch(word):
        return found[1]
    if found := _NUMBERED.fullmatch(word):
        return LETTERS[int(found[1]) - 1 if found[1] else _HAN.index(found[2])]
    return None
