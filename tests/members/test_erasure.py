"""Everybody may have his data as a file and have them erased: afterwards nothing in any table leads back to him."""

import io
from collections.abc import Iterator
from datetime import date

import pytest
from openpyxl import load_workbook
from sqlalchemy import JSON, BigInteger, Enum, String, select
from sqlalchemy.orm import Session

from bot import outbox
from bot.attendance import chain
from bot.attendance.models import Attendance
from bot.attendance.rules import (
    ReasonKind,
    Status,
)
from bot.doors import PERSONAL
from bot.meetings.models import Minutes
from bot.members import personal, service, workbook
from bot.members import personal_views as words
from bot.members.rules import NotAllowed
from bot.message import Message, Sender, fill
from bot.migrations.tables import METADATA
from bot.outbox import OutboxRow, State
from bot.quiz.models import AnswerEvent, AttemptItem, Result
from bot.quiz.rules import Outcome
from tests.make import NOW, Make, Someone
from tests.members.somebody import NAME, NUMBER, USER, somebody

ROOT = Sender(1, 1, NOW, is_root=True)


def hits(make: Make) -> list[str]:
    """Every cell of the database in which the person is still to be found."""

    def look(session: Session) -> list[str]:
        return [
            f"{table.name}.{column}: {value!r}"
            for table in METADATA.sorted_tables
            for row in session.execute(select(table)).mappings()
            for column, value in row.items()
            if value is not None and any(mark in str(value) for mark in _marks())
        ]

    return make.database.look(look)


def _marks() -> Iterator[str]:
    yield from (str(USER), NUMBER, NAME)


# -- erased -----------------------------------------------------------------------------------------------------------


def erase(make: Make, who: Sender, someone: Someone) -> personal.Erased:
    return make.database.run(personal.erase, who, someone.id, PERSONAL, now=NOW)


def test_after_the_erasure_no_table_knows_number_or_name(make: Make) -> None:
    cast = make.cast()
    gong = somebody(make, cast)
    assert {hit.partition(".")[0] for hit in hits(make)} >= {
        *("members", "accounts", "prompts", "claims", "tries", "roster_imports", "exemptions", "outbox", "inbox"),
        *("inbox_dead", "meetings", "meeting_changes", "agenda_items", "minutes", "cards", "drafts", "guests"),
        *("corrections", "make_ups", "papers", "stray_votes"),
    }
    gone = erase(make, cast.wang.sender(), gong)
    assert hits(make) == []
    assert (gone.user_id, gone.branch) == (USER, cast.branch)


def test_what_a_branch_counts_stays(make: Make) -> None:
    cast = make.cast()
    gong = somebody(make, cast)
    erase(make, cast.wang.sender(), gong)

    def look(session: Session) -> tuple[object, ...]:
        came = session.scalars(select(Attendance)).one()
        taken = session.scalars(select(Result)).one()
        minutes = session.scalars(select(Minutes)).one()
        return (
            (came.member_id, came.is_due, came.status, came.leave_kind, came.leave_reason),
            (taken.member_id, taken.outcome, taken.score_centi),
            (chain.is_intact(session, came.meeting_id), minutes.summary, minutes.decisions),
            session.execute(select(AttemptItem.selection, AttemptItem.awarded_centi)).one(),
            session.scalars(select(AnswerEvent)).all(),
        )

    pseudonym = f"已删除人员{gong.id}"
    assert make.database.look(look) == (
        (gong.id, True, Status.ON_LEAVE, ReasonKind.OTHER, None),
        (gong.id, Outcome.SAT, 200),
        (True, f"{pseudonym}汇报，{pseudonym}元补充", f"同意{pseudonym}转正"),
        (None, 200),
        [],
    )


def test_a_longer_name_is_somebody_else(make: Make) -> None:
    cast = make.cast()
    make.member("龚䶮元", cast.branch)
    gong = somebody(make, cast)
    erase(make, cast.wang.sender(), gong)
    summary = make.database.look(lambda session: session.scalars(select(Minutes.summary)).one())
    assert summary == f"已删除人员{gong.id}汇报，龚䶮元补充"


def test_a_name_of_signs_is_found_as_texts_show_it(make: Make) -> None:
    cast = make.cast()
    odd = make.member('<b>&"张', cast.branch, is_bound=False)

    def write(session: Session) -> None:
        text = fill("未签1人：{name}", name=odd.name)
        outbox.enqueue(session, "x:1", chat_id=5, content=Message(text), lane=outbox.Lane.NOTICE, now=NOW)

    make.database.run(write)
    erase(make, cast.wang.sender(), odd)
    body = make.database.look(lambda session: session.scalar(select(OutboxRow.body).where(OutboxRow.key == "x:1")))
    assert body is not None
    assert body["text"] == f"未签1人：已删除人员{odd.id}"


def test_a_namesake_keeps_what_was_written_of_him(make: Make) -> None:
    cast = make.cast()
    make.member(NAME, cast.branch, is_bound=False, staff_no="KT1")
    gong = somebody(make, cast)
    erase(make, cast.wang.sender(), gong)
    left = {hit.partition(":")[0] for hit in hits(make)}
    assert not left & {"accounts.telegram_user_id", "outbox.key", "members.staff_no", "attendances.leave_reason"}
    assert "minutes.summary" in left


def test_the_person_is_on_the_roster_no_more_and_the_secretary_looks(make: Make) -> None:
    cast = make.cast()
    gong = somebody(make, cast)
    erase(make, cast.wang.sender(), gong)
    roster = make.database.look(service.roster_on, cast.branch.id, NOW.date())
    assert gong.id not in [person.member_id for person in roster]
    query = select(OutboxRow.body).where(OutboxRow.chat_id == cast.li.user_id, OutboxRow.state == State.PENDING)
    bodies = make.database.look(lambda session: session.scalars(query.order_by(OutboxRow.id)).all())
    texts = [str(body["text"]) for body in bodies if body and body["kind"] == "message"]
    assert f"未签2人：已删除人员{gong.id}、张三" in texts
    assert texts[-1] == "一支部有1名党员的个人信息已按申请删除，名册中不再有此人，统计数字不变。请核对名册。"


def test_nobody_is_erased_twice_and_nobody_with_an_office(make: Make) -> None:
    cast = make.cast()
    with pytest.raises(personal.HasPosts) as refusal:
        erase(make, cast.wang.sender(), cast.sun)
    assert str(refusal.value) == "孙七还有职务：一支部组织委员。请先免去，再删除个人信息。"
    erase(make, cast.wang.sender(), cast.zhang)
    with pytest.raises(personal.ErasureGone):
        erase(make, ROOT, cast.zhang)


@pytest.mark.parametrize("name", ["li", "sun", "zhao", "zhang"])
def test_only_an_admin_above_or_root_erases_somebody_of_a_branch(make: Make, name: str) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        erase(make, getattr(cast, name).sender(), cast.zhou)
    with pytest.raises(NotAllowed):
        erase(make, cast.zhang.sender(), cast.zhang)
    assert erase(make, ROOT, cast.zhou).branch == cast.branch


def test_somebody_of_no_branch_erases_himself(make: Make) -> None:
    cast = make.cast()
    former = make.member("郑十", cast.branch, to_on=date(2026, 1, 1))
    card = make.database.look(personal.consider, former.sender(), None, now=NOW)
    assert (card.is_own, card.must_ask) == (True, False)
    erase(make, former.sender(), former)
    assert (
        make.database.look(lambda s: s.scalar(select(OutboxRow.id).where(OutboxRow.chat_id == former.user_id))) is None
    )
    with pytest.raises(NotAllowed):
        erase(make, cast.li.sender(), make.member("钱二", cast.branch, to_on=date(2026, 1, 1)))


def test_somebody_of_a_branch_asks_and_the_admins_read_it_once_a_day(make: Make) -> None:
    cast = make.cast()
    card = make.database.look(personal.consider, cast.zhang.sender(), None, now=NOW)
    assert (card.is_own, card.must_ask) == (True, True)
    for _ in range(2):
        make.database.run(personal.ask, cast.zhang.sender(), now=NOW)
    query = select(OutboxRow.chat_id, OutboxRow.body).where(OutboxRow.key.contains("erasure"))
    found = make.database.look(lambda session: session.execute(query).all())
    assert [(row[0], row[1]["text"]) for row in found] == [(cast.wang.user_id, "一支部张三申请删除个人信息。")]


def test_without_an_admin_there_is_nobody_to_ask(make: Make) -> None:
    branch = make.branch()
    zhang = make.member("张三", branch)
    with pytest.raises(personal.NobodyToAsk) as refusal:
        make.database.run(personal.ask, zhang.sender(), now=NOW)
    assert str(refusal.value) == "上级没有可以联系的管理员，请当面告诉支部书记。"


# Tables that hold words or accounts of people: all of them are seen to when somebody is erased.
OF_PEOPLE = {
    *("accounts", "agenda_items", "answer_events", "attempt_items", "attendances", "bank_revisions", "candidates"),
    *("cards", "claims", "corrections", "drafts", "exemptions", "guests", "import_runs", "inbox", "inbox_dead"),
    *("invites", "make_ups", "meeting_changes", "meetings", "members", "minutes", "outbox", "paper_log", "papers"),
    *("practice_cards", "practice_events", "prompts", "reviews", "roster_imports", "round_guests", "round_polls"),
    *("seat_choices", "series", "stray_votes", "tries", "undos"),
}
# Of units, groups, banks, machines; and the chain, which says what was done by the number of the member alone.
OF_NOBODY = {
    *("attendance_events", "banks", "calendar_days", "calendar_years", "chat_codes", "chats", "leases", "questions"),
    *("nudges", "question_versions", "round_items", "rounds", "units"),
}


def test_every_table_with_words_or_accounts_is_known_to_the_erasure() -> None:
    telling = {
        table.name
        for table in METADATA.sorted_tables
        for column in table.c
        if isinstance(column.type, BigInteger | JSON | String) and not isinstance(column.type, Enum)
    }
    assert telling == OF_PEOPLE | OF_NOBODY


# -- a copy -----------------------------------------------------------------------------------------------------------


def test_ones_own_data_are_a_workbook_with_everything_and_nobody_else(make: Make) -> None:
    cast = make.cast()
    gong = somebody(make, cast)
    tables = make.database.look(personal.export, gong.sender(), PERSONAL, now=NOW)
    book = load_workbook(io.BytesIO(workbook.sheets(tables)))
    own = ["名册", "账号", "所在支部", "不计入", "收到的消息"]
    assert book.sheetnames == [*own, "会议", "更正", "补课", "会议分工", "提醒", "成绩", "答题", "答案"]
    cells = [str(cell.value) for sheet in book for row in sheet.iter_rows() for cell in row]
    assert {NAME, NUMBER, str(USER), "住院", "长期病休", "您好", "第一党小组"} <= set(cells)
    assert not any("李四" in cell or "张三" in cell for cell in cells)
    mine = {table.title for table in make.database.look(personal.export, cast.zhang.sender(), PERSONAL, now=NOW)}
    assert mine == {"名册", "账号", "所在支部", "不计入"}


def test_a_formula_in_a_reason_is_text(make: Make) -> None:
    data = workbook.sheets([words.table("会议", ("原因",), [("=1+1",)])])
    cell = load_workbook(io.BytesIO(data))["会议"]["A2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
