"""A sheet thrown at the bot in private: one screen of what is wrong, the choices, the tap, the way back."""

from collections.abc import Callable

from bot.banks import workbook
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.members import workbook as rosters
from tests.banks.sheets import HEAD, Row, sheet

People = Callable[[str], Actor]
ONE = ("单选", "多久一次？", "每月", "每季度", "", "", "B")
TWO = ("判断", "预备党员有表决权。", "", "", "", "", "错")
BAD = ("多选", "三会包括哪些？", "甲", "乙", "", "", "")


def labels(message: Message) -> list[str]:
    return [button.text for row in message.keyboard for button in row]


async def sent(who: Actor, *rows: Row, name: str = "试题.xlsx") -> Message:
    return (await who.upload(name, sheet(HEAD, *rows))).message


async def test_a_sheet_is_shown_taken_without_its_bad_row_and_taken_back(stage: Stage, chat: People) -> None:
    li = chat("李四")
    preview = await sent(li, ONE, TWO, BAD)
    assert preview.text.splitlines() == [
        "试读：试题.xlsx → 题库“试题”（新建）",
        "读到 3 行：可导入 2 道（单选 1、多选 0、判断 1、填空 0），其中新增 2、修改 0、未变 0；略去重复 0；出错 1 行。",
        "题!G4 E206 没有答案。",
    ]
    assert labels(preview) == ["导入 2 道，跳过 1 行", "换一个题库", "写依据文件", "下载出错清单", "取消"]
    listing = (await li.press("下载出错清单", on=preview)).message
    assert listing.file is not None
    assert listing.file.data.decode("utf-8-sig") == "试题.xlsx[题]!G4 E206 没有答案。"
    done = await li.press("导入 2 道，跳过 1 行", on=preview)
    assert done.edits[-1].text == "已导入：新增 2，修改 0，未变 0，停用 0。题库版本 1。\n要用它出卷，请发送 /quiz。"
    assert (await li.press("导入 2 道，跳过 1 行", on=preview, stale=0)).toast == "已记录"
    undone = await li.press("撤销本次导入")
    assert undone.edits[-1].text == "已撤销，这个题库的题目已全部停用。"
    assert (await li.press("撤销本次导入", on=preview, stale=1)).toast == "已记录"
    await stage.advance(minutes=1)
    assert (await li.press("撤销本次导入", on=preview, stale=1)).alert == "这次导入已经撤销。"
    assert "没有在用的题\n版本 2，" in (await li.say("/bank")).message.text


async def test_the_document_is_asked_for_once_and_stands_in_the_preview(chat: People) -> None:
    li = chat("李四")
    preview = await sent(li, ONE)
    asked = await li.press("写依据文件", on=preview)
    assert asked.message.text.startswith("这些题依据哪个文件？")
    named = (await li.say("《中国共产党章程》")).message
    assert named.text.splitlines()[2] == "依据：《中国共产党章程》"
    late = await li.press("导入 1 道", on=preview, stale=0)
    assert late.alert == "这个按钮已失效，请点最新消息里的按钮。"
    await li.press("导入 1 道", on=named)
    assert "依据：《中国共产党章程》" in (await sent(li, ONE, TWO)).text


async def test_another_bank_and_the_way_in_are_chosen_by_buttons(chat: People) -> None:
    li = chat("李四")
    await sent(li, ONE, name="党章.xlsx")
    await li.press("导入 1 道")
    preview = await sent(li, TWO)
    await li.press("换一个题库", on=preview)
    back = (await li.press("返回", on=preview)).edits[-1]
    assert back.text == preview.versions[0].text
    choice = (await li.press("换一个题库", on=preview)).edits[-1]
    assert choice.text == "这份文件导入哪个题库？"
    bank = next(label for label in labels(choice) if label.startswith("党章（"))
    into = (await li.press(bank, on=preview)).edits[-1]
    assert into.text.startswith("试读：试题.xlsx → 题库“党章”（版本 1）")
    replacing = (await li.press("改为替换：文件里没有的题停用", on=preview)).edits[-1]
    assert "文件里没有的 1 道将停用。" in replacing.text
    done = await li.press("导入 1 道", on=preview)
    assert done.edits[-1].text == "已导入：新增 1，修改 0，未变 0，停用 1。题库版本 2。\n要用它出卷，请发送 /quiz。"


async def test_whether_a_workbook_is_a_roster_or_a_bank_its_headings_say(chat: People) -> None:
    wang = chat("王五")
    roster = (await wang.upload("试题.xlsx", rosters.template())).message
    assert roster.text.startswith("名册预览：")
    bank = (await wang.upload("名册.xlsx", workbook.template())).message
    assert bank.text.startswith("试读：名册.xlsx → 题库“名册”（新建）")
    neither = (await wang.upload("物资.xlsx", sheet(("品名", "数量"), ("桌子", 3)))).message
    assert neither.text.splitlines() == [
        "物资.xlsx[题]!A1 E203 没找到题干列和答案列。表头请用：题型、题干、A、B、C、D、答案。",
        "如果这是名册，表头请用：党支部、姓名、类别。",
        "共 1 处错误、0 处提醒；没有写入题库。修好后再发一次即可。",
    ]


async def test_a_member_may_send_no_workbook(chat: People) -> None:
    answer = await sent(chat("张三"), ONE)
    assert answer.text == "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"


async def test_the_template_is_had_from_the_list_and_comes_back_clean(chat: People) -> None:
    li = chat("李四")
    await li.say("/bank")
    made = (await li.press("下载模板")).message
    assert made.file is not None
    assert made.file.name == "题库模板.xlsx"
    preview = (await li.upload("题库模板.xlsx", made.file.data)).message
    assert "可导入 4 道（单选 1、多选 1、判断 1、填空 1），其中新增 4、" in preview.text
    assert "出错 0 行" in preview.text
