"""Words and buttons of making and publishing an exam. Facts in, messages out; nothing is looked up here."""

from datetime import timedelta

from bot.banks.views import TYPES
from bot.members.views import moment, turns
from bot.message import Button, Html, Message, cut, fill, press
from bot.quiz.exam_facts import ExamDraft, PublishedExam, Terms
from bot.quiz.rules import DraftStep, seconds
from bot.quiz.views import ALL_BANKS, PAGE, score

MIXED_TITLE = "综合测试"
MAX_TITLE = 60


def paper_title(bank: str) -> str:
    return cut(bank, MAX_TITLE) or MIXED_TITLE


def minutes(span: timedelta) -> int:
    return seconds(span) // 60


def choose_way() -> Message:
    """发起考试: how the paper is to be made."""
    standard = Button("一键标准卷", press("quiz", "standard"), style="success")
    text = (
        "发起考试\n一键标准卷：单选 10 题、多选 5 题、判断 5 题，满分 100 分，限时 20 分钟，三天后 18:00 截止。"
        "选好题库，看过预览就能发布。"
    )
    return Message(Html(text), ((standard,),))


def draft(facts: ExamDraft, page: int = 0) -> Message:
    """The step an exam being made has come to."""
    return _bank_step(facts, page) if facts.step is DraftStep.BANK else _preview(facts)


def _bank_step(facts: ExamDraft, page: int) -> Message:
    every = sum(bank.count for bank in facts.banks)
    choices = [(f"{ALL_BANKS}（{every} 题）", 0)]
    choices += [(f"{cut(bank.title, 40)}（{bank.count} 题）", bank.bank_id) for bank in facts.banks]
    shown = choices[page * PAGE : (page + 1) * PAGE]
    listed = [(Button(label, press("quiz", "exambank", facts.paper_id, value)),) for label, value in shown]
    pages = turns(page, len(choices), PAGE, lambda to: press("quiz", "exampage", facts.paper_id, to))
    drop = Button("放弃", press("quiz", "examdrop", facts.paper_id))
    return Message(Html("发起考试 ① 题库"), (*listed, *pages, (drop,)))


def _preview(facts: ExamDraft) -> Message:
    exempt = f"，免考 {facts.exempt} 人" if facts.exempt else ""
    text = fill(
        "发起考试 预览\n《{title}》\n题库：{bank}\n{n} 题（{kinds}），满分 {max} 分，{mark} 分合格\n"
        "时间：{window}\n限时 {limit} 分钟，可考 {k} 次\n对象：{people} 人{exempt}",
        title=facts.title,
        bank=facts.bank or ALL_BANKS,
        n=sum(facts.counts.values()),
        kinds="、".join(f"{TYPES[kind]} {n}" for kind, n in facts.counts.items()),
        max=score(facts.max_centi),
        mark=score(facts.pass_centi),
        window=window(facts.terms),
        limit=minutes(facts.terms.limit),
        k=facts.terms.attempts,
        people=facts.people,
        exempt=exempt,
    )
    publish = Button("发布", press("quiz", "exampublish", facts.paper_id), style="success")
    redraw = Button("换一批题", press("quiz", "examredraw", facts.paper_id))
    back = Button("上一步", press("quiz", "examback", facts.paper_id))
    drop = Button("放弃", press("quiz", "examdrop", facts.paper_id))
    return Message(text, ((publish, redraw), (back, drop)))


def window(terms: Terms) -> str:
    return f"{moment(terms.opens_at)} 至 {moment(terms.closes_at)}"


def published(facts: PublishedExam) -> Message:
    text = fill(
        "已发布：考试 {code}《{title}》，{n} 题，满分 {max} 分，{window}，应考 {people} 人。\n"
        "党员私聊发送 /exam 就能参加，成绩只告诉本人。",
        code=facts.code,
        title=facts.title,
        n=facts.count,
        max=score(facts.max_centi),
        window=window(facts.terms),
        people=facts.people,
    )
    return Message(text)
