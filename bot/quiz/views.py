"""Words and buttons of live rounds and their papers. Facts in, messages out; nothing is looked up here."""

from collections.abc import Sequence
from datetime import timedelta
from fractions import Fraction
from typing import Literal

from bot.banks.rules import LETTERS, POLL_EXPLANATION, Citation, Form, Question, QuestionType, option_line
from bot.banks.views import TYPES
from bot.message import Button, Buttons, Html, Message, Poll, cut, fill, lines, press, rows
from bot.quiz.facts import (
    Console,
    ItemCount,
    LiveItem,
    Lobby,
    OwnResult,
    PaperChoice,
    PaperDraft,
    Published,
    Revealed,
    Summary,
)
from bot.quiz.rules import COUNTS, QUICK_COUNTS, DraftStep, PauseReason, RoundState, seconds, shown_key, tenths

WORD = "出题"
JUDGED = ("正确", "错误")
QUICK_TITLE = "题库随机抽题"
MIXED_TITLE = "综合题"
ALL_BANKS = "全部题库"
ANY_TOPIC = "不限知识点"
REDRAWN = "已换过 {n} 次题"  # in a preview, which names no question
PAGE = 10


# -- figures -----------------------------------------------------------------------------------------------------------


def score(centi: int) -> str:
    """Points without trailing zeros: 4, 1.5, 2.67."""
    return f"{centi / 100:.2f}".rstrip("0").rstrip(".")


def decimal(value: Fraction) -> str:
    return f"{float(value):.1f}".removesuffix(".0")


def percent(n: int, d: int) -> str:
    return decimal(tenths(100 * n, d))


def span(time: timedelta) -> str:
    """3 分 12 秒, 10 分钟, 1 小时 5 分."""
    minutes, rest = divmod(seconds(time), 60)
    hours, minutes = divmod(minutes, 60)
    whole = "分" if hours or rest else "分钟"  # beside points, 10 分 would be a score
    parts = [(hours, "小时"), (minutes, whole), (0 if hours else rest, "秒")]
    return " ".join(f"{n} {word}" for n, word in parts if n) or "0 秒"


# -- a question --------------------------------------------------------------------------------------------------------


def option_texts(question: Question, order: Sequence[int]) -> tuple[str, ...]:
    """The options as they are shown, with their letters; true_false has two words of its own."""
    if question.type is QuestionType.TRUE_FALSE:
        return JUDGED
    return tuple(option_line(letter, question.options[place]) for letter, place in zip(LETTERS, order, strict=False))


def poll(item: LiveItem) -> Poll:
    """The question as a native quiz poll, in the form that fits."""
    question, texts = item.question, option_texts(item.question, item.order)
    bare = item.form in (Form.F2, Form.F3) and question.type is not QuestionType.TRUE_FALSE
    return Poll(
        question=item.prefix + _question_line(item),
        options=tuple(LETTERS[: len(texts)]) if bare else texts,
        right=shown_key(question, item.order),
        open_for=item.time,
        allows_several=question.type is QuestionType.MULTIPLE,
        explanation=cut(" ".join(question.explain.split()), POLL_EXPLANATION),
        description=_description(item, texts),
    )


def _question_line(item: LiveItem) -> str:
    if item.form is Form.F0 or (item.form is Form.F2 and not item.stem_is_below):
        return item.question.stem
    return {Form.F1: "题干见说明", Form.F2: "题目见说明"}.get(item.form, "题目见上一条消息")


def _description(item: LiveItem, texts: Sequence[str]) -> str:
    if item.form is Form.F1:
        return item.question.stem
    if item.form is Form.F2:
        return "\n".join([item.question.stem, *texts] if item.stem_is_below else texts)
    return ""


def before_poll(item: LiveItem) -> Message:
    """F3: the question in a message of its own, before a poll of bare letters."""
    texts = option_texts(item.question, item.order)
    shown = () if item.question.type is QuestionType.TRUE_FALSE else texts
    return Message(lines(f"{item.prefix}{item.question.stem}", *shown), is_protected=True)


def cited(citation: Citation) -> str:
    """《…》第十一条, and 待核 where the wording was not compared."""
    title = citation.source.title
    name = title if title.startswith("《") else f"《{title}》"
    doubt = "" if citation.is_verified and citation.source.is_verified else "（待核）"
    return f"（{name}{citation.article}）{doubt}"


def revealed(result: Revealed) -> Message:
    question, order = result.item.question, result.item.order
    texts = option_texts(question, order)
    key = "；".join(texts[place] for place in shown_key(question, order)).rstrip("。")
    counted = f"{result.answered} 人作答，{result.right} 人答对。" if result.answered else "没有人作答。"
    text = fill(
        "第 {i}/{n} 题：{key}。{counted}{explain}{source}",
        i=result.item.position,
        n=result.item.total,
        key=key,
        counted=counted,
        explain=question.explain,
        source=cited(question.citation) if question.citation else "",
    )
    return Message(text, is_silent=True)


# -- a round in its group ----------------------------------------------------------------------------------------------


def choose_paper(papers: Sequence[PaperChoice]) -> Message:
    """The answer to /round."""
    listed = [(Button(_paper_label(paper), press("quiz", "live", paper.paper_id)),) for paper in papers]
    quick = [(Button(f"从题库随机 {n} 题", press("quiz", "quick", n)),) for n in QUICK_COUNTS]
    cancel = (Button("取消", press("quiz", "leave")),)
    return Message(Html("现场答题：请选择试卷，或从题库随机出题。"), (*listed, *quick, cancel))


def _paper_label(paper: PaperChoice) -> str:
    used = "，本群答过" if paper.is_used else ""
    return f"{cut(paper.title, 30)}（{paper.count} 题{used}）"


def chosen(title: str) -> Message:
    return Message(fill("已选《{title}》。", title=title))


def counted(banks: Sequence[tuple[str, int]]) -> str:
    return "、".join(f"{title}（{count} 题）" for title, count in banks)


def left() -> Message:
    return Message(Html("已取消，没有开始现场答题。"))


def lobby(facts: Lobby) -> Message:
    times = sorted({seconds(facts.shortest), seconds(facts.longest)})
    text = fill(
        "现场答题《{title}》，{n} 题，每题 {t} 秒，{wait} 秒后开始，自愿参加。"
        "群投票会显示谁选了什么；不想公开请点“私聊作答”。",
        title=facts.title,
        n=facts.total,
        t="–".join(str(time) for time in times),
        wait=seconds(facts.starts_in),
    )
    seat = _button("私聊作答", "seat", facts.round_id)
    return Message(text, ((_button("我参加", "join", facts.round_id, "success"), seat),))


def joined(people: int) -> str:
    return f"已登记参加，目前 {people} 人。"


def summary(facts: Summary) -> Message:
    if not facts.people:
        return Message(fill("现场答题结束：《{title}》，没有人作答。", title=facts.title))
    if facts.people == 1:  # the figures would be his own, who may have answered in private
        alone = fill("现场答题结束：《{title}》，1 人参加（共 {n} 题）。", title=facts.title, n=facts.total)
        return Message(Html(alone + "个人成绩已私发本人。"))
    parts = fill(
        "现场答题结束：《{title}》，{m} 人参加，人均答对 {x} 题（共 {n} 题），正确率 {p}%。",
        title=facts.title,
        m=facts.people,
        x=decimal(tenths(facts.right, facts.people)),
        n=facts.total,
        p=percent(facts.right, facts.answered),
    )
    return Message(Html(parts + _hardest(facts.hardest) + "个人成绩已私发本人。"))


def _hardest(item: ItemCount | None) -> str:
    if item is None:
        return ""
    return f"答对最少：第 {item.position} 题（{percent(item.right, item.answered)}%）。"


def aborted(title: str, asked: int) -> Message:
    kept = f"已公布 {asked} 题，" if asked else ""
    return Message(fill("现场答题《{title}》已中止，{kept}本场不计入统计。", title=title, kept=kept), is_silent=True)


def own_result(facts: OwnResult) -> Message:
    text = fill(
        "《{title}》：你答了 {a} 题，对 {r} 题，得 {s} 分（满分 {max} 分）。",
        title=facts.title,
        a=facts.answered,
        r=facts.right,
        s=score(facts.score_centi),
        max=score(facts.max_centi),
    )
    book = ((Button("错题本", press("practice", "book")),),) if facts.answered > facts.right else ()
    return Message(text, book)


_REASONS = {
    PauseReason.BY_HAND: "主持人暂停。",
    PauseReason.NOBODY: "连续三题没有人作答。",
    PauseReason.UNSENT: "第 {i} 题没有发出。",
    PauseReason.UNSURE: "第 {i} 题可能未送达。",
    PauseReason.LATE: "第 {i} 题没有按时进行，已收到的投票都算数。",
}


def paused(round_id: int, reason: PauseReason, position: int, outage: timedelta | None = None) -> Message:
    """T26; after an outage of ours with its length."""
    why = f"程序停机 {span(outage)}，已收到的投票都算数。" if outage else _REASONS[reason].format(i=position)
    return Message(Html(f"现场答题已暂停：{why}"), _resume(round_id))


def still_paused(round_id: int) -> Message:
    return Message(Html("现场答题已暂停。"), _resume(round_id))


def after_pause(*, goes_on: bool) -> Message:
    return Message(Html("现场答题暂停后已继续。" if goes_on else "现场答题暂停后已结束。"))


def _resume(round_id: int) -> Buttons:
    return ((_button("继续", "resume", round_id, "success"), _button("结束", "end", round_id, "danger")),)


def confirm_end(round_id: int) -> Message:
    text = Html("确定结束本场现场答题吗？还没出的题不再出，本场不计入统计。")
    yes, no = _button("确认结束", "abort", round_id, "danger"), _button("不结束", "back", round_id)
    return Message(text, ((yes, no),))


def anonymous_vote() -> Message:
    return Message(Html("有人以群或频道的身份投票，认不出是谁，这样的投票不计。"))


# -- the host's console ------------------------------------------------------------------------------------------------


def console(facts: Console) -> Message:
    text = fill(_CONSOLE[facts.state], **_console_values(facts))
    guests = f"名册外 {facts.guests} 人，不计。" if facts.guests else ""
    return Message(Html(text + guests), _console_buttons(facts))


_CONSOLE = {
    RoundState.LOBBY: "控制台：《{title}》即将开始，已报名 {joined} 人。",
    RoundState.ASKING: "控制台：第 {i}/{n} 题，正在发送。",
    RoundState.OPEN: "控制台：第 {i}/{n} 题，已答 {m} 人。",
    RoundState.REVEALED: "控制台：第 {i}/{n} 题，已答 {m} 人，答案已公布。",
    RoundState.PAUSED: "控制台：第 {i}/{n} 题，已答 {m} 人，已暂停。",
    RoundState.FINISHED: "控制台：《{title}》已结束。",
    RoundState.ABORTED: "控制台：《{title}》已中止。",
}


def _console_values(facts: Console) -> dict[str, object]:
    return {"title": facts.title, "joined": facts.joined, "i": facts.position, "n": facts.total, "m": facts.answered}


def _console_buttons(facts: Console) -> Buttons:
    go_on = {
        RoundState.LOBBY: [_button("现在开始", "begin", facts.round_id, "success")],
        RoundState.ASKING: [_button("暂停", "pause", facts.round_id)],
        RoundState.OPEN: [_next(facts), _button("暂停", "pause", facts.round_id)],
        RoundState.REVEALED: [_next(facts), _button("暂停", "pause", facts.round_id)],
        RoundState.PAUSED: [_button("继续", "resume", facts.round_id, "success")],
    }.get(facts.state)
    if not go_on:
        return ()
    guests = ((_button("请他们绑定", "guests", facts.round_id),),) if facts.guests else ()
    return ((*go_on, _button("结束", "end", facts.round_id, "danger")), *guests)


def _next(facts: Console) -> Button:
    return Button("下一题", press("quiz", "next", facts.round_id, facts.position))


def _button(label: str, verb: str, round_id: int, style: Literal["success", "danger"] | None = None) -> Button:
    return Button(label, press("quiz", verb, round_id), style=style)


# -- making a paper ----------------------------------------------------------------------------------------------------


def menu(papers: Sequence[PaperChoice], exams: Buttons = ()) -> Message:
    """The answer to /quiz; `exams`: a button each."""
    held = [fill("· {title}（{n} 题）", title=paper.title, n=paper.count) for paper in papers]
    text = lines(
        "出题与考试",
        "现场答题卷（在支部群发送 /round 开始）：" if held else "还没有现场答题卷，三步就能做一份。",
        *held,
    )
    live, exam = Button("现场答题卷", press("quiz", "new")), Button("发起考试", press("quiz", "exam"), style="success")
    return Message(text, (*exams, (exam, live)))


def draft(facts: PaperDraft, page: int = 0) -> Message:
    """The step a paper being made has come to."""
    steps = {DraftStep.BANK: _bank_step, DraftStep.TOPIC: _topic_step, DraftStep.COUNT: _count_step}
    return steps[facts.step](facts, page) if facts.step in steps else _preview(facts)


def _bank_step(facts: PaperDraft, page: int) -> Message:
    every = sum(bank.count for bank in facts.banks)
    choices = [(f"{cut(bank.title, 40)}（{bank.count} 题）", bank.bank_id) for bank in facts.banks]
    return _step("现场答题卷 ① 题库", "bank", facts, [(f"{ALL_BANKS}（{every} 题）", 0), *choices], page)


def _topic_step(facts: PaperDraft, page: int) -> Message:
    text = fill("现场答题卷 ② 知识点\n题库：{bank}", bank=facts.bank or ALL_BANKS)
    choices = [(f"{cut(topic.title, 40)}（{topic.count} 题）", topic.place) for topic in facts.topics]
    return _step(text, "topic", facts, [(f"{ANY_TOPIC}（{facts.have} 题）", 0), *choices], page)


def _step(text: str, verb: str, facts: PaperDraft, choices: Sequence[tuple[str, int]], page: int) -> Message:
    """A list of choices, ten to a page, with the ways on and out below."""
    shown = choices[page * PAGE : (page + 1) * PAGE]
    listed = [(Button(label, press("quiz", verb, facts.paper_id, value)),) for label, value in shown]
    turns = []
    if page:
        turns.append(Button("上一页", press("quiz", "page", facts.paper_id, page - 1)))
    if len(choices) > (page + 1) * PAGE:
        turns.append(Button("下一页", press("quiz", "page", facts.paper_id, page + 1)))
    return Message(Html(text), (*listed, *([tuple(turns)] if turns else []), _ways_out(facts)))


def _count_step(facts: PaperDraft, _: int) -> Message:
    text = fill("现场答题卷 ③ 题量\n题库：{bank}\n知识点：{topic}\n可用 {have} 题", **_choices(facts), have=facts.have)
    counts = [Button(f"{n} 题", press("quiz", "count", facts.paper_id, n)) for n in COUNTS]
    return Message(text, (*rows(counts, 3), _ways_out(facts)))


def _preview(facts: PaperDraft) -> Message:
    kinds = "、".join(f"{TYPES[kind]} {n}" for kind, n in facts.counts.items())
    text = fill(
        "现场答题卷 预览\n《{title}》\n题库：{bank}\n知识点：{topic}\n"
        "{n} 题（{kinds}），满分 {max} 分，约 {time} 分钟{again}",
        **_choices(facts),
        title=facts.title,
        n=sum(facts.counts.values()),
        kinds=kinds,
        max=score(facts.max_centi),
        time=max(1, round(seconds(facts.takes) / 60)),
        again=f"\n{REDRAWN.format(n=facts.redrawn)}" if facts.redrawn else "",
    )
    publish = Button("发布", press("quiz", "publish", facts.paper_id), style="success")
    redraw = Button("换一批题", press("quiz", "redraw", facts.paper_id))
    return Message(text, ((publish, redraw), _ways_out(facts)))


def _choices(facts: PaperDraft) -> dict[str, object]:
    return {"bank": facts.bank or ALL_BANKS, "topic": facts.topic or ANY_TOPIC}


def _ways_out(facts: PaperDraft) -> tuple[Button, ...]:
    drop = Button("放弃", press("quiz", "drop", facts.paper_id))
    if facts.step is DraftStep.BANK:
        return (drop,)
    return (Button("上一步", press("quiz", "step", facts.paper_id)), drop)


def paper_title(bank: str, topic: str) -> str:
    return "·".join(part for part in (bank or MIXED_TITLE, topic) if part)


def published(facts: Published) -> Message:
    text = fill(
        "已发布：现场答题卷 {code}《{title}》，{n} 题。\n在支部群发送 /round，选这份卷子就能开始。",
        code=facts.code,
        title=facts.title,
        n=facts.count,
    )
    return Message(text)


def dropped() -> Message:
    return Message(Html("已放弃，没有留下试卷。"), ((Button("返回", press("quiz", "menu")),),))


def only_in_groups() -> Message:
    return Message(Html("请在支部群里发送 /round。出题和看试卷请发送 /quiz。"))
