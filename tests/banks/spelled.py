"""A foreign file as its reader and the judge leave it: a line per question and per fault, to compare to the letter."""

from bot.banks import foreign
from bot.banks.formats.raw import RawFile
from bot.banks.judging import Ground
from bot.banks.rules import LETTERS, Issue, Question, QuestionType

NAMES = {
    QuestionType.SINGLE: "单选",
    QuestionType.MULTIPLE: "多选",
    QuestionType.TRUE_FALSE: "判断",
    QuestionType.BLANK: "填空",
}
HINTS = frozenset({"W212", "W213", "W217", "W221"})  # what the judge guessed; of no interest to a reader


def spelled(raw: RawFile) -> list[str]:
    """The questions in order, then the faults with their line or paragraph."""
    judged = foreign.judge(raw, Ground())
    faults = [fault(issue) for issue in judged.issues if issue.code not in HINTS]
    assert judged.rows.read == judged.rows.good + judged.rows.repeated + judged.rows.bad
    return [*(question(drawn.question) for drawn in judged.drawn), *faults]


def question(one: Question) -> str:
    """`单选 题干 A.甲 B.乙 =A`, then points, explanation, topics, difficulty where they are not the usual ones."""
    options = [f"{letter}.{text}" for letter, text in zip(LETTERS, one.options, strict=False)]
    blanks = "|".join("；".join(blank.answers) for blank in one.blanks)
    rest = [
        f"{one.score_centi / 100:g}分" if one.score_centi != 100 else "",
        f"解析：{one.explain}" if one.explain else "",
        f"知识点：{'、'.join(one.topics)}" if one.topics else "",
        f"难度：{one.difficulty}" if one.difficulty != 3 else "",
        f"出处：{one.citation.source.title}" if one.citation else "",
    ]
    return " ".join(filter(None, [NAMES[one.type], one.stem, *options, f"={one.answer or blanks}", *rest]))


def fault(issue: Issue) -> str:
    return " ".join([str(issue.place[0]), issue.code, *map(str, issue.params.values())])
