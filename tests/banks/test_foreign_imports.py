"""A sheet through the whole pipeline against a real database: previewed, applied, merged, replaced, undone."""

from dataclasses import replace

import pytest
from sqlalchemy import update

from bot.banks import drawing, import_views, importing, progress, reading, revisions, service, views
from bot.banks.formats import schema1
from bot.banks.importing import Applied, Preview
from bot.banks.models import BankRevision
from bot.banks.reading import Way
from bot.banks.revisions import BankTooLarge, NewerRevision
from bot.banks.rules import Bank, Mode
from bot.db import Database
from bot.members.rules import NotAllowedHere
from bot.message import Edit, Message, StaleButton
from bot.outbox import OutboxRow
from tests.banks.acts import LATER, drawable, rows, the_bank
from tests.banks.files import GOOD, ON
from tests.banks.sheets import HEAD, Row, sheet
from tests.make import NOW, Cast, Someone

ONE = ("单选", "多久一次？", "每月", "每季度", "", "", "B")
TWO = ("判断", "预备党员有表决权。", "", "", "", "", "错")
THREE = ("填空", "满____人应当成立支部。", "", "", "", "", "三")


def sent(database: Database, who: Someone, *questions: Row, name: str = "试题.xlsx", way: Way | None = None) -> Preview:
    """What the handler does with a document."""
    data = sheet(HEAD, *questions)
    start = database.look(importing.begin, who.sender(), name, now=NOW)
    way = way or start.way
    loaded = reading.load(data, name, on=ON, editions=start.editions, way=way)
    return database.run(importing.preview, who.sender(), data, loaded, way, now=NOW)


def tapped(database: Database, who: Someone, token: str | None) -> Applied:
    assert token is not None
    waiting = database.look(importing.waiting, who.sender(), token, now=LATER)
    assert waiting.packed is not None
    loaded = reading.again(waiting.packed, waiting.name, waiting.sha256, waiting.way, on=ON, editions=waiting.editions)
    return database.run(importing.apply, who.sender(), token, loaded.ready, now=LATER)


def text(preview: Preview) -> list[str]:
    message = import_views.previewed(preview)[0]
    assert isinstance(message, Message)
    return message.text.splitlines()


def labels(preview: Preview) -> list[str]:
    message = import_views.previewed(preview)[0]
    assert isinstance(message, Message)
    return [button.label for row in message.buttons for button in row]


def many(good: int, bad: int) -> list[Row]:
    right = [("单选", f"第{n}个问题是什么呢", "甲", "乙", "", "", "A") for n in range(good)]
    wrong = [("多选", f"第{n}个问题缺什么呢", "甲", "乙", "丙", "", "") for n in range(bad)]
    return [*right, *wrong]


def test_a_third_of_a_sheet_without_answers_is_left_out_by_the_tap_alone(database: Database, cast: Cast) -> None:
    preview = sent(database, cast.li, *many(600, 300))
    assert text(preview)[:3] == [
        "试读：试题.xlsx → 题库“试题”（新建）",
        "读到 900 行：可导入 600 道（单选 600、多选 0、判断 0、填空 0），"
        "其中新增 600、修改 0、未变 0；略去重复 0；出错 300 行。",
        "题!G602 E206 没有答案。",
    ]
    assert len(text(preview)) == 13
    faults = [views.line(issue) for issue in preview.checked.issues if issue.is_error]
    assert faults == [f"试题.xlsx[题]!G{row} E206 没有答案。" for row in range(602, 902)]
    assert labels(preview)[0] == "导入 600 道，跳过 300 行"
    assert rows(database, BankRevision) == 0
    assert tapped(database, cast.li, preview.token).difference.added == 600
    assert len(drawable(database)) == 600
    again = sent(database, cast.li, *many(600, 300))
    assert "其中新增 0、修改 0、未变 600；" in text(again)[1]
    assert "内容没有变化（版本 1）。" in text(again)
    assert labels(again) == ["换一个题库", "写依据文件", "改为替换：文件里没有的题停用", "下载出错清单", "取消"]


def test_the_same_clean_file_again_changes_nothing(database: Database, cast: Cast) -> None:
    tapped(database, cast.li, sent(database, cast.li, ONE, TWO).token)
    again = sent(database, cast.li, ONE, TWO)
    assert (text(again), again.token) == (["内容没有变化（版本 1）。"], None)


def test_a_sheet_that_only_lost_rows_may_still_replace_what_the_bank_holds(database: Database, cast: Cast) -> None:
    tapped(database, cast.li, sent(database, cast.li, ONE, TWO, THREE).token)
    shorter = sent(database, cast.li, ONE, TWO)
    assert text(shorter)[2:4] == ["内容没有变化（版本 1）。", "题库里另有 1 道不在文件里，照旧保留。"]
    assert labels(shorter) == ["换一个题库", "写依据文件", "改为替换：文件里没有的题停用", "取消"]
    assert rows(database, BankRevision) == 1


def test_the_faults_that_do_not_fit_are_counted(database: Database, cast: Cast) -> None:
    assert text(sent(database, cast.li, *many(1, 12)))[-1] == "其余 2 处见出错清单。"
    assert text(sent(database, cast.li, *many(1, 10)))[-1].endswith("E206 没有答案。")


def test_of_a_file_without_faults_only_its_hints_can_be_had(database: Database, cast: Cast) -> None:
    assert "下载出错清单" not in labels(sent(database, cast.li, ONE))
    guessed = [("", f"第{n}个问题多久一次？", "", "", "", "", "每季度") for n in range(12)]
    hinted = sent(database, cast.li, *guessed)
    assert labels(hinted) == ["导入 12 道", "换一个题库", "写依据文件", "下载提醒清单", "取消"]
    assert text(hinted)[-1] == "其余 4 处见提醒清单。"
    assert import_views.faults(hinted.checked).name == "试题.xlsx.提醒清单.txt"


def test_what_a_file_does_not_hold_stays_unless_it_is_to_replace(database: Database, cast: Cast) -> None:
    tapped(database, cast.li, sent(database, cast.li, ONE, TWO).token)
    merged = tapped(database, cast.li, sent(database, cast.li, THREE).token)
    assert (merged.difference.added, merged.difference.retired) == (1, 0)
    assert len(drawable(database)) == 3
    waits = sent(database, cast.li, ONE, ("单选", "几人？", "三", "五", "", "", "A"))
    waiting = database.look(importing.waiting, cast.li.sender(), waits.token, now=NOW)
    way = replace(waiting.way, mode=Mode.REPLACE)
    loaded = reading.again(waiting.packed or b"", waiting.name, waiting.sha256, way, on=ON)
    replacing = database.run(importing.change, cast.li.sender(), waits.token, loaded, way, now=NOW)
    assert "文件里没有的 2 道将停用。" in text(replacing)
    assert "改为合并：文件里没有的题保留" in labels(replacing)
    with pytest.raises(StaleButton):
        tapped(database, cast.li, waits.token)
    replaced = tapped(database, cast.li, replacing.token)
    assert (replaced.difference.added, replaced.difference.unchanged, replaced.difference.retired) == (1, 1, 2)
    assert len(drawable(database)) == 2
    assert database.run(importing.undo, cast.li.sender(), replaced.token, now=LATER) == 2
    assert len(drawable(database)) == 3


def test_a_question_keeps_its_number_when_rows_move_and_gets_a_version_when_its_answer_changes(
    database: Database, cast: Cast
) -> None:
    tapped(database, cast.li, sent(database, cast.li, ONE, TWO).token)
    before = drawable(database)
    moved = sent(database, cast.li, THREE, TWO, ("单选", "1、多久一次？", "A.每月", "B.每季度", "", "", "A"))
    assert text(moved)[1].endswith("其中新增 1、修改 1、未变 1；略去重复 0；出错 0 行。")
    tapped(database, cast.li, moved.token)
    assert before.keys() < drawable(database).keys()


def test_a_sheet_goes_into_a_bank_written_by_hand_and_its_export_reads_back_as_the_same(
    database: Database, cast: Cast
) -> None:
    loaded = reading.load(GOOD.encode(), "good.yaml", on=ON)
    database.run(service.import_loaded, loaded, scope=None, now=NOW)
    head = database.look(lambda session: revisions.head_at(session, the_bank(session)))
    way = Way(head, source="《中国共产党支部工作条例（试行）》")
    known = ("判断", "预备党员有表决权。", "", "", "", "", "对")
    preview = sent(database, cast.wang, known, THREE, way=way)
    assert text(preview)[0] == "试读：试题.xlsx → 题库“支部工作应知应会”（版本 1）"
    assert "依据：《中国共产党支部工作条例（试行）》" in text(preview)
    tapped(database, cast.wang, preview.token)
    assert drawable(database).keys() > {"zb-001", "zb-002", "zb-003", "zb-004"}
    exported = database.look(service.export, "zhibu-basics")
    assert schema1.read(exported.encode(), "out.yaml").issues == []
    back = reading.load(exported.encode(), "out.yaml", on=ON)
    outcome = database.run(service.import_loaded, back, scope=None, now=NOW)
    assert outcome.difference is not None
    assert outcome.difference.is_same
    cited = database.look(drawing.versions, list(drawable(database).values()))
    assert {one.question.citation.source.key for one in cited.values() if one.question.citation} == {"zb"}


def test_who_has_no_hand_in_a_bank_cannot_send_a_file_into_it(database: Database, cast: Cast) -> None:
    tapped(database, cast.li, sent(database, cast.li, ONE, TWO).token)
    theirs = sent(database, cast.zhao, THREE)
    assert theirs.way is not None
    assert theirs.way.head.slug != database.look(lambda session: the_bank(session).slug)
    bank_id = database.look(lambda session: the_bank(session).id)
    with pytest.raises(NotAllowedHere):
        database.look(importing.into_bank, cast.zhao.sender(), theirs.token, bank_id, now=NOW)
    assert [choice.slug for choice in database.look(importing.choices, cast.zhao.sender(), theirs.token, now=NOW)] == []


def test_a_bank_that_moved_on_is_read_again_before_anything_is_written(database: Database, cast: Cast) -> None:
    tapped(database, cast.li, sent(database, cast.li, ONE).token)
    waits = sent(database, cast.li, TWO)
    tapped(database, cast.li, sent(database, cast.li, THREE).token)
    with pytest.raises(NewerRevision):
        tapped(database, cast.li, waits.token)


def test_a_new_bank_takes_a_free_number_and_the_name_of_the_file(database: Database, cast: Cast) -> None:
    way = database.look(importing.begin, cast.li.sender(), "..\\题\u202e库 2026.XLSX", now=NOW).way
    assert (way.head.title, way.mode) == ("题库 2026", Mode.MERGE)
    assert way.head == Bank(way.head.slug, "题库 2026", ())
    assert database.look(importing.begin, cast.li.sender(), "Party_Basics.csv", now=NOW).way.head.slug == "party-basics"


def test_the_same_file_goes_the_same_way_and_keeps_its_document(database: Database, cast: Cast) -> None:
    start = database.look(importing.begin, cast.li.sender(), "试题.xlsx", now=NOW)
    way = replace(start.way, source="中国共产党章程")
    tapped(database, cast.li, sent(database, cast.li, ONE, way=way).token)
    again = sent(database, cast.li, ONE)
    assert (text(again), again.token) == (["内容没有变化（版本 1）。"], None)


def test_one_message_says_how_far_the_reading_is_and_that_it_is_over(database: Database, cast: Cast) -> None:
    token = database.run(progress.start, cast.li.sender(), "大.xlsx", now=NOW)

    def shown() -> tuple[int, object]:
        found = database.look(lambda session: progress.render(session, f"reading:{token}", NOW))
        assert found is not None
        return found.chat_id, found.content

    assert shown() == (1002, Message("大.xlsx：正在读取，请稍候。"))
    database.run(lambda session, now: session.execute(update(OutboxRow).values(message_id=77)), now=NOW)
    database.run(progress.advance, token, 4000, now=LATER)
    assert shown() == (1002, Edit(Message("大.xlsx：已读 4000 行，读完还要核对，请稍候。"), 77))
    database.run(progress.finish, token, now=LATER)
    assert shown() == (1002, Edit(Message("大.xlsx：读完了。"), 77))


def test_a_bank_does_not_grow_beyond_its_size(database: Database, cast: Cast) -> None:
    tapped(database, cast.li, sent(database, cast.li, ONE, TWO).token)
    data = "题型,题干,答案\n" + "".join(f"判断,第{n}条规定是这样的,对\n" for n in range(9_999))
    start = database.look(importing.begin, cast.li.sender(), "试题.xlsx", now=NOW)
    loaded = reading.load(data.encode(), "试题.xlsx", on=ON, way=start.way)
    preview = database.run(importing.preview, cast.li.sender(), data.encode(), loaded, start.way, now=NOW)
    told = "超过上限：一个题库 10000 题，导入后会有 10001 题。请换一个题库，或者改为替换。"
    assert text(preview)[2] == told
    assert labels(preview)[:3] == ["换一个题库", "写依据文件", "改为替换：文件里没有的题停用"]
    with pytest.raises(BankTooLarge):
        database.run(importing.apply, cast.li.sender(), preview.token, loaded.ready, now=LATER)
    assert len(drawable(database)) == 2
