"""Words and buttons of making and publishing an exam. Facts in, messages out; nothing is looked up here."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from bot.banks.views import TYPES
from bot.members.views import moment, turns
from bot.message import Button, Buttons, Html, Message, cut, fill, lines, press, rows
from bot.quiz import row_views
from bot.quiz.exam_facts import ExamDraft, PublishedExam, Terms
from bot.quiz.exam_views import names_read, rule_lines
from bot.quiz.rules import (
    CLOSE_AFTER,
    OFFERED,
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
from bot.quiz.views import ALL_BANKS, ANY_TOPIC, REDRAWN, score
from bot.quiz.wizard_views import Choice, ask, drop, go, head, listed, marked, ways

MIXED_TITLE = "综合测试"
MAX_TITLE = 60
BRANCHES_PAGE = 12
UNCHANGED = "点下面的按钮修改，不改就用现在的。"

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
        DraftStep.COUNT: lambda draft, _: row_views.count_step(draft),
        DraftStep.WINDOW: _window_step,
        DraftStep.TARGETS: _targets_step,
    }
    step = steps.get(facts.step)
    return step(facts, page) if step else _preview(facts, can_name=can_name)


# -- ① ② ---------------------------------------------------------------------------------------------------------------


def _bank_step(facts: ExamDraft, page: int) -> Message:
    """A standard paper goes from here to its preview, so that its bank has to be chosen."""
    can_go_on = not facts.is_standard
    choices = [Choice(ALL_BANKS, facts.have, 0, is_on=can_go_on and not facts.bank)]
    choices += [Choice(bank.title, bank.count, bank.bank_id, facts.bank_id == bank.bank_id) for bank in facts.banks]
    told, buttons = _listed(facts, "exambank", choices, page)
    return Message(lines(head(facts), "用哪个题库？", told), (*buttons, *ways(facts, can_go_on=can_go_on)))


def _topic_step(facts: ExamDraft, page: int) -> Message:
    choices = [Choice(ANY_TOPIC, facts.have, 0, is_on=not (facts.topic or facts.topics_differ))]
    choices += [Choice(one.title, one.count, one.place, facts.topic == one.title) for one in facts.topics]
    told, buttons = _listed(facts, "examtopic", choices, page)
    text = lines(
        head(facts),
        fill("题库：{bank}", bank=facts.bank or ALL_BANKS),
        "各行的知识点不同，点“下一步”保留；在这里选一个，各行都改成它。"
        if facts.topics_differ
        else "整张试卷只考某个知识点，还是不限？下一步还可以逐行指定。",
        told,
    )
    return Message(text, (*buttons, *ways(facts)))


def _listed(facts: ExamDraft, verb: str, choices: Sequence[Choice], page: int) -> tuple[Html, Buttons]:
    return listed(
        choices,
        page,
        lambda value: press("quiz", verb, facts.paper_id, value),
        lambda to: press("quiz", "exampage", facts.paper_id, to),
    )


# -- ④ -----------------------------------------------------------------------------------------------------------------


def _window_step(facts: ExamDraft, _: int) -> Message:
    opens = "发布后马上" if facts.opens_at_once else moment(facts.terms.opens_at)
    text = lines(
        head(facts),
        fill("开考：{opens}", opens=opens),
        fill("截止：{closes}", closes=moment(facts.terms.closes_at)),
        UNCHANGED,
    )
    openings = [
        Button(f"{label}开考", press("quiz", "examopens", facts.paper_id, when.value))
        for when, label in _OPENINGS.items()
    ]
    closings = [Button(f"{_DAYS[days]}截止", press("quiz", "examcloses", facts.paper_id, days)) for days in CLOSE_AFTER]
    own = ask("自己填写", facts, "window")
    return Message(text, (tuple(openings[:1]), tuple(openings[1:]), *rows(closings, 2), (own,), *ways(facts)))


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
    text = lines(head(facts), *_settings(facts, can_name=can_name), UNCHANGED)
    buttons = [
        Button(_SETTINGS[setting], press("quiz", "examset", facts.paper_id, setting.value))
        for setting in _shown(facts, can_name=can_name)
    ]
    return Message(text, (*rows(buttons, 4), *ways(facts)))


def setting(facts: ExamDraft, chosen: Setting) -> Message:
    """The values of one setting."""
    now = facts.settings[chosen]
    text = lines(head(facts), fill("{what}：{now}", what=_SETTINGS[chosen], now=_value(chosen, now)))
    values = [
        Button(
            marked(_value(chosen, value), is_on=value == now),
            press("quiz", "examput", facts.paper_id, chosen.value, value),
        )
        for value in OFFERED[chosen]
    ]
    own = (ask("自己填写", facts, chosen.name.lower()),) if chosen in TYPED else ()
    width = 4 if chosen in TYPED or chosen is Setting.ATTEMPTS else 1
    return Message(text, (*rows(values, width), (*own, go("返回", facts, DraftStep.TERMS))))


# -- ⑥ -----------------------------------------------------------------------------------------------------------------


def _targets_step(facts: ExamDraft, page: int) -> Message:
    on = [target for target in facts.targets if target.is_on]
    exempt = f"，免考 {facts.exempt} 人" if facts.exempt else ""
    told = fill("{n} 个支部，应考 {people} 人{exempt}", n=len(on), people=facts.people, exempt=exempt)
    if len(facts.targets) == 1:
        told = fill(
            "{branch}，应考 {people} 人{exempt}", branch=facts.targets[0].name, people=facts.people, exempt=exempt
        )
        return Message(lines(head(facts), told), ways(facts))
    shown = facts.targets[page * BRANCHES_PAGE : (page + 1) * BRANCHES_PAGE]
    listed = [
        Button(
            marked(cut(target.name, 20), is_on=target.is_on),
            press("quiz", "examunit", facts.paper_id, target.branch_id, page),
        )
        for target in shown
    ]
    pages = turns(page, len(facts.targets), BRANCHES_PAGE, lambda to: press("quiz", "exampage", facts.paper_id, to))
    every = Button("全选", press("quiz", "examunits", facts.paper_id, 1))
    none = Button("全不选", press("quiz", "examunits", facts.paper_id, 0))
    text = lines(head(facts), told, "点支部名选上或去掉。")
    return Message(text, (*rows(listed, 2), *pages, (every, none), *ways(facts)))


# -- ⑦ -----------------------------------------------------------------------------------------------------------------


def _preview(facts: ExamDraft, *, can_name: bool) -> Message:
    exempt = f"，免考 {facts.exempt} 人" if facts.exempt else ""
    branches = len([target for target in facts.targets if target.is_on])
    several = f"{branches} 个支部，" if branches > 1 else ""
    odd = "（不是 100 分）" if facts.max_centi != WHOLE_CENTI else ""
    topic = f"；知识点：{facts.topic}" if facts.topic else ""
    is_detailed = facts.topics_differ or any(row.count and row.level for row in facts.rows)
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
        REDRAWN.format(n=facts.redrawn) if facts.redrawn else "",
        *(row_views.row_lines(facts, with_rules=False) if is_detailed else []),
        *rule_lines(facts.rules),
        fill("时间：{window}", window=window(facts.terms)),
        fill("限时 {limit} 分钟，可考 {k} 次", limit=minutes(facts.terms.limit), k=facts.terms.attempts),
        _shown_to(facts),
        _named(facts) if can_name else "",
        fill("对象：{several}应考 {people} 人{exempt}", several=several, people=facts.people, exempt=exempt),
    )
    publish = Button("发布", press("quiz", "exampublish", facts.paper_id), style="success")
    redraw = Button("换一批题", press("quiz", "examredraw", facts.paper_id))
    title = ask("改标题", facts, "title")
    back = go("上一步", facts, DraftStep.BANK if facts.is_standard else DraftStep.TARGETS)
    first = (publish,) if _is_each(facts) else (publish, redraw)  # there is no one draw that could be another
    return Message(text, (first, (title, go("改设置", facts, DraftStep.COUNT)), (back, drop(facts))))


def _shown_to(facts: ExamDraft) -> str:
    return "，".join(
        [
            f"成绩{_value(Setting.SCORE, facts.settings[Setting.SCORE])}",
            f"答案{_value(Setting.KEY, facts.settings[Setting.KEY])}",
            *([_value(Setting.DRAW, Draw.EACH.value)] if _is_each(facts) else []),
            *(["成绩表排名"] if facts.settings[Setting.RANKING] else []),
        ]
    )


def _is_each(facts: ExamDraft) -> bool:
    return facts.settings[Setting.DRAW] == Draw.EACH.value


def _named(facts: ExamDraft) -> str:
    n = facts.settings[Setting.TOP_NAMES]
    return names_read(n) if n and facts.settings[Setting.RANKING] else ""


def redrawn() -> str:
    return "已换一批题，题型、题量和分值不变。"


_ASKED = {
    "window": "请发送起止时间，例如：3月5日 9:00 至 3月8日 18:00；只写一个时间就是截止时间，例如：明天18:00。",
    "title": f"请发送试卷标题，最多 {MAX_TITLE} 个字。",
    "limit": "请发送限时的分钟数，5–180。",
    "pass": "请发送合格线，是满分的百分之几，1–100。",
    "good": "请发送优秀线，是满分的百分之几，1–100。",
}


def asked(facts: ExamDraft, what: str) -> Message:
    """A value is awaited as text."""
    for row in facts.rows:
        if what in (f"row{row.place}", f"each{row.place}"):
            return row_views.asked(facts, row, is_points=what.startswith("each"))
    return Message(lines(head(facts), _ASKED[what]), ((go("返回", facts, facts.step),),))


def published(facts: PublishedExam) -> Message:
    text = fill(
        "已发布：考试 {code}《{title}》，{n} 题，满分 {max} 分，{window}，应考 {people} 人。\n"
        "开考时通知已绑定的支部群，并私聊每位应考党员；成绩只告诉本人。",
        code=facts.code,
        title=facts.title,
        n=facts.count,
        max=score(facts.max_centi),
        window=window(facts.terms),
        people=facts.people,
    )
    return Message(text, ((Button("查看这场考试", press("quiz", "paper", facts.paper_id)),),))
