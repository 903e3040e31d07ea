"""Words and buttons of an exam's results. Facts in, messages out; nothing is looked up here."""

from collections.abc import Mapping, Sequence

from bot.banks.rules import LETTERS, Question, QuestionType, option_line
from bot.banks.views import TYPES
from bot.members.views import turns
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press
from bot.quiz.exam_views import answer_words
from bot.quiz.ranking import Rank
from bot.quiz.rates import FEWEST, Rates, withheld
from bot.quiz.result_facts import (
    AfterResit,
    Fault,
    GroupFigures,
    Line,
    Lowest,
    NameList,
    NoFault,
    Overview,
    OwnScore,
    Report,
)
from bot.quiz.rules import Outcome, Regrading
from bot.quiz.views import cited, score, span

MOST_NAMES = 40
MOST_BRANCHES = 40
PAGE = 25
MAX_TITLE = 60
NONE = "—"
OWN = "本支部"
OUTCOMES = {
    Outcome.SAT: "参考",
    Outcome.NO_ANSWER: "开卷未答",
    Outcome.ABSENT: "缺考",
    Outcome.EXEMPT: "免考",
}
DECISIONS = {
    Regrading.RESCORE: "本题已按更正后的答案改判",
    Regrading.GRANT: "本题送分，参考人员都得满分",
    Regrading.VOID: "本题作废，不计入总分",
}
RANK_RULE = "名次规则：分数高者在前，同分用时短者在前；分数、用时都相同的并列，其后名次顺延。"


# -- figures -----------------------------------------------------------------------------------------------------------


def tenths(value: int | None) -> str:
    """94.4, 100, or a dash where there is nobody to count."""
    if value is None:
        return NONE
    whole, rest = divmod(value, 10)
    return f"{whole}.{rest}" if rest else str(whole)


def percent(value: int | None) -> str:
    return NONE if value is None else f"{tenths(value)}%"


def verdict(*, is_passed: bool) -> str:
    return "合格" if is_passed else "不合格"


def resit_title(title: str, number: int) -> str:
    ending = "（补考）" if number == 1 else f"（第 {number} 次补考）"
    return cut(title, MAX_TITLE - len(ending)) + ending


# -- to each candidate -------------------------------------------------------------------------------------------------


def own_score(facts: OwnScore) -> Message:
    """T09, and the same after a correction."""
    if facts.outcome is Outcome.ABSENT:
        return Message(fill("《{title}》已结束，你没有参加。", title=facts.title), is_protected=True)
    if facts.outcome is Outcome.NO_ANSWER:
        return Message(fill("《{title}》已结束，你开卷后没有作答。", title=facts.title), is_protected=True)
    if facts.outcome is Outcome.EXEMPT:
        return Message(fill("《{title}》已结束，你本次免考。", title=facts.title), is_protected=True)
    text = fill(_wording(facts), **_score_values(facts))
    return Message(text, _own_buttons(facts), is_protected=True)


_SCORE = "《{title}》成绩：<b>{score} 分</b>{of}，{verdict}。{credited}"
_CORRECTED = "《{title}》成绩更正：有一道题重新判定，由 {was} 分改为 <b>{score} 分</b>{of}，{verdict}。{credited}"
_UNMOVED = "《{title}》成绩更正：有一道题重新判定，仍是 <b>{score} 分</b>{of}，{verdict}。{credited}"


def _wording(facts: OwnScore) -> str:
    if facts.was_centi is None:
        return _SCORE
    return _UNMOVED if facts.was_centi == facts.score_centi else _CORRECTED


def _score_values(facts: OwnScore) -> dict[str, object]:
    credited = facts.credited_centi
    return {
        "title": facts.title,
        "score": score(facts.score_centi),
        "of": "" if facts.max_centi == 10_000 else f"（满分 {score(facts.max_centi)} 分）",
        "verdict": verdict(is_passed=facts.is_passed),
        "credited": "" if credited is None else f"补考合格，按 {score(credited)} 分记入。",
        "was": score(facts.was_centi or 0),
    }


def _own_buttons(facts: OwnScore) -> Buttons:
    if not facts.has_errors:
        return ()
    errors = Button("看错题", press("quiz", "fault", facts.paper_id, 1))
    book = Button("错题本", press("practice", "book"))
    return ((errors, book),) if facts.shows_key else ((errors,),)


# -- to a group --------------------------------------------------------------------------------------------------------


def group_figures(facts: GroupFigures) -> Message:
    """T10: figures of the branch, nobody's score; of very few people not even their mean."""
    top = fill("\n前列：{names}（按名册顺序，不分先后）。", names="、".join(facts.top)) if facts.top else ""
    text = _branch_figures(facts.title, OWN, facts.rates, is_corrected=facts.is_corrected, is_open=False)
    told = "成绩有变动的已私发本人。" if facts.is_corrected else "个人成绩已私发本人。"
    return Message(Html(f"{text}{told}{top}") if facts.rates.sat else text)


def _branch_figures(title: str, whose: str, rates: Rates, *, is_corrected: bool, is_open: bool) -> Html:
    head = fill("《{title}》成绩更正：有一道题重新判定。" if is_corrected else "《{title}》已结束。", title=title)
    took_part = fill(
        "{whose}应考 {a} 人，参考 {b} 人，参考率 {c}",
        whose=whose,
        a=rates.expected,
        b=rates.sat,
        c=percent(rates.sat_rate),
    )
    if not rates.sat:
        return Html(f"{head}{took_part}。")
    if rates.sat < FEWEST and not is_open:
        return Html(f"{head}{took_part}。参考人数较少，不公布平均分。")
    means = fill(
        "参考人员平均 {d} 分，及格率 {e}，优秀率 {f}。",
        d=tenths(rates.mean),
        e=percent(rates.pass_rate),
        f=percent(rates.good_rate),
    )
    return Html(f"{head}{took_part}；{means}")


# -- to authors --------------------------------------------------------------------------------------------------------


def report(facts: Report) -> Message:
    """T11: the branch with its names, for secretary and organizer alone."""
    of, whose = facts.exam, facts.branch if facts.has_others or facts.is_elsewhere else OWN
    text = lines(
        _branch_figures(of.title, whose, facts.rates, is_corrected=of.revision > 1, is_open=True),
        _named("缺考", facts.absent),
        _named("开卷未答", facts.no_answer),
        _named("免考", facts.exempt),
        _named("未触达", facts.unreached),
        _lowest(facts.lowest),
        _after_resit(facts.resit),
    )
    resit = Button("发布补考", press("quiz", "resit", of.id))
    rows = [
        (
            Button("导出 Excel", press("quiz", "file", of.id, facts.branch_id)),
            Button("查看名单", press("quiz", "names", of.id, facts.branch_id, 0)),
        ),
        (Button("试题分析", press("quiz", "items", of.id, 0)), *((resit,) if facts.can_resit else ())),
    ]
    if facts.has_others:
        rows.append((Button("返回各支部", press("quiz", "report", of.id, 0)),))
    return Message(text, tuple(rows), is_protected=True)


def _named(label: str, names: Sequence[str]) -> Html:
    if not names:
        return Html("")
    listed = "、".join(names[:MOST_NAMES])
    more = f" 等 {len(names)} 人" if len(names) > MOST_NAMES else ""
    return fill("{label}：{names}{more}。", label=label, names=listed, more=more)


def _lowest(one: Lowest | None) -> str:
    return "" if one is None or one.rate == 1000 else f"答对最少：第 {one.position} 题（{percent(one.rate)}）。"


def _after_resit(one: AfterResit | None) -> str:
    if one is None or not one.sat:
        return ""
    rate = Rates(sat=one.sat, passed=one.passed).pass_rate
    return f"补考后合格率 {percent(rate)}（首考或补考参考 {one.sat} 人，合格 {one.passed} 人）。"


def overview(facts: Overview) -> Message:
    """The table for those above: no names."""
    of = facts.exam
    more = len(facts.branches) - MOST_BRANCHES
    text = lines(
        fill("《{title}》{what}", title=of.title, what="成绩更正：" if of.revision > 1 else "已结束，各支部情况："),
        *_table(facts)[:MOST_BRANCHES],
        f"另有 {more} 个支部，见导出的表。" if more > 0 else "",
        f"合计：{_row(facts.total, is_withheld=facts.total.sat < FEWEST)}" if len(facts.branches) > 1 else "",
        _lowest(facts.lowest),
    )
    resit = Button("发布补考", press("quiz", "resit", of.id))
    rows = (
        (Button("导出 Excel", press("quiz", "file", of.id, 0)), Button("试题分析", press("quiz", "items", of.id, 0))),
        *(((resit,),) if facts.can_resit else ()),
        *_branches(facts),
    )
    return Message(text, rows)


def _branches(facts: Overview) -> Buttons:
    shown = facts.named[:MOST_BRANCHES]
    return tuple((Button(cut(name, 30), press("quiz", "report", facts.exam.id, one)),) for one, name in shown)


def _table(facts: Overview) -> list[Html]:
    hidden = withheld([one.rates for one in facts.branches])
    return [
        fill("· {name}：{figures}", name=one.branch, figures=_row(one.rates, is_withheld=place in hidden))
        for place, one in enumerate(facts.branches)
    ]


def _row(rates: Rates, *, is_withheld: bool) -> str:
    """Of very few people not even their mean: it would be the score of one of them."""
    took_part = f"应考 {rates.expected}，参考 {rates.sat}，参考率 {percent(rates.sat_rate)}"
    if not rates.sat:
        return took_part
    if is_withheld:
        return took_part + ("，人数较少，不列平均分" if rates.sat < FEWEST else "，平均分只计入合计")
    return took_part + f"，平均 {tenths(rates.mean)} 分，及格率 {percent(rates.pass_rate)}"


def names(facts: NameList, page: int = 0) -> Message:
    """查看名单, in the order of the roster."""
    shown = facts.lines[page * PAGE : (page + 1) * PAGE]
    text = lines(
        fill("《{title}》{branch}", title=facts.exam.title, branch=facts.branch),
        *(_person(one, facts.ranks) for one in shown),
        RANK_RULE if facts.ranks else "",
    )
    paper_id, branch_id = facts.exam.id, facts.branch_id
    pages = turns(page, len(facts.lines), PAGE, lambda to: press("quiz", "names", paper_id, branch_id, to))
    back = Button("返回", press("quiz", "report", paper_id, branch_id))
    return Message(text, (*pages, (back,)), is_protected=True)


def _person(one: Line, ranks: Mapping[int, Rank]) -> Html:
    if one.outcome is not Outcome.SAT:
        reason = f"（{one.reason}）" if one.reason else ""
        return fill("· {name}　{what}{reason}", name=one.name, what=OUTCOMES[one.outcome], reason=reason)
    return fill(
        "· {name}　{score} 分，{verdict}，{time}{rank}",
        name=one.name,
        score=score(one.score_centi or 0),
        verdict=verdict(is_passed=one.is_passed),
        time=span(one.time),
        rank=f"，{place(ranks[one.member_id])}" if one.member_id in ranks else "",
    )


def place(rank: Rank) -> str:
    return f"第 {rank.place} 名（并列）" if rank.is_shared else f"第 {rank.place} 名"


# -- one's own errors --------------------------------------------------------------------------------------------------


def fault(facts: Fault | NoFault) -> Message:
    if isinstance(facts, NoFault):
        return Message(fill("《{title}》没有可看的错题。", title=facts.title), is_protected=True)
    question = facts.question
    asked = fill(
        "<b>第 {i} 题</b> · {kind}（得 {a}/{m} 分）",
        i=facts.position,
        kind=TYPES[question.type],
        a=score(facts.awarded_centi),
        m=score(facts.max_centi),
    )
    below = lines(
        fill("你的答案：{words}", words=answer_words(question, facts.order, facts.selection) or "未作答"),
        *_solution(facts),
        fill("{what}。", what=DECISIONS[facts.decision]) if facts.decision else "",
        "本题后来有修改。" if facts.is_changed_since else "",
    )
    head = fill("《{title}》错题 {k}/{n}", title=facts.title, k=facts.place, n=facts.count)
    parts = (head, lines(asked, question.stem), lines(*_options(question, facts.order)), below)
    text = Html("\n\n".join(part for part in parts if part))  # set out as on the card of the exam
    walk = []
    if facts.place > 1:
        walk.append(Button("上一题", press("quiz", "fault", facts.paper_id, facts.place - 1)))
    if facts.place < facts.count:
        walk.append(Button("下一题", press("quiz", "fault", facts.paper_id, facts.place + 1)))
    back = Button("返回成绩", press("quiz", "score", facts.paper_id))
    return Message(text, (*((tuple(walk),) if walk else ()), (back,)), is_protected=True)


def _options(question: Question, order: Sequence[int]) -> list[str]:
    if question.type in (QuestionType.TRUE_FALSE, QuestionType.BLANK):
        return []
    return [option_line(letter, question.options[at]) for letter, at in zip(LETTERS, order, strict=False)]


def _solution(facts: Fault) -> list[Html]:
    """The key, why, and where it stands; nothing where it is not to be shown."""
    if facts.key is None:
        return [Html("本次考试不公布答案。")]
    told = [fill("<b>正确答案：{words}</b>", words=key_words(facts.key, facts.order))]
    if facts.key.explain:
        told.append(fill("{explain}", explain=facts.key.explain))
    if facts.key.citation:
        told.append(fill("{source}", source=cited(facts.key.citation)))
    return told


def key_words(question: Question, order: Sequence[int] | None = None) -> str:
    """The right answer in the letters of an order; of blanks the first accepted text of each."""
    if question.type is QuestionType.BLANK:
        return answer_words(question, (), "\n".join(blank.answers[0] for blank in question.blanks))
    places = range(len(question.options)) if order is None else order
    return answer_words(question, tuple(places), question.answer)
