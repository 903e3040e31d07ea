"""Words and buttons of making and publishing an exam. Facts in, messages out; nothing is looked up here."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta

from bot.banks.rules import QuestionType, Rule
from bot.banks.views import TYPES
from bot.members.views import moment, turns
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows
from bot.quiz.exam_facts import ExamDraft, PublishedExam, RowChoice, Terms
from bot.quiz.rules import (
    CLOSE_AFTER,
    EXAM_STEPS,
    OFFERED,
    ROW_COUNTS,
    ROW_RULES,
    ROW_SCORES,
    TYPED,
    WHOLE_CENTI,
    DraftStep,
    Draw,
    OpenWhen,
    Setting,
    ShowKey,
    ShowScore,
    seconds,
)
from bot.quiz.views import ALL_BANKS, ANY_TOPIC, PAGE, score

MIXED_TITLE = "综合测试"
MAX_TITLE = 60
BRANCHES_PAGE = 12
CHOSEN = "√ "

_STEPS = {
    DraftStep.BANK: "① 题库",
    DraftStep.TOPIC: "② 知识点",
    DraftStep.COUNT: "③ 题量和分值",
    DraftStep.WINDOW: "④ 起止时间",
    DraftStep.TERMS: "⑤ 时长、次数与成绩",
    DraftStep.TARGETS: "⑥ 对象",
    DraftStep.PREVIEW: "⑦ 预览",
}
_RULES = {Rule.HALF: "漏选得一半", Rule.ALL: "全对才得分", Rule.PROP: "漏选按比例", Rule.MINUS: "选对减选错"}
_OPENINGS = {OpenWhen.AT_ONCE: "发布后马上", OpenWhen.TOMORROW: "明天 9:00 ", OpenWhen.MONDAY: "下周一 9:00 "}
_DAYS = {1: "次日", 3: "3 天后", 7: "7 天后", 14: "14 天后"}


def paper_title(bank: str) -> str:
    return cut(bank, MAX_TITLE) or MIXED_TITLE


def minutes(span: timedelta) -> int:
    return seconds(span) // 60


def window(terms: Terms) -> str:
    return f"{moment(terms.opens_at)} 至 {moment(terms.closes_at)}"


def choose_way() -> Message:
    """发起考试: how the paper is to be made."""
    standard = Button("一键标准卷", press("quiz", "standard"), style="success")
    own = Button("逐步设置", press("quiz", "examnew"))
    text = lines(
        Html("<b>发起考试</b>"),
        "一键标准卷：单选 10 题、多选 5 题、判断 5 题，满分 100 分，限时 20 分钟，三天后 18:00 截止。"
        "选好题库，看过预览就能发布。",
        "逐步设置：题库、知识点、题量和分值、时间、时长、对象，每一步都有默认值。",
    )
    return Message(text, ((standard, own),))


def draft(facts: ExamDraft, page: int = 0, *, can_name: bool = False) -> Message:
    """The step an exam being made has come to."""
    if facts.step is DraftStep.TERMS:
        return _terms_step(facts, can_name=can_name)
    steps: dict[DraftStep, Callable[[ExamDraft, int], Message]] = {
        DraftStep.BANK: _bank_step,
        DraftStep.TOPIC: _topic_step,
        DraftStep.COUNT: _count_step,
        DraftStep.WINDOW: _window_step,
        DraftStep.TARGETS: _targets_step,
    }
    return steps.get(facts.step, _preview)(facts, page)


def _head(facts: ExamDraft) -> Html:
    return fill("<b>发起考试 {step}</b>", step=_STEPS[facts.step])


def _ways(facts: ExamDraft, *, can_go_on: bool = True) -> Buttons:
    """Back, on, and out."""
    place = EXAM_STEPS.index(facts.step)
    before = [_go("上一步", facts, EXAM_STEPS[place - 1])] if place else []
    on = [replace(_go("下一步", facts, EXAM_STEPS[place + 1]), style="success")] if can_go_on else []
    return ((*before, *on, _drop(facts)),)


def _go(label: str, facts: ExamDraft, step: DraftStep) -> Button:
    return Button(label, press("quiz", "examgo", facts.paper_id, step.value))


def _drop(facts: ExamDraft) -> Button:
    return Button("放弃", press("quiz", "examdrop", facts.paper_id))


def _ask(label: str, facts: ExamDraft, what: str) -> Button:
    return Button(label, press("quiz", "examask", facts.paper_id, what))


# -- ① ② ---------------------------------------------------------------------------------------------------------------


def _bank_step(facts: ExamDraft, page: int) -> Message:
    every = sum(bank.count for bank in facts.banks)
    choices = [(f"{ALL_BANKS}（{every} 题）", 0)]
    choices += [(f"{cut(bank.title, 40)}（{bank.count} 题）", bank.bank_id) for bank in facts.banks]
    listed = _listed(facts, "exambank", choices, page)
    return Message(lines(_head(facts), "用哪个题库？"), (*listed, *_ways(facts, can_go_on=False)))


def _topic_step(facts: ExamDraft, page: int) -> Message:
    choices = [(f"{ANY_TOPIC}（{facts.have} 题）", 0)]
    choices += [(f"{cut(topic.title, 40)}（{topic.count} 题）", topic.place) for topic in facts.topics]
    text = lines(_head(facts), fill("题库：{bank}", bank=facts.bank or ALL_BANKS), "只考某个知识点，还是不限？")
    return Message(text, (*_listed(facts, "examtopic", choices, page), *_ways(facts, can_go_on=False)))


def _listed(facts: ExamDraft, verb: str, choices: Sequence[tuple[str, int]], page: int) -> Buttons:
    shown = choices[page * PAGE : (page + 1) * PAGE]
    listed = [(Button(label, press("quiz", verb, facts.paper_id, value)),) for label, value in shown]
    return (*listed, *turns(page, len(choices), PAGE, lambda to: press("quiz", "exampage", facts.paper_id, to)))


# -- ③ -----------------------------------------------------------------------------------------------------------------


def _count_step(facts: ExamDraft, _: int) -> Message:
    on_paper = [row for row in facts.rows if row.count]
    total = sum(row.count for row in on_paper)
    known = [row.count * row.score_centi for row in on_paper if row.score_centi is not None]
    points = sum(known)
    odd = "（不是 100 分）" if points != WHOLE_CENTI else ""
    text = lines(
        _head(facts),
        fill("题库：{bank}；知识点：{topic}", bank=facts.bank or ALL_BANKS, topic=facts.topic or ANY_TOPIC),
        *(_row_line(row) for row in on_paper),
        fill("合计 {n} 题，{max} 分{odd}", n=total, max=score(points), odd=odd),
        "点题型修改题量和分值。",
    )
    kinds = [
        Button(f"{TYPES[row.type]} {row.count}", press("quiz", "examrow", facts.paper_id, row.type.value))
        for row in facts.rows
    ]
    return Message(text, (tuple(kinds), *_ways(facts)))


def _row_line(row: RowChoice) -> Html:
    if not row.count:
        return fill("{kind} 0 题", kind=TYPES[row.type])
    rule = f"，{_RULES[row.rule]}" if row.rule in _RULES else ""
    short = f"，只有 {row.have} 题可用" if row.count > row.have else ""
    return fill(
        "{kind} {n} 题 × {score} 分{rule}{short}",
        kind=TYPES[row.type],
        n=row.count,
        score=score(row.score_centi or 0),
        rule=rule,
        short=short,
    )


def row(facts: ExamDraft, kind: QuestionType) -> Message:
    """The choices of one type."""
    chosen = next(row for row in facts.rows if row.type is kind)
    text = lines(
        _head(facts), _row_line(chosen), fill("可用 {have} 题。上面选题量，下面选每题分值。", have=chosen.have)
    )
    counts = [n for n in ROW_COUNTS if n <= chosen.have]
    if chosen.have < ROW_COUNTS[-1]:
        counts = sorted({*counts, chosen.have})
    several: Buttons = ()
    if kind is QuestionType.MULTIPLE:
        marked = [(_RULES[rule], place, rule is (chosen.rule or Rule.HALF)) for place, rule in enumerate(ROW_RULES)]
        several = rows([_choice(facts, "examrule", kind, *one) for one in marked], 2)
    return Message(
        text,
        (
            *rows([_choice(facts, "examcount", kind, f"{n} 题", n, chosen.count == n) for n in counts], 4),
            *rows(
                [_choice(facts, "examscore", kind, f"{score(n)} 分", n, chosen.score_centi == n) for n in ROW_SCORES],
                4,
            ),
            *several,
            (_ask("自己填写", facts, kind.value), _go("选好了", facts, DraftStep.COUNT)),
        ),
    )


def _choice(facts: ExamDraft, verb: str, kind: QuestionType, label: str, value: int, is_on: bool) -> Button:
    return Button((CHOSEN if is_on else "") + label, press("quiz", verb, facts.paper_id, kind.value, value))


# -- ④ -----------------------------------------------------------------------------------------------------------------


def _window_step(facts: ExamDraft, _: int) -> Message:
    opens = "发布后马上" if facts.opens_at_once else moment(facts.terms.opens_at)
    text = lines(
        _head(facts),
        fill("开考：{opens}", opens=opens),
        fill("截止：{closes}", closes=moment(facts.terms.closes_at)),
    )
    openings = [
        Button(f"{label}开考", press("quiz", "examopens", facts.paper_id, when.value))
        for when, label in _OPENINGS.items()
    ]
    closings = [Button(f"{_DAYS[days]}截止", press("quiz", "examcloses", facts.paper_id, days)) for days in CLOSE_AFTER]
    own = _ask("自己填写", facts, "window")
    return Message(text, (tuple(openings[:1]), tuple(openings[1:]), *rows(closings, 2), (own,), *_ways(facts)))


# -- ⑤ -----------------------------------------------------------------------------------------------------------------

_SETTINGS = {
    Setting.LIMIT: "限时",
    Setting.ATTEMPTS: "可考次数",
    Setting.PASS: "合格线",
    Setting.GOOD: "优秀线",
    Setting.DRAW: "抽题",
    Setting.SCORE: "成绩",
    Setting.KEY: "答案",
    Setting.RANKING: "排名",
    Setting.TOP_NAMES: "公布前几名姓名",
}
_VALUES = {
    (Setting.DRAW, Draw.SAME.value): "所有人同一套题",
    (Setting.DRAW, Draw.EACH.value): "每人一套题",
    (Setting.SCORE, ShowScore.ON_SUBMIT.value): "交卷后告诉本人",
    (Setting.SCORE, ShowScore.ON_RELEASE.value): "截止后告诉本人",
    (Setting.KEY, ShowKey.ON_CLOSE.value): "截止后可看",
    (Setting.KEY, ShowKey.ON_SUBMIT.value): "交卷后可看",
    (Setting.KEY, ShowKey.NEVER.value): "不公布",
    (Setting.RANKING, 0): "不排名",
    (Setting.RANKING, 1): "成绩表排名",
    (Setting.TOP_NAMES, 0): "不公布",
}
_UNITS = {
    Setting.LIMIT: "{n} 分钟",
    Setting.ATTEMPTS: "{n} 次",
    Setting.PASS: "{n}%",
    Setting.GOOD: "{n}%",
    Setting.TOP_NAMES: "前 {n} 名",
}


def _value(setting: Setting, value: int) -> str:
    return _VALUES.get((setting, value)) or _UNITS[setting].format(n=value)


def _shown(facts: ExamDraft, *, can_name: bool) -> list[Setting]:
    """Names of those who did best are offered only where a ranking is on and the installation allows them."""
    offers_names = can_name and facts.settings[Setting.RANKING]
    return [setting for setting in Setting if setting is not Setting.TOP_NAMES or offers_names]


def _settings(facts: ExamDraft, *, can_name: bool) -> list[str]:
    shown = _shown(facts, can_name=can_name or bool(facts.settings[Setting.TOP_NAMES]))
    return [f"{_SETTINGS[setting]}：{_value(setting, facts.settings[setting])}" for setting in shown]


def _terms_step(facts: ExamDraft, *, can_name: bool) -> Message:
    text = lines(_head(facts), *_settings(facts, can_name=can_name), "点下面的按钮修改，不改就用现在的。")
    buttons = [
        Button(_SETTINGS[setting], press("quiz", "examset", facts.paper_id, setting.value))
        for setting in _shown(facts, can_name=can_name)
    ]
    return Message(text, (*rows(buttons, 4), *_ways(facts)))


def setting(facts: ExamDraft, chosen: Setting) -> Message:
    """The values of one setting."""
    now = facts.settings[chosen]
    text = lines(_head(facts), fill("{what}：{now}", what=_SETTINGS[chosen], now=_value(chosen, now)))
    values = [
        Button(
            (CHOSEN if value == now else "") + _value(chosen, value),
            press("quiz", "examput", facts.paper_id, chosen.value, value),
        )
        for value in OFFERED[chosen]
    ]
    own = (_ask("自己填写", facts, chosen.name.lower()),) if chosen in TYPED else ()
    width = 4 if chosen in TYPED or chosen is Setting.ATTEMPTS else 1
    return Message(text, (*rows(values, width), (*own, _go("返回", facts, DraftStep.TERMS))))


# -- ⑥ -----------------------------------------------------------------------------------------------------------------


def _targets_step(facts: ExamDraft, page: int) -> Message:
    on = [target for target in facts.targets if target.is_on]
    exempt = f"，免考 {facts.exempt} 人" if facts.exempt else ""
    told = fill("{n} 个支部，应考 {people} 人{exempt}", n=len(on), people=facts.people, exempt=exempt)
    if len(facts.targets) == 1:
        told = fill(
            "{branch}，应考 {people} 人{exempt}", branch=facts.targets[0].name, people=facts.people, exempt=exempt
        )
        return Message(lines(_head(facts), told), _ways(facts))
    shown = facts.targets[page * BRANCHES_PAGE : (page + 1) * BRANCHES_PAGE]
    listed = [
        Button(
            (CHOSEN if target.is_on else "") + cut(target.name, 20),
            press("quiz", "examunit", facts.paper_id, target.branch_id, page),
        )
        for target in shown
    ]
    pages = turns(page, len(facts.targets), BRANCHES_PAGE, lambda to: press("quiz", "exampage", facts.paper_id, to))
    every = Button("全选", press("quiz", "examunits", facts.paper_id, 1))
    none = Button("全不选", press("quiz", "examunits", facts.paper_id, 0))
    text = lines(_head(facts), told, "点支部名选上或去掉。")
    return Message(text, (*rows(listed, 2), *pages, (every, none), *_ways(facts)))


# -- ⑦ -----------------------------------------------------------------------------------------------------------------


def _preview(facts: ExamDraft, _: int) -> Message:
    exempt = f"，免考 {facts.exempt} 人" if facts.exempt else ""
    branches = len([target for target in facts.targets if target.is_on])
    several = f"{branches} 个支部，" if branches > 1 else ""
    odd = "（不是 100 分）" if facts.max_centi != WHOLE_CENTI else ""
    topic = f"；知识点：{facts.topic}" if facts.topic else ""
    text = lines(
        Html("<b>发起考试 预览</b>"),
        fill("《{title}》", title=facts.title),
        fill("题库：{bank}{topic}", bank=facts.bank or ALL_BANKS, topic=topic),
        fill(
            "{n} 题（{kinds}），满分 {max} 分{odd}，{mark} 分合格",
            n=sum(facts.counts.values()),
            kinds="、".join(f"{TYPES[kind]} {n}" for kind, n in facts.counts.items()),
            max=score(facts.max_centi),
            odd=odd,
            mark=score(facts.pass_centi),
        ),
        fill("时间：{window}", window=window(facts.terms)),
        fill("限时 {limit} 分钟，可考 {k} 次", limit=minutes(facts.terms.limit), k=facts.terms.attempts),
        _shown_to(facts),
        fill("对象：{several}应考 {people} 人{exempt}", several=several, people=facts.people, exempt=exempt),
    )
    publish = Button("发布", press("quiz", "exampublish", facts.paper_id), style="success")
    redraw = Button("换一批题", press("quiz", "examredraw", facts.paper_id))
    title = _ask("改标题", facts, "title")
    back = _go("上一步", facts, DraftStep.BANK if facts.is_standard else DraftStep.TARGETS)
    more = [_go("改设置", facts, DraftStep.COUNT)] if facts.is_standard else []
    return Message(text, ((publish, redraw), (title, *more), (back, _drop(facts))))


def _shown_to(facts: ExamDraft) -> str:
    return "，".join(
        [
            f"成绩{_value(Setting.SCORE, facts.settings[Setting.SCORE])}",
            f"答案{_value(Setting.KEY, facts.settings[Setting.KEY])}",
            *([_value(Setting.DRAW, Draw.EACH.value)] if facts.settings[Setting.DRAW] == Draw.EACH.value else []),
            *(["成绩表排名"] if facts.settings[Setting.RANKING] else []),
        ]
    )


_ASKED = {
    "window": "请发送起止时间，例如：3月5日 9:00 至 3月8日 18:00；只写一个时间就是截止时间，例如：明天18:00。",
    "title": f"请发送试卷标题，最多 {MAX_TITLE} 个字。",
    "limit": "请发送限时的分钟数，5–180。",
    "pass": "请发送合格线，是满分的百分之几，1–100。",
    "good": "请发送优秀线，是满分的百分之几，1–100。",
}


def ask(facts: ExamDraft, what: str) -> Message:
    """A value is awaited as text."""
    kinds = {kind.value: kind for kind in QuestionType}
    asked = _ASKED.get(what) or f"请发送{TYPES[kinds[what]]}的题量和每题分值，例如：8 题 5 分。"
    return Message(lines(_head(facts), asked), ((_go("返回", facts, facts.step),),))


def published(facts: PublishedExam) -> Message:
    text = fill(
        "已发布：考试 {code}《{title}》，{n} 题，满分 {max} 分，{window}，应考 {people} 人。\n"
        "开考时在支部群通知，并私聊每位应考党员；成绩只告诉本人。",
        code=facts.code,
        title=facts.title,
        n=facts.count,
        max=score(facts.max_centi),
        window=window(facts.terms),
        people=facts.people,
    )
    return Message(text, ((Button("查看这场考试", press("quiz", "paper", facts.paper_id)),),))
