"""Revisions and immutable versions, and what is drawn from them, on both databases."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot.banks import drawing, import_views, importing, revisions, service, views
from bot.banks.importing import AlreadyImported
from bot.banks.models import BankRow, ImportRun, QuestionVersion
from bot.banks.revisions import Difference, NewerRevision
from bot.banks.rules import Origin, QuestionType, RunState
from bot.db import Database
from bot.message import StaleButton
from tests.banks.acts import confirmed, drawable, explain_of, imported, previewed, rows, the_bank
from tests.banks.files import GOOD, LAST, load
from tests.make import NOW, Cast

LATER = NOW + timedelta(hours=1)
FIRST = Difference(0, added=4)


def test_a_new_bank_gets_revision_one_and_the_same_file_changes_nothing(database: Database) -> None:
    first, again = imported(database), imported(database)
    assert (first.number, first.difference) == (1, FIRST)
    assert again.difference is not None
    assert import_views.difference_line(first.difference, 1) == "已导入：新增 4，修改 0，未变 0，停用 0。题库版本 1。"
    assert import_views.difference_line(again.difference, again.number) == "内容没有变化（版本 1）。"


def test_other_bytes_with_the_same_content_change_nothing(database: Database) -> None:
    imported(database)
    assert imported(database, "# 说明\n" + GOOD).difference == Difference(1, unchanged=4, is_same=True)


def test_a_new_title_alone_is_a_revision(database: Database) -> None:
    imported(database)
    outcome = imported(database, GOOD.replace("支部工作应知应会", "支部工作"))
    assert (outcome.number, outcome.difference) == (2, Difference(1, unchanged=4))
    assert database.look(the_bank).title == "支部工作"


def test_a_scope_is_kept_and_another_one_is_refused(database: Database, cast: Cast) -> None:
    imported(database, scope=f"branch:{cast.branch.id}")
    assert imported(database).difference == Difference(1, unchanged=4, is_same=True)
    refused = imported(database, scope="district")
    assert views.report(refused.checked) == [
        "demo.yaml:2:7 E127 题库编号“zhibu-basics”已属于“一支部”，请换一个编号。",
        "共 1 处错误、0 处提醒；没有写入题库。修好后再发一次即可。",
    ]


def test_a_changed_text_makes_a_new_version_and_an_old_one_that_comes_back_none(database: Database) -> None:
    imported(database)
    old = drawable(database)["zb-001"]
    outcome = imported(database, GOOD.replace("一般每季度召开一次。", "每季度。"))
    new = drawable(database)["zb-001"]
    assert outcome.difference == Difference(1, changed=1, unchanged=3)
    versions = database.look(drawing.versions, [old, new])
    assert [versions[old].number, versions[new].number] == [1, 2]
    assert versions[old].marking_hash == versions[new].marking_hash
    assert explain_of(database, old) == "一般每季度召开一次。"
    imported(database)
    assert drawable(database)["zb-001"] == old
    assert rows(database, QuestionVersion) == 5


def test_a_changed_key_changes_the_marking_hash(database: Database) -> None:
    imported(database)
    old = drawable(database)["zb-001"]
    imported(database, GOOD.replace("answer: B\n", "answer: A\n"))
    question_id = database.look(drawing.versions, [old])[old].question_id
    newest = database.look(drawing.newest, [question_id])[question_id]
    assert newest.marking_hash != database.look(drawing.versions, [old])[old].marking_hash


def test_a_question_left_out_is_retired_and_never_deleted(database: Database) -> None:
    imported(database)
    gone = drawable(database)["zb-003"]
    shorter = "".join(line for line in GOOD.splitlines(keepends=True) if "zb-003" not in line)
    outcome = imported(database, shorter)
    assert outcome.difference == Difference(1, unchanged=3, retired=1)
    assert sorted(drawable(database)) == ["zb-001", "zb-002", "zb-004"]
    assert explain_of(database, gone) == "预备党员没有表决权、选举权和被选举权。"
    assert imported(database).difference == Difference(2, changed=1, unchanged=3)
    assert drawable(database)["zb-003"] == gone


def test_drafts_and_retired_questions_are_not_drawn(database: Database) -> None:
    imported(database, GOOD.replace(LAST, LAST + "    status: draft\n"))
    assert "zb-001" not in drawable(database)
    outcome = imported(database, GOOD.replace(LAST, LAST + "    status: retired\n"))
    assert outcome.difference == Difference(1, unchanged=3, retired=1)


def test_questions_of_a_superseded_or_expired_source_are_not_drawn(database: Database) -> None:
    imported(database)
    newer = GOOD.replace("zhibu-basics", "newer").replace("2018-10-28}", "2026-05-01}").replace("2018年10月", "2026年")
    imported(database, newer)
    assert len(drawable(database, date(2026, 4, 30))) == 4
    later = database.look(lambda session: service.banks(session, on=date(2026, 5, 1)))
    assert [(bank.slug, bank.stale) for bank in later] == [("newer", 0), ("zhibu-basics", 3)]
    imported(database, newer.replace("2026-05-01}", "2026-05-01, expires: 2026-12-31}"))
    expired = database.look(lambda session: service.banks(session, on=date(2027, 1, 1)))
    assert [bank.stale for bank in expired] == [3, 3]


def test_a_question_is_not_drawn_after_its_last_day(database: Database) -> None:
    imported(database, GOOD.replace(LAST, LAST + "    valid_until: 2026-03-02\n"))
    assert "zb-001" in drawable(database, date(2026, 3, 2))
    assert "zb-001" not in drawable(database, date(2026, 3, 3))


def test_a_pool_is_narrowed_by_type_topic_and_difficulty(database: Database) -> None:
    text = GOOD.replace("defaults:", "topics: [频次, 会议]\ndefaults:")
    imported(database, text.replace(LAST, LAST + "    topics: [会议, 频次]\n    difficulty: 1\n"))

    def codes(session: Session, **wanted: object) -> list[str]:
        return [one.code for one in drawing.pool(session, [1], on=date(2026, 3, 2), **wanted)]  # type: ignore[arg-type]  # the filters under test

    assert database.look(codes, type_=QuestionType.TRUE_FALSE) == ["zb-003"]
    assert database.look(codes, topics=["频次", "别的"]) == ["zb-001"]
    assert database.look(codes, topics=["别的"]) == []
    assert database.look(codes, difficulty=3) == ["zb-002", "zb-003", "zb-004"]


def test_ten_thousand_questions_are_one_revision(database: Database) -> None:
    ready = load(GOOD).ready
    assert ready is not None
    first = ready.questions[0]
    many = tuple(
        replace(first, question=replace(first.question, code=f"q-{n}"), content_hash=f"{n:064}") for n in range(10_000)
    )
    loaded = replace(load(GOOD), ready=replace(ready, questions=many))
    outcome = database.run(service.import_loaded, loaded, scope=None, now=NOW)
    assert outcome.difference == Difference(0, added=10_000)
    assert rows(database, QuestionVersion) == 10_000


def test_nothing_is_written_before_the_tap(database: Database, cast: Cast) -> None:
    preview = previewed(database, cast.li)
    assert preview.difference == FIRST
    assert rows(database, BankRow) == 0


def test_a_second_tap_on_import_is_refused(database: Database, cast: Cast) -> None:
    applied = confirmed(database, cast.li)
    with pytest.raises(AlreadyImported, match="这份文件已经导入。"):
        database.run(importing.apply, cast.li.sender(), applied.token, load(GOOD).ready, now=LATER)


def test_a_bank_that_moved_on_asks_for_a_new_preview(database: Database, cast: Cast) -> None:
    mine = GOOD.replace("支部工作", "我的工作")
    token = previewed(database, cast.li, mine).token
    confirmed(database, cast.sun)
    with pytest.raises(NewerRevision, match="题库已有新版本，请重新试读。"):
        database.run(importing.apply, cast.li.sender(), token, load(mine).ready, now=LATER)
    assert database.look(the_bank).title == "支部工作应知应会"


def test_what_nobody_confirms_is_dropped_after_a_day(database: Database, cast: Cast) -> None:
    token = previewed(database, cast.li).token
    waiting = database.look(importing.waiting, cast.li.sender(), token, now=LATER)
    assert (waiting.name, waiting.data) == ("good.yaml", GOOD.encode())
    tomorrow = NOW + timedelta(hours=24)
    with pytest.raises(StaleButton):
        database.run(importing.apply, cast.li.sender(), token, load(GOOD).ready, now=tomorrow)
    assert database.run(importing.discard_expired, now=tomorrow) == 1
    run = database.look(lambda session: session.scalars(select(ImportRun)).one())
    assert (run.state, run.data) == (RunState.DISCARDED, None)


def test_an_import_is_undone_under_a_new_number(database: Database, cast: Cast) -> None:
    confirmed(database, cast.li)
    before = drawable(database)
    shorter = "".join(line for line in GOOD.splitlines(keepends=True) if "zb-003" not in line)
    changed = shorter.replace("一般每季度召开一次。", "每季度。").replace("应知应会", "要点")
    applied = confirmed(database, cast.li, changed)
    assert database.run(importing.undo, cast.li.sender(), applied.token, now=LATER) == 1
    assert drawable(database) == before
    newest = database.look(lambda session: revisions.head(session, the_bank(session)))
    assert newest is not None
    assert (newest.number, newest.origin, newest.title) == (3, Origin.UNDO, "支部工作应知应会")
    assert (newest.changed, newest.unchanged, newest.retired) == (2, 2, 0)
    with pytest.raises(importing.AlreadyUndone):
        database.run(importing.undo, cast.li.sender(), applied.token, now=LATER)


def test_undoing_the_first_import_retires_every_question(database: Database, cast: Cast) -> None:
    applied = confirmed(database, cast.li)
    assert database.run(importing.undo, cast.li.sender(), applied.token, now=LATER) == 0
    assert drawable(database) == {}
    assert confirmed(database, cast.li).difference == Difference(2, changed=4)


def test_an_import_with_a_later_one_is_not_undone(database: Database, cast: Cast) -> None:
    first = confirmed(database, cast.li)
    confirmed(database, cast.li, GOOD.replace("应知应会", "要点"))
    with pytest.raises(importing.UndoTooLate):
        database.run(importing.undo, cast.li.sender(), first.token, now=LATER)


def test_an_export_imported_again_changes_nothing(database: Database) -> None:
    imported(database)
    text = database.look(service.export, "zhibu-basics")
    assert imported(database, text).difference == Difference(1, unchanged=4, is_same=True)
