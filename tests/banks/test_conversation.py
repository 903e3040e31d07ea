"""A bank file on its way through the whole bot: what people send, press and read."""

from collections.abc import Callable

from bot.banks.formats import Format, format_of
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from tests.banks.files import GOOD

People = Callable[[str], Actor]
NOT_ALLOWED = "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"
SHORTER = "".join(line for line in GOOD.splitlines(keepends=True) if "zb-003" not in line)


def labels(message: Message) -> list[str]:
    return [button.text for row in message.keyboard for button in row]


async def sent(who: Actor, text: str, name: str = "good.yaml") -> Message:
    return (await who.upload(name, text.encode())).message


async def test_a_file_is_shown_confirmed_and_undone(chat: People) -> None:
    li = chat("李四")
    preview = await sent(li, GOOD)
    assert preview.text.startswith("试读：good.yaml → 题库“支部工作应知应会”（新建）\n读到 4 行：可导入 4 道")
    assert labels(preview) == ["导入 4 道", "取消"]
    done = await li.press("导入 4 道")
    assert done.edits[-1].text == "已导入：新增 4，修改 0，未变 0，停用 0。题库版本 1。\n要用它出卷，请发送 /quiz。"
    assert (await sent(li, GOOD)).text == "内容没有变化（版本 1）。"
    assert "文件里没有的 1 道将停用。" in (await sent(li, SHORTER)).text
    changed = await li.press("导入 3 道")
    assert changed.edits[-1].text == "已导入：新增 0，修改 0，未变 3，停用 1。题库版本 2。\n要用它出卷，请发送 /quiz。"
    undone = await li.press("撤销本次导入")
    assert undone.edits[-1].text == "已撤销，题库内容回到版本 1。"
    assert labels(undone.edits[-1]) == []


async def test_a_cancelled_file_leaves_nothing(chat: People) -> None:
    li = chat("李四")
    preview = await sent(li, GOOD)
    cancelled = await li.press("取消", on=preview)
    assert cancelled.edits[-1].text == "已取消，没有写入题库。"
    late = await li.press("导入 4 道", on=preview, stale=0)
    assert late.alert == "这个按钮已失效，请点最新消息里的按钮。"
    assert (await li.say("/bank")).message.text.startswith("题库共 8 个。")


async def test_a_double_tap_imports_once(chat: People) -> None:
    li = chat("李四")
    preview = await sent(li, GOOD)
    await li.press("导入 4 道", on=preview)
    again = await li.press("导入 4 道", on=preview, stale=0)
    assert again.toast == "已记录"
    await li.say("题库")
    assert "版本 1，归属 城建一支部" in (await li.press("下一页")).edits[-1].text


async def test_a_file_with_faults_is_answered_with_their_places(chat: People) -> None:
    answer = await sent(chat("李四"), GOOD.replace("answer: B\n", "answer: E\n"))
    assert answer.text == (
        "good.yaml:13:13 E112 答案“E”不在选项 A、B、C、D 里。\n"
        "共 1 处错误、0 处提醒；没有写入题库。修好后再发一次即可。"
    )
    assert labels(answer) == []


async def test_many_faults_come_as_a_text_file(chat: People) -> None:
    many = "schema: 1\nbank: demo\ntitle: 题\nquestions:\n" + "  - 甲\n" * 60
    answer = await chat("李四").upload("many.yaml", many.encode())
    shown, listing = answer.messages
    assert len(shown.text.splitlines()) == 11
    assert listing.file is not None
    assert listing.file.name == "many.yaml.出错清单.txt"
    assert len(listing.file.data.decode("utf-8-sig").splitlines()) == 60


async def test_a_file_name_cannot_break_out_of_the_answer(chat: People) -> None:
    many = "schema: 1\nbank: demo\ntitle: 题\nquestions:\n" + "  - 甲\n" * 60
    answer = await chat("李四").upload('a"; name="chat_id\r\nX: y.yaml', many.encode())
    assert [message.text[:20] for message in answer.messages] == ['a"; name="chat_id X:', ""]


async def test_other_formats_under_a_yaml_name_are_named(chat: People) -> None:
    answer = await chat("李四").upload("bank.yaml", b"<?xml version='1.0'?><quiz/>")
    assert (
        answer.message.text.splitlines()[0]
        == "bank.yaml E217 文件识别为XML，本版支持 YAML、Excel、CSV、文本题单、Word、JSON 和 GIFT。"
    )


async def test_a_member_may_neither_send_nor_list(chat: People) -> None:
    zhang = chat("张三")
    assert (await sent(zhang, GOOD)).text == NOT_ALLOWED
    assert (await zhang.say("/bank")).message.text == NOT_ALLOWED


async def test_the_buttons_of_another_are_dead(chat: People, stage: Stage) -> None:
    stage.involves_strangers = True
    preview = await sent(chat("李四"), GOOD)
    data = preview.button("导入 4 道").data
    card = (await chat("赵六").say("/bank")).message
    assert (await chat("赵六").press(data=data, on=card)).alert == "这个按钮已失效，请点最新消息里的按钮。"
    for forged in ("banks:apply:x", "banks:undo:", "banks:export:zz", "banks:list", "banks:discard:é"):
        assert (await chat("赵六").press(data=forged, on=card)).alert


async def test_another_branch_sees_nothing_of_it(chat: People, stage: Stage) -> None:
    stage.involves_strangers = True
    await sent(chat("李四"), GOOD)
    await chat("李四").press("导入 4 道")
    assert (await chat("赵六").say("/bank")).message.text.startswith("题库共 8 个。")
    refused = await sent(chat("赵六"), GOOD.replace("支部工作", "别的工作"))
    assert refused.text.startswith("good.yaml:2:7 E127 题库编号“zhibu-basics”已属于“城建一支部”，请换一个编号。\n")


async def test_shipped_banks_stand_in_the_list_and_can_be_had_as_files(chat: People) -> None:
    wang = chat("王五")
    listed = (await wang.say("/bank")).message
    assert listed.text.startswith("题库共 8 个。")
    turned = await wang.press("下一页", on=listed)
    assert "支部工作条例应知应会（zhibu-gongzuo）" in turned.edits[-1].text
    exported = (await wang.press("导出《支部工作条例应知应会》")).message
    assert exported.file is not None
    assert exported.file.name == "zhibu-gongzuo.yaml"
    assert format_of(exported.file.data, exported.file.name) is Format.YAML
    assert (await sent(wang, exported.file.data.decode(), exported.file.name)).text == "内容没有变化（版本 1）。"
