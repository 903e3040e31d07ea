"""Imports, revisions and versions on a real database: what is written, what stays, and for whom."""

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from bot import outbox
from bot.banks import drawing, importing, revisions, service, views
from bot.banks.importing import Applied, Preview
from bot.banks.models import BankRow, ImportRun, QuestionVersion
from bot.banks.revisions import Difference, NewerRevision
from bot.banks.rules import Origin, QuestionType, RunState, ScopeKind
from bot.banks.scopes import BadScope
from bot.banks.service import Outcome
from bot.db import Base, Database
from bot.members.rules import NotAllowed, NotBound, OnlyAdmins, Role
from bot.message import StaleButton
from tests.banks.files import GOOD, LAST, load
from tests.make import NOW, Cast, Make, Someone

LATER = NOW + timedelta(hours=1)
FIRST = Difference(0, added=4)


def imported(database: Database, text: str = GOOD, scope: str | None = None) -> Outcome:
    return database.run(service.import_loaded, load(text), scope=scope, now=NOW)


def previewed(database: Database, who: Someone, text: str = GOOD, name: str = "good.yaml") -> Preview:
    return database.run(importing.preview, who.sender(), text.encode(), load(text, name), now=NOW)


def confirmed(database: Database, who: Someone, text: str = GOOD) -> Applied:
    token = previewed(database, who, text).token
    assert token is not None
    ready = load(text).ready
    return database.run(importing.apply, who.sender(), token, ready, now=LATER)


def rows(database: Database, table: type[Base]) -> int:
    return database.look(lambda session: session.scalar(select(func.count()).select_from(table)) or 0)


def the_bank(session: Session) -> BankRow:
    return session.scalars(select(BankRow)).one()


def drawable(database: Database, on: date = date(2026, 3, 2)) -> dict[str, int]:
    """Codes that may be drawn, with their versions."""

    def look(session: Session) -> dict[str, int]:
        ids = list(session.scalars(select(BankRow.id)))
        return {one.code: one.version_id for one in drawing.pool(session, ids, on=on)}

    return database.look(look)


def explain_of(database: Database, version_id: int) -> str:
    return database.look(drawing.versions, [version_id])[version_id].question.explain


# The command line


def test_a_new_bank_gets_revision_one_and_the_same_file_changes_nothing(database: Database) -> None:
    first, again = imported(database), imported(database)
    assert (first.number, first.difference) == (1, FIRST)
    assert again.difference is not None
    assert views.difference_line(first.difference, 1) == "已导入：新增 4，修改 0，未变 0，停用 0。题库版本 1。"
    assert views.difference_line(again.difference, again.number) == "内容没有变化（版本 1）。"


def test_a_file_with_an_error_writes_nothing(database: Database) -> None:
    outcome = imported(database, GOOD.replace("answer: B", "answer: E"))
    assert outcome.difference is None
    assert rows(database, BankRow) == 0


def test_a_dry_run_writes_nothing(database: Database) -> None:
    outcome = database.run(service.import_loaded, load(GOOD), scope=None, is_dry=True, now=NOW)
    assert outcome.difference == FIRST
    assert rows(database, BankRow) == 0


def test_other_bytes_with_the_same_content_change_nothing(database: Database) -> None:
    imported(database)
    assert imported(database, "# 说明\n" + GOOD).difference == Difference(1, unchanged=4, is_same=True)


def test_a_new_title_alone_is_a_revision(database: Database) -> None:
    imported(database)
    outcome = imported(database, GOOD.replace("支部工作应知应会", "支部工作"))
    assert (outcome.number, outcome.difference) == (2, Difference(1, unchanged=4))
    assert database.look(the_bank).title == "支部工作"


def test_a_number_may_be_given_on_the_command_line(database: Database) -> None:
    loaded = service.load(GOOD.encode(), "good.yaml", on=date(2026, 3, 2), slug="other", title="另一个")
    database.run(service.import_loaded, loaded, scope=None, now=NOW)
    bank = database.look(the_bank)
    assert (bank.slug, bank.title) == ("other", "另一个")


def test_a_scope_is_kept_and_another_one_is_refused(database: Database, cast: Cast) -> None:
    imported(database, scope=f"branch:{cast.branch.id}")
    assert imported(database).difference == Difference(1, unchanged=4, is_same=True)
    refused = imported(database, scope="district")
    assert views.report(refused.checked) == [
        "demo.yaml:2:7 E127 题库编号“zhibu-basics”已属于“一支部”，请换一个编号。",
        "共 1 处错误、0 处提醒；没有写入题库。修好后再发一次即可。",
    ]


@pytest.mark.parametrize("scope", ["branch", "branch:99", "company:x", "上级"])
def test_a_scope_that_is_none_is_refused(database: Database, cast: Cast, scope: str) -> None:
    with pytest.raises(BadScope):
        imported(database, scope=scope)
    with pytest.raises(BadScope):
        imported(database, scope=f"company:{cast.branch.id}")


# Versions


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


def test_a_branch_uses_its_own_banks_those_above_and_everybodys(database: Database, cast: Cast) -> None:
    for scope in ("district", f"company:{cast.company.id}", f"branch:{cast.branch.id}"):
        slug = scope.partition(":")[0]
        imported(database, GOOD.replace("zhibu-basics", slug), scope=scope)
    seen = {
        unit.name: [bank.slug for bank in database.look(drawing.usable_banks, unit)]
        for unit in (cast.branch, cast.second, cast.other)
    }
    assert seen == {
        "一支部": ["branch", "company", "district"],
        "二支部": ["company", "district"],
        "交通一支部": ["district"],
    }


# In chat


def test_nothing_is_written_before_the_tap(database: Database, cast: Cast) -> None:
    preview = previewed(database, cast.li)
    assert preview.difference == FIRST
    assert rows(database, BankRow) == 0


def test_a_secretary_imports_for_the_own_branch(database: Database, cast: Cast) -> None:
    applied = confirmed(database, cast.li)
    bank = database.look(the_bank)
    assert (applied.number, applied.difference) == (1, FIRST)
    assert (bank.scope_kind, bank.scope_id) == (ScopeKind.BRANCH, cast.branch.id)


def test_an_administrator_imports_for_everybody(database: Database, cast: Cast) -> None:
    confirmed(database, cast.wang)
    bank = database.look(the_bank)
    assert (bank.scope_kind, bank.scope_id) == (ScopeKind.DISTRICT, None)


def test_an_administrator_of_a_company_imports_for_the_company(database: Database, make: Make, cast: Cast) -> None:
    make.grant(cast.zhang, Role.ADMIN, cast.company)
    confirmed(database, cast.zhang)
    assert database.look(the_bank).scope_id == cast.company.id


def test_members_and_strangers_are_refused(database: Database, cast: Cast) -> None:
    for who, refusal in ((cast.zhang, NotAllowed), (cast.zhou, NotAllowed), (cast.wu, NotBound)):
        with pytest.raises(refusal):
            previewed(database, who)
        with pytest.raises(refusal):
            database.run(importing.known_editions, who.sender(), now=NOW)
        with pytest.raises(refusal):
            database.look(service.seen_banks, who.sender(), now=NOW)


def test_the_number_of_another_branch_is_refused(database: Database, cast: Cast) -> None:
    confirmed(database, cast.li)
    preview = previewed(database, cast.zhao, GOOD.replace("支部工作", "别的工作"))
    assert (preview.token, preview.difference) == (None, None)
    message, *_ = views.previewed(preview)
    assert "E127 题库编号“zhibu-basics”已属于“一支部”，请换一个编号。" in message.text


def test_everybodys_bank_is_not_for_a_secretary_to_edit(database: Database, cast: Cast) -> None:
    imported(database)
    preview = previewed(database, cast.li, GOOD.replace("支部工作", "别的工作"))
    assert [issue.params["owner"] for issue in preview.checked.issues] == [""]


def test_the_same_content_needs_no_confirmation(database: Database, cast: Cast) -> None:
    confirmed(database, cast.li)
    preview = previewed(database, cast.sun)
    assert preview.token is None
    assert [part.text for part in views.previewed(preview)] == ["内容没有变化（版本 1）。"]


def test_a_second_tap_on_import_is_refused(database: Database, cast: Cast) -> None:
    applied = confirmed(database, cast.li)
    with pytest.raises(StaleButton):
        database.run(importing.apply, cast.li.sender(), applied.token, load(GOOD).ready, now=LATER)


def test_a_cancelled_file_cannot_be_imported(database: Database, cast: Cast) -> None:
    token = previewed(database, cast.li).token
    database.run(importing.discard, cast.li.sender(), token, now=NOW)
    with pytest.raises(StaleButton):
        database.run(importing.apply, cast.li.sender(), token, load(GOOD).ready, now=LATER)
    with pytest.raises(StaleButton):
        database.look(importing.waiting, cast.li.sender(), token, now=LATER)


def test_another_person_cannot_press_the_button(database: Database, cast: Cast) -> None:
    token = previewed(database, cast.li).token
    for who in (cast.sun, cast.zhao):
        with pytest.raises(StaleButton):
            database.run(importing.apply, who.sender(), token, load(GOOD).ready, now=LATER)


def test_a_role_lost_since_the_preview_is_refused(database: Database, cast: Cast) -> None:
    token = previewed(database, cast.li).token
    make_no_secretary = update(Base.metadata.tables["role_grants"]).values(to_on=date(2026, 3, 2))
    database.run(lambda session: session.execute(make_no_secretary) and None)
    with pytest.raises(NotAllowed):
        database.run(importing.apply, cast.li.sender(), token, load(GOOD).ready, now=LATER)


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


def test_a_refused_file_is_remembered_without_its_bytes(database: Database, cast: Cast) -> None:
    previewed(database, cast.li, GOOD.replace("answer: B", "answer: E"))
    run = database.look(lambda session: session.scalars(select(ImportRun)).one())
    assert (run.state, run.data, run.report) == (RunState.REFUSED, None, {"errors": 1, "hints": 0})


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
    with pytest.raises(importing.UndoTooLate):
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


def test_an_import_is_not_undone_after_thirty_days(database: Database, cast: Cast) -> None:
    applied = confirmed(database, cast.li)
    with pytest.raises(importing.UndoTooLate, match="已超过 30 天"):
        database.run(importing.undo, cast.li.sender(), applied.token, now=NOW + timedelta(days=30, seconds=1))


# Lists and exports


def test_everybody_sees_only_banks_of_the_own_line(database: Database, cast: Cast) -> None:
    imported(database, scope="district")
    imported(database, GOOD.replace("zhibu-basics", "mine"), scope=f"branch:{cast.branch.id}")
    imported(database, GOOD.replace("zhibu-basics", "ours"), scope=f"company:{cast.company.id}")
    seen = {
        who.name: [bank.slug for bank in database.look(service.seen_banks, who.sender(), now=NOW)]
        for who in (cast.li, cast.wang, cast.zhao)
    }
    assert seen == {
        "李四": ["mine", "ours", "zhibu-basics"],
        "王五": ["mine", "ours", "zhibu-basics"],
        "赵六": ["zhibu-basics"],
    }


def test_an_export_imported_again_changes_nothing(database: Database) -> None:
    imported(database)
    text = database.look(service.export, "zhibu-basics")
    assert imported(database, text).difference == Difference(1, unchanged=4, is_same=True)


def test_retired_questions_are_not_exported(database: Database) -> None:
    imported(database, GOOD.replace(LAST, LAST + "    status: retired\n"))
    assert "zb-001" not in database.look(service.export, "zhibu-basics")
    assert database.look(lambda session: session.scalars(select(QuestionVersion.number)).all()) == [1] * 4


def test_a_bank_is_exported_only_to_those_who_see_it(database: Database, cast: Cast) -> None:
    confirmed(database, cast.li)
    bank_id = database.look(the_bank).id
    exported = database.look(service.export_seen, cast.sun.sender(), bank_id, now=NOW)
    assert exported.name == "zhibu-basics.yaml"
    assert load(exported.data.decode()).ready is not None
    for asked in (bank_id, 99):
        with pytest.raises(service.NoSuchBank):
            database.look(service.export_seen, cast.zhao.sender(), asked, now=NOW)
    with pytest.raises(service.NoSuchBank, match="没有题库“nothing”"):
        database.look(service.export, "nothing")


def test_only_the_top_administrator_edits_everybodys_bank(database: Database, make: Make, cast: Cast) -> None:
    token = previewed(database, cast.wang).token
    make.grant(cast.wang, Role.ADMIN, cast.company)
    end = update(Base.metadata.tables["role_grants"]).values(to_on=date(2026, 3, 2))
    grants = Base.metadata.tables["role_grants"].c
    database.run(lambda session: session.execute(end.where(grants.unit_id == cast.district.id)) and None)
    with pytest.raises(OnlyAdmins):
        database.run(importing.apply, cast.wang.sender(), token, load(GOOD).ready, now=LATER)


# At the start


def sync(database: Database, folder: Path) -> list[str]:
    files = service.load_folder(folder, database.look(service.synced), on=date(2026, 3, 2))
    left = database.run(service.sync, files, views.left_alone, [9001], now=NOW)
    return [loaded.name for loaded in left]


def notices(database: Database) -> list[str]:
    query = select(outbox.OutboxRow.body).order_by(outbox.OutboxRow.id)
    return [str(body["text"]) for body in database.look(lambda session: session.scalars(query).all()) if body]


def test_shipped_banks_are_taken_over_at_the_start_once(database: Database, tmp_path: Path) -> None:
    folder = tmp_path / "banks"
    folder.mkdir()
    (folder / "a.yaml").write_text(GOOD, "utf-8")
    assert sync(database, folder) == []
    assert service.load_folder(folder, database.look(service.synced), on=date(2026, 3, 2)) == []
    (folder / "a.yaml").write_text(GOOD.replace("应知应会", "要点"), "utf-8")
    assert sync(database, folder) == []
    assert database.look(the_bank).title == "支部工作要点"
    (folder / "a.yaml").write_text(GOOD, "utf-8")
    assert sync(database, folder) == []
    assert database.look(the_bank).title == "支部工作应知应会"


def test_a_broken_shipped_file_keeps_the_last_good_revision_and_is_told_once(
    database: Database, tmp_path: Path
) -> None:
    folder = tmp_path / "banks"
    folder.mkdir()
    (folder / "a.yaml").write_text(GOOD, "utf-8")
    sync(database, folder)
    (folder / "a.yaml").write_text(GOOD.replace("answer: B\n", "answer: E\n"), "utf-8")
    assert sync(database, folder) == sync(database, folder) == ["a.yaml"]
    assert len(drawable(database)) == 4
    assert notices(database) == [
        "题库文件 a.yaml 有错，仍用上一个版本：\n"
        "a.yaml:13:13 E112 答案“E”不在选项 A、B、C、D 里。\n"
        "共 1 处错误、0 处提醒；没有写入题库。修好后再发一次即可。"
    ]


def test_a_shipped_file_never_writes_over_what_was_edited_here(database: Database, cast: Cast, tmp_path: Path) -> None:
    folder = tmp_path / "banks"
    folder.mkdir()
    (folder / "a.yaml").write_text(GOOD, "utf-8")
    sync(database, folder)
    confirmed(database, cast.wang, GOOD.replace("应知应会", "要点"))
    (folder / "a.yaml").write_text(GOOD.replace("应知应会", "新题"), "utf-8")
    assert sync(database, folder) == ["a.yaml"]
    assert database.look(the_bank).title == "支部工作要点"
    assert notices(database) == ["随程序的题库文件 a.yaml 有新内容，但这个题库在本机改过，没有覆盖。"]


def test_a_shipped_file_does_not_take_the_number_of_a_branch(database: Database, cast: Cast, tmp_path: Path) -> None:
    confirmed(database, cast.li)
    folder = tmp_path / "banks"
    folder.mkdir()
    (folder / "a.yaml").write_text(GOOD.replace("应知应会", "要点"), "utf-8")
    assert sync(database, folder) == ["a.yaml"]
    assert "E127" in notices(database)[0]


def test_the_content_of_the_program_is_taken_over(database: Database) -> None:
    assert sync(database, Path(__file__).parents[2] / "content" / "banks") == []
    assert len(drawable(database)) >= 59
    shown = database.look(lambda session: service.banks(session, on=date(2026, 3, 2)))
    assert {bank.stale for bank in shown} == {0}


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
