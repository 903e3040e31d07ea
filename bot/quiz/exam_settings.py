"""The choices in an exam being made beside its questions: when, how long, for whom; by a tap or by a typed value."""

import re
from datetime import datetime, timedelta

from sqlalchemy import delete
from sqlalchemy.orm import Session

from bot.errors import UserError
from bot.members import prompts
from bot.message import Sender, StaleButton, clean, cut
from bot.periods import at_beijing, local_day, week_of
from bot.quiz import exam_drafts, exam_rows, papers, phrases
from bot.quiz import publishing_views as views
from bot.quiz.exam_drafts import BadWindow
from bot.quiz.exam_facts import ExamDraft
from bot.quiz.models import Paper, PaperBranch
from bot.quiz.rules import (
    CLOSE_AFTER,
    EXAM_CLOSES,
    OFFERED,
    TYPED,
    DraftStep,
    Draw,
    OpenWhen,
    Setting,
    ShowKey,
    ShowScore,
)

WINDOW, TITLE = "window", "title"
_BY_NAME = {setting.name.lower(): setting for setting in TYPED}
_ROW = re.compile(r"(row|each)(\d{1,2})")


class NoSuchWindow(UserError):
    text = "没有看懂时间。请写成：3月5日 9:00 至 3月8日 18:00；只写一个时间就是截止时间，例如：明天18:00。"


class OutOfRange(UserError):
    text = "请发送 {lo}–{hi} 之间的整数。"


class GoodBelowPass(UserError):
    text = "优秀线不能低于合格线。"


class KeyTooEarly(UserError):
    text = "只有每人一套题、只考一次时，才能交卷后马上看答案。"


class NoTopNames(UserError):
    text = "本系统没有开放公布名次靠前的姓名；要先打开排名，并由管理员在设置里允许。"


# -- ④ the window ------------------------------------------------------------------------------------------------------


def set_opening(session: Session, sender: Sender, paper_id: int, when: int, *, now: datetime) -> ExamDraft:
    """At publishing, tomorrow or next Monday at nine; a closing chosen before keeps its distance."""
    if when not in [one.value for one in OpenWhen]:
        raise StaleButton
    _, unit, paper = exam_drafts.mine(session, sender, paper_id, now)
    before, today = exam_drafts.terms_of(paper, now), local_day(now)
    day = today + timedelta(days=1) if OpenWhen(when) is OpenWhen.TOMORROW else week_of(today) + timedelta(days=7)
    paper.opens_at = None if OpenWhen(when) is OpenWhen.AT_ONCE else at_beijing(day, exam_drafts.OPENS)
    if paper.planned_closes_at is not None:
        days = local_day(before.closes_at) - local_day(before.opens_at)
        paper.planned_closes_at = at_beijing(local_day(paper.opens_at or now) + days, EXAM_CLOSES)
    return exam_drafts.facts(session, unit, paper, now)


def set_closing(session: Session, sender: Sender, paper_id: int, days: int, *, now: datetime) -> ExamDraft:
    """So many days after the opening, at six."""
    if days not in CLOSE_AFTER:
        raise StaleButton
    _, unit, paper = exam_drafts.mine(session, sender, paper_id, now)
    opens_at = exam_drafts.terms_of(paper, now).opens_at
    paper.planned_closes_at = at_beijing(local_day(opens_at) + timedelta(days=days), EXAM_CLOSES)
    return exam_drafts.facts(session, unit, paper, now)


def _write_window(paper: Paper, text: str, now: datetime) -> None:
    window = phrases.read_window(text, now)
    if window is None:
        raise NoSuchWindow
    opens_at, closes_at = window
    if opens_at is not None and opens_at <= now:
        raise BadWindow
    paper.opens_at, paper.planned_closes_at = opens_at or paper.opens_at, closes_at
    exam_drafts.check_window(exam_drafts.terms_of(paper, now), now)


# -- ⑤ how long, how often, what is shown ------------------------------------------------------------------------------


def put(
    session: Session,
    sender: Sender,
    paper_id: int,
    setting: int,
    value: int,
    *,
    can_name: bool = False,
    now: datetime,
) -> ExamDraft:
    """One of the offered values; `can_name`: the installation lets papers name who did best."""
    if setting not in [one.value for one in Setting] or value not in OFFERED[Setting(setting)]:
        raise StaleButton
    _, unit, paper = exam_drafts.mine(session, sender, paper_id, now)
    _put(paper, Setting(setting), value, can_name=can_name)
    return exam_drafts.facts(session, unit, paper, now)


def _put(paper: Paper, setting: Setting, value: int, *, can_name: bool) -> None:
    match setting:
        case Setting.LIMIT:
            paper.limit_s = value * 60
        case Setting.ATTEMPTS:
            paper.attempts_allowed = value
        case Setting.PASS | Setting.GOOD:
            _put_mark(paper, setting, value)
        case Setting.DRAW:
            paper.draw = Draw(value)
        case _:
            _put_shown(paper, setting, value, can_name=can_name)
    if paper.show_key is ShowKey.ON_SUBMIT and not _may_show_at_once(paper):
        paper.show_key = ShowKey.ON_CLOSE


def _put_mark(paper: Paper, setting: Setting, value: int) -> None:
    pass_pct = value if setting is Setting.PASS else paper.pass_pct
    good_pct = value if setting is Setting.GOOD else paper.good_pct
    if good_pct < pass_pct:
        raise GoodBelowPass
    paper.pass_pct, paper.good_pct = pass_pct, good_pct


def _put_shown(paper: Paper, setting: Setting, value: int, *, can_name: bool) -> None:
    match setting:
        case Setting.SCORE:
            paper.show_score = ShowScore(value)
        case Setting.KEY:
            if ShowKey(value) is ShowKey.ON_SUBMIT and not _may_show_at_once(paper):
                raise KeyTooEarly
            paper.show_key = ShowKey(value)
        case Setting.RANKING:
            paper.ranking = bool(value)
            paper.top_names = paper.top_names if value else 0
        case _:
            if value and not (can_name and paper.ranking):
                raise NoTopNames
            paper.top_names = value


def _may_show_at_once(paper: Paper) -> bool:
    """Nobody who sits later or again profits from it."""
    return paper.attempts_allowed == 1 and paper.draw is Draw.EACH


# -- ⑥ for whom --------------------------------------------------------------------------------------------------------


def toggle_branch(session: Session, sender: Sender, paper_id: int, branch_id: int, *, now: datetime) -> ExamDraft:
    _, unit, paper = exam_drafts.mine(session, sender, paper_id, now)
    if branch_id not in papers.branch_ids(session, unit):
        raise StaleButton
    row = session.get(PaperBranch, (paper_id, branch_id))
    if row is None:
        session.add(PaperBranch(paper_id=paper_id, branch_id=branch_id))
    else:
        session.delete(row)
    session.flush()
    return exam_drafts.facts(session, unit, paper, now)


def all_branches(session: Session, sender: Sender, paper_id: int, *, is_on: bool, now: datetime) -> ExamDraft:
    """All branches of the maker's unit, or none."""
    _, unit, paper = exam_drafts.mine(session, sender, paper_id, now)
    session.execute(delete(PaperBranch).where(PaperBranch.paper_id == paper_id))
    if is_on:
        session.add_all(PaperBranch(paper_id=paper_id, branch_id=one) for one in papers.branch_ids(session, unit))
    session.flush()
    session.expire_all()
    return exam_drafts.facts(session, unit, paper, now)


# -- typed values ------------------------------------------------------------------------------------------------------


def ask(session: Session, sender: Sender, paper_id: int, what: str, *, now: datetime) -> ExamDraft:
    """The next text of the sender is a value of the draft: `window`, `title`, a setting's name, or a row and its place:
    `row2`, `each2`."""
    if (row := _ROW.fullmatch(what)) is not None:
        draft = exam_drafts.go(session, sender, paper_id, DraftStep.COUNT.value, now=now)
        if int(row[2]) not in [one.place for one in draft.rows]:
            raise StaleButton
    elif what in (WINDOW, TITLE, *_BY_NAME):
        draft = exam_drafts.look(session, sender, paper_id, now=now)
    else:
        raise StaleButton
    prompts.await_text(session, sender, exam_drafts.PURPOSE, f"{paper_id}:{what}", now=now)
    return draft


def fill(session: Session, sender: Sender, ref: str, text: str, *, now: datetime) -> ExamDraft:
    """A typed value; what is not understood is refused, and the next text is awaited still."""
    number, _, what = ref.partition(":")
    _, unit, paper = exam_drafts.mine(session, sender, int(number), now)
    if (row := _ROW.fullmatch(what)) is not None:
        write = exam_rows.write_row if row[1] == "row" else exam_rows.write_each
        write(session, sender, paper.id, int(row[2]), text, now=now)
    else:
        _write(paper, what, text, now)
    prompts.forget_text(session, sender, now=now)
    return exam_drafts.facts(session, unit, paper, now)


def _write(paper: Paper, what: str, text: str, now: datetime) -> None:
    if what == WINDOW:
        _write_window(paper, text, now)
    elif what == TITLE:
        paper.title = cut(" ".join(clean(text).split()), views.MAX_TITLE) or paper.title
    else:
        setting = _BY_NAME[what]
        value, allowed = phrases.read_number(text), TYPED[setting]
        if value not in allowed:
            raise OutOfRange(lo=allowed.start, hi=allowed.stop - 1)
        assert value is not None
        _put(paper, setting, value, can_name=False)
