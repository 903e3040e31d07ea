"""Words and buttons of the rows of an exam being made. Facts in, messages out; nothing is looked up here."""

from collections.abc import Sequence
from dataclasses import replace

from bot.banks.rules import QuestionType, Rule
from bot.banks.views import TYPES
from bot.message import Button, Buttons, Html, Message, fill, lines, press, rows
from bot.quiz.exam_facts import ExamDraft, RowChoice, RowDesk, RowKinds
from bot.quiz.exam_views import BLANK_RULES, RULES
from bot.quiz.rules import EACH_SCORES, MAX_EXAM, ROW_COUNTS, ROW_RULES, ROW_SCORES, WHOLE_CENTI, DraftStep
from bot.quiz.views import ALL_BANKS, ANY_TOPIC, score
from bot.quiz.wizard_views import Choice, ask, go, head, listed, marked, row_name, ways, width

ANY_LEVEL = "不限难度"
BANK_RULE = "按题库规定"
_HARDNESS = {1: "最易", 2: "较易", 3: "一般", 4: "较难", 5: "最难"}


def count_step(facts: ExamDraft) -> Message:
    """The list of rows."""
    on_paper = on_paper_of(facts)
    points = sum(row.count * row.score_centi for row in on_paper)
    topic = "各行不同" if facts.topics_differ else facts.topic or "不限"
    total = fill(
        "合计 {n} 题，{max} 分{odd}",
        n=sum(row.count for row in on_paper),
        max=score(points),
        odd="" if points == WHOLE_CENTI else "（不是 100 分）",
    )
    text = lines(
        head(facts),
        fill("题库：{bank}；知识点：{topic}", bank=facts.bank or ALL_BANKS, topic=topic),
        *row_lines(facts),
        *([total, "点题型修改题量、分值、知识点和难度。"] if on_paper else ["还没有题，请点“加一行”。"]),
    )
    labels = [f"{number}{TYPES[row.type]} {row.count}" for number, row in _numbered(facts)]
    buttons = [
        Button(label, press("quiz", "examrow", facts.paper_id, row.place))
        for label, row in zip(labels, on_paper, strict=True)
    ]
    add = Button("加一行", press("quiz", "examkinds", facts.paper_id))
    return Message(text, (*rows(buttons, 2 if len(buttons) == 4 else 3), (add,), *ways(facts)))


def on_paper_of(facts: ExamDraft) -> list[RowChoice]:
    """Rows with questions, from single choice to blanks."""
    order = list(QuestionType)
    return sorted((row for row in facts.rows if row.count), key=lambda row: order.index(row.type))


def _numbered(facts: ExamDraft) -> list[tuple[str, RowChoice]]:
    """Numbers only where a type does not name its row."""
    shown = on_paper_of(facts)
    is_plain = len({row.type for row in shown}) == len(shown)
    return [("" if is_plain else f"{n}. ", row) for n, row in enumerate(shown, 1)]


def row_lines(facts: ExamDraft, *, with_rules: bool = True) -> list[Html]:
    """A line for each row; a topic that the whole paper has is not said again."""
    shown = [(number, row if with_rules else replace(row, rule=None)) for number, row in _numbered(facts)]
    return [_row_line(row, number, None if facts.topic else row.topic) for number, row in shown]


def _row_line(row: RowChoice, number: str, topic: str | None) -> Html:
    named = row_name(row.type, topic, row.level)
    return fill(
        "{number}{row}{gap}{n} 题 × {score} 分{rule}{short}",
        number=number,
        row=named,
        gap="" if named.endswith("）") else " ",
        n=row.count,
        score=score(row.score_centi),
        rule=f"，{_short_rule(row)}" if row.rule else "",
        short=f"，只有 {row.gets} 题可用" if row.gets < row.count else "",
    )


def _short_rule(row: RowChoice) -> str:
    return _rule(row.type, row.rule, row.each_centi).partition("，")[0]


def _rule(kind: QuestionType, rule: Rule | None, each_centi: int | None) -> str:
    if rule is None:
        return BANK_RULE
    return (BLANK_RULES if kind is QuestionType.BLANK else RULES)[rule].format(k=score(each_centi or 0))


# -- one row -----------------------------------------------------------------------------------------------------------


def row(desk: RowDesk) -> Message:
    """What a row may be."""
    facts, chosen = desk.draft, desk.row
    about = fill(
        "知识点：{topic}；难度：{level}",
        topic=chosen.topic or "不限",
        level=_level(chosen.level) if chosen.level else "不限",
    )
    rule = fill("计分：{rule}", rule=_rule(chosen.type, chosen.rule, chosen.each_centi)) if _has_rules(chosen) else ""
    text = lines(head(facts), _points_line(chosen), about, rule, _supply_line(desk), "先选题量，再选每题分值。")
    at = facts.paper_id, chosen.place
    counts = sorted({*(n for n in ROW_COUNTS if n <= desk.most), min(desk.most, ROW_COUNTS[-1])} - {0})
    more = [
        Button("知识点", press("quiz", "examtopics", *at, 0)),
        Button("难度", press("quiz", "examlevels", *at)),
        *([Button("计分规则", press("quiz", "examrules", *at))] if _has_rules(chosen) else []),
        ask("自己填写", facts, f"row{chosen.place}"),
    ]
    done = replace(go("选好了", facts, DraftStep.COUNT), style="success")
    return Message(
        text,
        (
            *rows([_choice("examcount", at, f"{n} 题", n, chosen.count) for n in counts], width(len(counts))),
            *rows([_choice("examscore", at, f"{score(n)} 分", n, chosen.score_centi) for n in ROW_SCORES], 4),
            *rows(more, 2 if len(more) == 4 else 3),
            (Button("删掉这一行", press("quiz", "examcut", *at)), done),
        ),
    )


def _points_line(row: RowChoice) -> Html:
    if not row.count:
        return fill("{kind} 0 题", kind=TYPES[row.type])
    return fill("{kind} {n} 题 × {score} 分", kind=TYPES[row.type], n=row.count, score=score(row.score_centi))


def _supply_line(desk: RowDesk) -> str:
    have, most, count = desk.row.have, desk.most, desk.row.count
    others = f"，其他行用去以后最多 {most} 题" if most < min(have, MAX_EXAM) else ""
    return f"可用 {have} 题{others}" + (f"，不够 {count} 题，请改题量。" if count > most else "。")


def _choice(verb: str, at: Sequence[int], label: str, value: int, chosen: int | None) -> Button:
    return Button(marked(label, is_on=value == chosen), press("quiz", verb, *at, value))


def _has_rules(row: RowChoice) -> bool:
    return row.type in ROW_RULES


def _level(level: int) -> str:
    return f"{level}（{_HARDNESS[level]}）"


def _back(desk: RowDesk) -> Button:
    return Button("返回", press("quiz", "examrow", desk.draft.paper_id, desk.row.place))


def topics(desk: RowDesk, page: int) -> Message:
    """What a row may be about."""
    chosen, at = desk.row, (desk.draft.paper_id, desk.row.place)
    choices = [Choice(ANY_TOPIC, desk.of_any_topic, 0, is_on=chosen.topic is None)]
    choices += [Choice(one.title, one.count, one.place, chosen.topic == one.title) for one in desk.topics]
    asked = fill("{row}考哪个知识点？", row=row_name(chosen.type, None, chosen.level))
    told, buttons = listed(
        choices,
        page,
        lambda number: press("quiz", "examabout", *at, number),
        lambda to: press("quiz", "examtopics", *at, to),
    )
    return Message(lines(head(desk.draft), asked, told), (*buttons, (_back(desk),)))


def levels(desk: RowDesk) -> Message:
    """How hard a row may be."""
    chosen, at = desk.row, (desk.draft.paper_id, desk.row.place)
    asked = fill("{row}考哪个难度？", row=row_name(chosen.type, chosen.topic, None))
    buttons = [_choice("examlevel", at, f"{ANY_LEVEL}（{desk.of_any_level} 题）", 0, chosen.level or 0)]
    buttons += [
        _choice("examlevel", at, f"难度 {_level(level)}：{count} 题", level, chosen.level)
        for level, count in sorted(desk.levels.items())
    ]
    return Message(lines(head(desk.draft), asked), (*rows(buttons, 1), (_back(desk),)))


def rules(desk: RowDesk) -> Message:
    """How the questions of a row's type may be marked."""
    chosen, at = desk.row, (desk.draft.paper_id, desk.row.place)
    asked = fill("{kind}题怎样计分？整张试卷的{kind}题都用同一条规则。", kind=TYPES[chosen.type])
    each = chosen.each_centi or min(EACH_SCORES[0], chosen.score_centi)
    buttons = [
        (Button(marked(_rule(chosen.type, rule, each), is_on=rule is chosen.rule), press("quiz", "examrule", *at, n)),)
        for n, rule in enumerate(ROW_RULES.get(chosen.type, ()))
    ]
    worth: Buttons = ()
    if chosen.rule is Rule.EACH:
        offered = [n for n in EACH_SCORES if n <= chosen.score_centi]
        worth = (
            *rows([_choice("exameach", at, f"每项 {score(n)} 分", n, chosen.each_centi) for n in offered], 2),
            (ask("自己填写每项分值", desk.draft, f"each{chosen.place}"),),
        )
    return Message(lines(head(desk.draft), asked), (*buttons, *worth, (_back(desk),)))


def asked(facts: ExamDraft, row: RowChoice, *, is_points: bool) -> Message:
    """The count and points of a row are awaited as text, or what one right letter earns."""
    told = fill(
        "请发送{row}的题量和每题分值，例如：8 题 5 分。可用 {have} 题。",
        row=row_name(row.type, row.topic, row.level),
        have=row.have,
    )
    if is_points:
        told = Html("请发送每选对一项得多少分，例如：0.5 分。")
    verb = "examrules" if is_points else "examrow"
    return Message(lines(head(facts), told), ((Button("返回", press("quiz", verb, facts.paper_id, row.place)),),))


def kinds(facts: RowKinds) -> Message:
    """Of which type a row may be added."""
    draft = facts.draft
    asked = fill("加哪种题型？知识点：{topic}", topic=draft.topic) if draft.topic else "加哪种题型？"
    buttons = [
        Button(f"{TYPES[kind]}（{have} 题）", press("quiz", "examadd", draft.paper_id, kind.value, place))
        for kind, have, place in facts.kinds
    ]
    return Message(lines(head(draft), asked), (*rows(buttons, 2), (go("返回", draft, DraftStep.COUNT),)))
