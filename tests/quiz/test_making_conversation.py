"""Exams as they are made step by step, and led to their end: the real bot in its own Telegram."""

from collections.abc import Callable
from datetime import timedelta

from bot.banks.rules import QuestionType
from bot.demo.messages import Message
from bot.demo.stage import Actor, Stage
from bot.message import Sender
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_facts import Terms
from bot.quiz.rules import Draw
from tests.quiz.hall import publish_exam
from tests.stages import BRANCH_GROUP

People = Callable[[str], Actor]


def labels(message: Message) -> list[str]:
    return [button.text for button in message.buttons()]


async def press_first(person: Actor, card: Message, start: str) -> None:
    await person.press(next(label for label in labels(card) if label.removeprefix("√ ").startswith(start)))


async def test_an_exam_is_made_in_seven_steps_over_a_restart(stage: Stage, chat: People) -> None:
    li = chat("李四")
    card = (await li.say("/quiz")).message
    await li.press("发起考试")
    await li.press("逐步设置")
    assert card.text == "发起考试 ① 题库\n用哪个题库？"
    await press_first(li, card, "全部题库")
    assert card.text.startswith("发起考试 ② 知识点\n题库：全部题库")
    await press_first(li, card, "不限知识点")
    rows = "单选 10 题 × 5 分\n多选 5 题 × 6 分\n判断 5 题 × 4 分\n"
    assert card.text.endswith(rows + "合计 20 题，100 分\n点题型修改题量、分值、知识点和难度。")
    await li.press("单选 10")
    await li.press("5 题")
    assert "√ 5 题" in labels(card)
    await li.press("自己填写")
    await li.say("8题 每题5分")
    card = li.last()
    assert card.text.endswith("合计 18 题，90 分（不是 100 分）\n点题型修改题量、分值、知识点和难度。")
    await li.press("下一步")
    assert card.text == "发起考试 ④ 起止时间\n开考：发布后马上\n截止：3月5日 18:00\n点下面的按钮修改，不改就用现在的。"
    await li.press("自己填写")
    await stage.restart()
    await li.say("今天10:00 至 明天18:00")
    card = li.last()
    assert (
        card.text == "发起考试 ④ 起止时间\n开考：3月2日 10:00\n截止：3月3日 18:00\n点下面的按钮修改，不改就用现在的。"
    )
    await li.press("下一步")
    await li.press("限时")
    await li.press("10 分钟")
    assert card.text.startswith("发起考试 ⑤ 时长、次数与成绩\n限时：10 分钟\n可考次数：1 次\n合格线：60%")
    await li.press("下一步")
    assert card.text == "发起考试 ⑥ 对象\n城建一支部，应考 12 人"
    await li.press("下一步")
    await li.press("改标题")
    await li.say("三月应知应会")
    card = li.last()
    assert card.text == (
        "发起考试 预览\n《三月应知应会》\n题库：全部题库\n"
        "18 题（单选 8、多选 5、判断 5），满分 90 分（不是 100 分），54 分合格\n多选题：漏选得一半，错选不得分。\n"
        "时间：3月2日 10:00 至 3月3日 18:00\n限时 10 分钟，可考 1 次\n"
        "成绩交卷后告诉本人，答案截止后可看\n对象：应考 12 人"
    )
    await li.press("发布")
    await li.press("查看这场考试")
    assert card.text == "考试 2026-001《三月应知应会》：未开始\n3月2日 10:00 至 3月3日 18:00\n应考 12 人，已交卷 0 人"
    assert labels(card) == ["改时间", "增补", "免考", "取消考试", "返回"]


async def test_a_paper_of_several_rows_tells_everybody_how_it_is_marked(stage: Stage, chat: People) -> None:
    """李四 wants five judgements out, ten singles on one topic in, and each right letter to earn a point."""
    li, zhang = chat("李四"), chat("张三")
    card = (await li.say("/quiz")).message
    await li.press("发起考试")
    await li.press("逐步设置")
    await li.press("下一步")
    await li.press("下一步")
    await li.press("判断 5")
    await li.press("删掉这一行")
    assert labels(card)[:3] == ["单选 10", "多选 5", "加一行"]
    await li.press("加一行")
    await stage.restart()
    card = li.last()
    await press_first(li, card, "单选")
    assert card.text.startswith("发起考试 ③ 题量和分值\n单选 5 题 × 5 分\n知识点：不限；难度：不限\n可用 ")
    await li.press("知识点")
    await press_first(li, card, "组织设置（")
    assert "知识点：组织设置；难度：不限" in card.text
    await li.press("10 题")
    await li.press("2 分")
    await li.press("选好了")
    assert "1. 单选 10 题 × 5 分\n2. 单选（组织设置）10 题 × 2 分\n3. 多选 5 题 × 6 分\n" in card.text
    await li.press("3. 多选 5")
    await li.press("计分规则")
    await press_first(li, card, "每选对一项得 0.5 分")
    await li.press("每项 1 分")
    assert "√ 每选对一项得 1 分，错选不得分" in labels(card)
    await li.press("返回")
    await li.press("选好了")
    assert card.text.endswith(
        "3. 多选 5 题 × 6 分，每选对一项得 1 分\n合计 25 题，100 分\n点题型修改题量、分值、知识点和难度。"
    )
    await li.press("看预览")
    rows = "1. 单选 10 题 × 5 分\n2. 单选（组织设置）10 题 × 2 分\n3. 多选 5 题 × 6 分\n"
    assert f"{rows}多选题：每选对一项得 1 分，错选不得分。\n" in card.text
    await li.press("发布")
    await stage.settle()
    await zhang.press("开始答题")
    assert (
        "25 题，满分 100 分，60 分合格，限时 20 分钟。\n多选题：每选对一项得 1 分，错选不得分。\n" in zhang.last().text
    )


async def test_a_draft_left_in_the_middle_is_found_in_the_menu(chat: People) -> None:
    li = chat("李四")
    await li.say("/quiz")
    await li.press("发起考试")
    await li.press("逐步设置")
    await press_first(li, li.last(), "全部题库")
    await li.say("/quiz")
    await li.press("继续出卷：综合测试")
    assert li.last().text.startswith("发起考试 ② 知识点")
    await li.press("放弃")
    await li.say("/quiz")
    assert labels(li.last()) == ["发起考试", "现场答题卷"]


def publish(stage: Stage, person: Actor) -> None:
    now = stage.clock.now()
    rows = tuple(BlueprintRow(1, kind, score_centi=2500) for kind in QuestionType)
    terms = Terms(now, now + timedelta(days=1), timedelta(minutes=20), 1)
    sender = Sender(person.id, person.id, now)
    stage.database.run(publish_exam, sender, rows, Draw.SAME, terms, {}, now=now)


async def test_a_running_exam_is_led_from_its_notice_to_its_early_end(stage: Stage, chat: People) -> None:
    li, zhang = chat("李四"), chat("张三")
    publish(stage, li)
    await stage.settle()
    told = li.last(stage.group(BRANCH_GROUP))
    assert told.text.startswith("【考试】《四月测试》3月2日 09:00 至 3月3日 09:00，4 题，满分 100 分，限时 20 分钟。")
    assert labels(told) == ["去答题"]
    assert zhang.last().text == "张三同志：《四月测试》已开考，3月3日 09:00 截止，点“开始计时”后才计时。"
    await zhang.press("开始答题")
    await zhang.press("开始计时")
    assert zhang.last().is_protected  # an edit keeps what the message was sent with
    await zhang.press("交卷")
    await zhang.press("确认交卷")
    await li.say("/quiz")
    card = li.last()
    await li.press("进行中：四月测试")
    assert labels(card) == ["未参加名单", "改时间", "增补", "免考", "提前收卷", "取消考试", "作废答卷", "返回"]
    await li.press("未参加名单")
    assert "张三" not in card.text
    assert "还有 11 人没有参加：" in card.text
    await li.press("催考")
    assert card.text.startswith("已私聊提醒 9 人参加《四月测试》")
    await li.press("返回")
    await li.press("改时间")
    await li.press("延长 1 天")
    assert card.text == "《四月测试》改为 3月2日 09:00 至 3月4日 09:00。已通知绑定的支部群，提醒按新时间发送。"
    await li.press("返回")
    await li.press("免考")
    await press_first(li, card, "钱一")
    await li.say("长期出差")
    assert li.last().text == "钱一同志免考《四月测试》：长期出差。不计入应考。"
    await li.press("返回")
    card = li.last()
    await li.press("提前收卷")
    await li.press("提前收卷")
    assert card.text == "《四月测试》已收卷。成绩稍后公布。"


async def test_a_cancelled_exam_asks_twice_and_tells_why(stage: Stage, chat: People) -> None:
    li, zhang = chat("李四"), chat("张三")
    publish(stage, li)
    await stage.settle()
    await li.say("/quiz")
    await li.press("进行中：四月测试")
    await li.press("取消考试")
    assert li.last().text == "取消《四月测试》？下一步请写原因。取消后 5 分钟内可以撤销。"
    await li.press("取消考试")
    await li.say("题目有误")
    assert zhang.last().text == "《四月测试》已取消：题目有误。已作答的不计成绩。"
    assert (await zhang.say("/exam")).message.text == "目前没有需要你参加的考试。"
    assert li.last().text.startswith("已取消《四月测试》：题目有误。")
    await li.press("撤销")
    assert li.last().text.startswith("已撤销取消：《四月测试》照常进行，")
    assert zhang.last().text.startswith("《四月测试》取消已撤回，照常进行，")
    await zhang.press("开始答题")
    assert zhang.last().text.startswith("《四月测试》第 1/1 次")
