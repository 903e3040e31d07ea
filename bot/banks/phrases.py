"""The words a bank file is made of: keys of schema 1, what people write instead of them, types and judgements."""

from bot import yamlfile
from bot.banks.rules import LETTERS, RIGHT, WRONG, QuestionType

TOP_KEYS = ("schema", "bank", "title", "owner", "note", "sources", "topics", "defaults", "questions")
SOURCE_KEYS = ("title", "edition", "effective", "expires", "verified")
DEFAULT_KEYS = ("score", "rule", "blank_rule", "each_score", "time", "shuffle")
QUESTION_KEYS = (
    *("id", "type", "stem", "options", "answer", "blanks", "any_order", "score", "rule", "each_score", "explain"),
    *("hint", "source", "topics", "difficulty", "time", "lock", "shuffle", "valid_until", "status"),
)
BLANK_KEYS = ("answers", "kind", "match")
CITATION_KEYS = ("ref", "article", "verified")
TEXT_KEYS = frozenset({"title", "owner", "note", "edition", "stem", "explain", "hint", "article", *LETTERS})
FOREIGN_KEYS = {  # keys that make no sense for a type
    QuestionType.SINGLE: ("blanks", "any_order", "rule", "each_score"),
    QuestionType.MULTIPLE: ("blanks", "any_order"),
    QuestionType.TRUE_FALSE: ("options", "blanks", "any_order", "rule", "each_score", "lock", "shuffle"),
    QuestionType.BLANK: ("options", "answer", "each_score", "lock", "shuffle"),
}
ALIASES = {
    "题干": "stem",
    "题目": "stem",
    "question": "stem",
    "timu": "stem",
    "tigan": "stem",
    "title": "stem",
    "选项": "options",
    "option": "options",
    "xuanxiang": "options",
    "choices": "options",
    "答案": "answer",
    "daan": "answer",
    "正确答案": "answer",
    "key": "answer",
    "correct": "answer",
    "解析": "explain",
    "jiexi": "explain",
    "explanation": "explain",
    "analysis": "explain",
    "答案解析": "explain",
    "题型": "type",
    "tixing": "type",
    "kind": "type",
    "分值": "score",
    "分数": "score",
    "points": "score",
    "题号": "id",
    "编号": "id",
    "code": "id",
    "知识点": "topics",
    "tags": "topics",
    "tag": "topics",
    "topic": "topics",
    "章节": "topics",
    "难度": "difficulty",
    "level": "difficulty",
    "出处": "source",
    "来源": "source",
    "提示": "hint",
    "tip": "hint",
    "时间": "time",
    "限时": "time",
    "time_limit": "time",
    "空": "blanks",
    "fill": "blanks",
    "题库": "bank",
    "slug": "bank",
    "标题": "title",
    "name": "title",
    "题目列表": "questions",
    "items": "questions",
    "归属": "owner",
    "备注": "note",
    "条款": "article",
    "版本": "edition",
    "施行": "effective",
    "生效": "effective",
    "失效": "expires",
    "核对": "verified",
    "计分": "rule",
    "状态": "status",
    "有效期": "valid_until",
    "expire": "valid_until",
    "乱序": "shuffle",
}
TYPE_WORDS = {
    "single": QuestionType.SINGLE,
    "单选": QuestionType.SINGLE,
    "multiple": QuestionType.MULTIPLE,
    "多选": QuestionType.MULTIPLE,
    "不定项": QuestionType.MULTIPLE,
    "true_false": QuestionType.TRUE_FALSE,
    "判断": QuestionType.TRUE_FALSE,
    "blank": QuestionType.BLANK,
    "填空": QuestionType.BLANK,
}
INDEFINITE = "不定项"
TYPE_ALIASES = {
    "judge": "true_false",
    "判断题": "true_false",
    "是非": "true_false",
    "是非题": "true_false",
    "tf": "true_false",
    "bool": "true_false",
    "boolean": "true_false",
    "truefalse": "true_false",
    "panduan": "true_false",
    "multi": "multiple",
    "多选题": "multiple",
    "多项选择": "multiple",
    "多项选择题": "multiple",
    "duoxuan": "multiple",
    "radio": "single",
    "choice": "single",
    "单选题": "single",
    "单项选择": "single",
    "单项选择题": "single",
    "danxuan": "single",
    "checkbox": "multiple",
    "不定项选择": "multiple",
    "不定项选择题": "multiple",
    "fill": "blank",
    "填空题": "blank",
    "tiankong": "blank",
    "cloze": "blank",
}
JUDGEMENTS = {
    **dict.fromkeys(("对", "正确", "是", "√", "✓", "t", "true", "yes"), RIGHT),
    **dict.fromkeys(("错", "错误", "否", "×", "✗", "f", "false", "no"), WRONG),
}
BOOLEANS = {"true": True, "yes": True, "是": True, "false": False, "no": False, "否": False}
KNOWN_KEYS = frozenset(
    {*TOP_KEYS, *SOURCE_KEYS, *DEFAULT_KEYS, *QUESTION_KEYS, *BLANK_KEYS, *CITATION_KEYS, *LETTERS}
    | {alias for alias in ALIASES if not alias.isascii()}
)


def nearest_key(name: str, known: tuple[str, ...]) -> str | None:
    """The key of this place that was probably meant."""
    meant = {alias: key for alias, key in ALIASES.items() if key in known}
    return yamlfile.nearest(name, known, meant)


def nearest_type(word: str) -> str | None:
    return yamlfile.nearest(word, [kind.value for kind in QuestionType], TYPE_ALIASES)
