"""Words and buttons of 试题分析, of keys that are corrected, of what is decided anew, and of resits."""

import re
from collections.abc import Sequence

from bot.banks.rules import LETTERS, RIGHT, WRONG, QuestionType, option_line
from bot.banks.views import TYPES
from bot.members.views import moment, turns
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows
from bot.quiz.exam_views import short
from bot.quiz.item_statistics import DOUBTFUL_BELOW, HIDDEN_BELOW, Sums, Worth
from bot.quiz.rates import tenths_of
from bot.quiz.result_facts import (
    Analysis,
    Book,
    ItemFigures,
    ItemPage,
    KeyForm,
    Move,
    Regraded,
    RegradePreview,
    ResitPlan,
    ResitPublished,
)
from bot.quiz.results_views import DECISIONS, key_words, percent
from bot.quiz.rules import AS_IS, EMPTY, Regrading
from bot.quiz.views import JUDGED, cited, score

PAGE = 10
STEM = 24  # characters of a question in a list
MOST_MOVES = 20
TICK = "√"
SETTLED = {Regrading.GRANT: "已送分", Regrading.VOID: "已作废"}
WORTHS = {
    Worth.EXCELLENT: "优",
    Worth.GOOD: "良",
    Worth.FAIR: "可",
    Worth.LOOK: "查",
    Worth.WRONG_KEY: "查答案",
}


# -- 试题分析 ----------------------------------------------------------------------------------------------------------


def analysis(facts: Analysis, page: int = 0) -> Message:
    shown = facts.items[page * PAGE : (page + 1) * PAGE]
    text = lines(
        fill("《{title}》试题分析", title=facts.exam.title),
        doubts(facts.attempts),
        f"信度 α = {hundredths(facts.alpha)}" if facts.alpha is not None else "",
        *(_line(one) for one in shown),
    )
    paper_id = facts.exam.id
    numbers = [Button(str(one.position), press("quiz", "item", paper_id, one.position)) for one in shown]
    pages = turns(page, len(facts.items), PAGE, lambda to: press("quiz", "items", paper_id, to))
    back = Button("返回", press("quiz", "report", paper_id, 0))
    return Message(text, (*rows(numbers, 5), *pages, (back,)), is_protected=True)


def doubts(attempts: int) -> str:
    """What so many first attempts allow to say."""
    if attempts < HIDDEN_BELOW:
        return f"首次答卷 {attempts} 份，不足 {HIDDEN_BELOW} 份，不计算难度和区分度。"
    if attempts < DOUBTFUL_BELOW:
        return f"首次答卷 {attempts} 份，数据仅供参考。"
    return f"首次答卷 {attempts} 份。"


def _line(one: ItemFigures) -> Html:
    stem = cut(one.stem.replace("\n", " "), STEM)
    return fill("{i}. {stem}　{told}", i=one.position, stem=stem, told=_told(one))


def _told(one: ItemFigures) -> str:
    """How a question did; once it counts for all or for nobody, its points say nothing of it."""
    if one.decision in SETTLED:
        return SETTLED[one.decision]
    rate = percent(tenths_of(one.right, one.answered))
    return "，".join([f"正确率 {rate}", *_facility(one.sums), *_discrimination(one.sums)])


def _facility(sums: Sums) -> list[str]:
    if sums.facility is None:
        return []
    note = "（难）" if sums.is_hard else "（易）" if sums.is_easy else ""
    return [f"难度 {thousandths(sums.facility)}{note}"]


def _discrimination(sums: Sums) -> list[str]:
    if sums.discrimination is None or sums.worth is None:
        return []
    return [f"区分度 {hundredths(sums.discrimination)}（{WORTHS[sums.worth]}）"]


def thousandths(value: int) -> str:
    """0.85 of 850."""
    return f"{value // 1000}.{value % 1000:03}".rstrip("0").rstrip(".")


def hundredths(value: int) -> str:
    """-0.05 of -5."""
    return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02}"


def item(facts: ItemPage) -> Message:
    question, figures = facts.question, facts.figures
    unused = [one.letter for one in facts.options if not one.count and question.options]
    text = lines(
        fill("《{title}》第 {i} 题 · {kind}", title=facts.exam.title, i=figures.position, kind=TYPES[question.type]),
        question.stem,
        *_options(facts),
        fill("答案：{words}", words=key_words(question)),
        *_counts(facts),
        f"无人选：{'、'.join(unused)}。" if unused and figures.answered else "",
        cited(question.citation) if question.citation else "",
        f"{DECISIONS[facts.decision]}。" if facts.decision else "",
        "题库里这道题的答案或选项后来有修改。" if facts.has_other_key else "",
    )
    return Message(text, _item_buttons(facts), is_protected=True)


def _counts(facts: ItemPage) -> tuple[str, ...]:
    figures = facts.figures
    if facts.decision in SETTLED:
        return (f"{figures.answered} 人作答。",)
    right = f"{figures.answered} 人作答，{figures.right} 人答对。"
    return right, "，".join(_facility(figures.sums) + _discrimination(figures.sums)) or doubts(figures.sums.s)


def _options(facts: ItemPage) -> list[str]:
    if not facts.question.options:
        names = zip(JUDGED, facts.options, strict=False)
        return [f"{name}（{one.count} 人）{_tick(is_on=one.is_right)}" for name, one in names]
    return [
        f"{option_line(one.letter, one.text)}（{one.count} 人）{_tick(is_on=one.is_right)}" for one in facts.options
    ]


def _tick(*, is_on: bool) -> str:
    return f" {TICK}" if is_on else ""


def _item_buttons(facts: ItemPage) -> Buttons:
    paper_id, at = facts.exam.id, facts.figures.position
    acts = []
    if facts.may_correct and facts.may_decide and facts.question.type is not QuestionType.BLANK:
        acts.append(Button("改答案", press("quiz", "rekey", paper_id, at, AS_IS)))
    if facts.may_decide and facts.has_other_key:
        acts.append(Button("按新答案改判", _decide("regrade", paper_id, at, Regrading.RESCORE)))
    ways = {Regrading.GRANT: "本题送分", Regrading.VOID: "本题作废"} if facts.may_decide else {}
    acts += [
        Button(label, _decide("regrade", paper_id, at, way)) for way, label in ways.items() if way is not facts.decision
    ]
    back = Button("返回", press("quiz", "items", paper_id, (at - 1) // PAGE))
    return (*rows(acts, 2), (back,))


def _decide(verb: str, paper_id: int, position: int, decision: Regrading) -> str:
    return press("quiz", verb, paper_id, position, decision.value)


# -- 改答案 ------------------------------------------------------------------------------------------------------------


def key_form(facts: KeyForm) -> Message:
    question = facts.question
    judged = question.type is QuestionType.TRUE_FALSE
    listed = () if judged else tuple(option_line(*pair) for pair in zip(LETTERS, question.options, strict=False))
    text = lines(
        fill("改答案 · 第 {i} 题", i=facts.position),
        question.stem,
        *listed,
        fill("现在的答案：{words}", words=key_words(question)),
        "改后题库生成新版本，正在进行的考试不受影响；已公布的成绩先预览，确认后才改判。",
    )
    letters = (RIGHT, WRONG) if judged else tuple(question.letters)
    labels = JUDGED if judged else letters
    choices = [_choice(facts, label, letter) for label, letter in zip(labels, letters, strict=True)]
    save = Button(
        "保存并预览改判", press("quiz", "keyset", facts.paper_id, facts.position, facts.chosen), style="danger"
    )
    back = Button("取消", press("quiz", "item", facts.paper_id, facts.position))
    changed = bool(facts.chosen) and facts.chosen != question.answer
    return Message(text, (*rows(choices, 6), *(((save,),) if changed else ()), (back,)), is_protected=True)


def _choice(facts: KeyForm, label: str, letter: str) -> Button:
    is_on = letter in facts.chosen
    if facts.question.type is QuestionType.MULTIPLE:
        after = "".join(sorted(set(facts.chosen) ^ {letter})) or EMPTY
    else:
        after = letter
    shown = f"{label}{_tick(is_on=is_on)}"
    data = press("quiz", "rekey", facts.paper_id, facts.position, after)
    return Button(shown, data, style="primary" if is_on else None)


# -- what is decided anew ----------------------------------------------------------------------------------------------

_HEADS = {
    Regrading.RESCORE: "改判预览：按新答案 {new} 重新判分（原答案 {old}）。",
    Regrading.GRANT: "本题送分预览：参考人员都得满分。",
    Regrading.VOID: "本题作废预览：本题不计分，满分由 {most} 分改为 {rest} 分。",
}
_DONE = {Regrading.RESCORE: "确认改判", Regrading.GRANT: "确认送分", Regrading.VOID: "确认作废"}


def regrade(facts: RegradePreview) -> Message:
    new = key_words(facts.new_key) if facts.new_key else ""
    most, rest = facts.exam.max_centi, facts.exam.max_centi - facts.score_centi
    text = lines(
        fill("《{title}》第 {i} 题", title=facts.exam.title, i=facts.position),
        cut(facts.stem, 200),
        fill(_HEADS[facts.decision], new=new, old=key_words(facts.old_key), most=score(most), rest=score(rest)),
        *_moves(facts),
        "确认后成绩生成新版本，旧版本保留；有变动的人会收到更正通知。",
    )
    go = Button(
        _DONE[facts.decision],
        _decide("decide", facts.exam.id, facts.position, facts.decision),
        style="danger",
    )
    back = Button("返回", press("quiz", "item", facts.exam.id, facts.position))
    others = [
        (Button(f"还考过：《{short(title, 26)}》第 {at} 题", press("quiz", "item", paper_id, at)),)
        for paper_id, at, title in facts.others
    ]
    return Message(text, ((go, back), *others), is_protected=True)


def _moves(facts: RegradePreview) -> list[Html]:
    if not facts.moves:
        return [Html("没有人的成绩会变动。")]
    up = sum(one.is_passed and not one.was_passed for one in facts.moves)
    down = sum(one.was_passed and not one.is_passed for one in facts.moves)
    turned = [f"{up} 人变为合格"] * bool(up) + [f"{down} 人变为不合格"] * bool(down)
    told = [fill("{n} 人成绩变动{turned}。", n=len(facts.moves), turned="：" * bool(turned) + "，".join(turned))]
    if facts.shows_names:
        told += [_move(one) for one in facts.moves[:MOST_MOVES]]
        more = len(facts.moves) - MOST_MOVES
        return [*told, Html(f"另有 {more} 人。")] if more > 0 else told
    return [*told, *_by_branch(facts.moves)]


def _move(one: Move) -> Html:
    verdicts = {(False, True): "，变为合格", (True, False): "，变为不合格"}
    honours = {(False, True): "，达到优秀", (True, False): "，不再优秀"}
    passing, honour = (one.was_passed, one.is_passed), (one.was_excellent, one.is_excellent)
    return fill(
        "· {name}　{a} → {b} 分{verdict}",
        name=one.name,
        a=score(one.from_centi),
        b=score(one.to_centi),
        verdict=verdicts.get(passing) or honours.get(honour, ""),
    )


def _by_branch(moves: Sequence[Move]) -> list[Html]:
    branches = dict.fromkeys(one.branch for one in moves)
    return [
        fill("· {branch}　{n} 人", branch=branch, n=sum(one.branch == branch for one in moves)) for branch in branches
    ]


def regraded(facts: Regraded) -> Message:
    text = fill(
        "《{title}》成绩已更新为第 {n} 版，{m} 人变动，更正通知已发出。",
        title=facts.title,
        n=facts.revision,
        m=facts.moved,
    )
    return Message(text, ((Button("返回", press("quiz", "report", facts.paper_id, 0)),),))


# -- 补考 --------------------------------------------------------------------------------------------------------------


def resit(facts: ResitPlan) -> Message:
    parts = [("缺考", facts.absent), ("开卷未答", facts.no_answer), ("不合格", facts.failed)]
    text = lines(
        fill("发布补考 · 《{title}》第 {k} 次补考", title=facts.exam.title, k=facts.number),
        f"对象 {facts.people} 人：" + "、".join(f"{name} {n} 人" for name, n in parts if n),
        f"现在开考，{moment(facts.closes_at)} 截止，限时 {facts.exam.limit_s // 60} 分钟，题型、题量和分值同首考。",
        "题库余量不够，部分题会与以前重复。" if facts.repeats else "不出以前考过的题。",
        "补考成绩最高按合格线记入；首考的成绩和各项比率不变。",
    )
    go = Button("确认发布", press("quiz", "resitgo", facts.exam.id), style="success")
    return Message(text, ((go, Button("返回", press("quiz", "report", facts.exam.id, 0))),))


def resit_published(facts: ResitPublished) -> Message:
    text = fill(
        "已发布补考：考试 {code}《{title}》，{n} 人，{closes} 截止。{note}",
        code=facts.code,
        title=facts.title,
        n=facts.people,
        closes=moment(facts.closes_at),
        note="部分题与以前重复。" if facts.repeats else "",
    )
    return Message(text, ((Button("查看这场考试", press("quiz", "paper", facts.paper_id)),),))


# -- files -------------------------------------------------------------------------------------------------------------

_NOT_IN_NAMES = re.compile(r'[\\/:*?"<>|\s]+')


def file_name(what: Book) -> str:
    """With its branch, if it is of one alone: in a folder they lie side by side."""
    branches = [one.branch for one in what.overview]
    parts = [what.exam.title, *(branches if len(branches) == 1 else ())]
    return "_".join([what.exam.code, *(cut(_NOT_IN_NAMES.sub("", part), 40) for part in parts), "成绩"])


def caption(what: Book) -> str:
    return "含姓名和成绩，请注意保管，不要转发。" if what.has_names else "各支部情况和试题分析，不含姓名。"


def on_its_way() -> str:
    return "正在生成，稍后发到这里。"
