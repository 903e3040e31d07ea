"""An office that opens names to its admins: one setting, and the same buttons lead to more."""

from datetime import timedelta

from bot.banks.rules import QuestionType
from bot.config import Quiz
from bot.demo.stage import Stage
from bot.demo.world import World
from bot.message import Sender
from bot.quiz.blueprint import BlueprintRow
from bot.quiz.exam_facts import Terms
from bot.quiz.rules import Draw
from tests import stages
from tests.quiz.hall import publish_exam
from tests.quiz.test_exam_conversation import labels


def publish(stage: Stage) -> None:
    li, now = stage.actor("李四"), stage.clock.now()
    rows, terms = (BlueprintRow(1, QuestionType.SINGLE),), Terms(now, now + timedelta(days=1), timedelta(minutes=20), 1)
    stage.database.run(publish_exam, Sender(li.id, li.id, now), rows, Draw.SAME, terms, {}, now=now)


async def test_an_admin_reads_who_has_not_sat(telegram_server: tuple[dict[str, World], str], stage_url: str) -> None:
    settings = {"quiz": Quiz(admin_sees_names=True)}
    async with stages.opened(*telegram_server, stage_url, settings=settings) as stage:
        publish(stage)
        await stage.settle()
        wang = stage.actor("王五")
        await wang.say("/quiz")
        await wang.press("进行中：四月测试")
        assert "未参加名单" in labels(wang.last())
        await wang.press("未参加名单")
        assert "张三" in wang.last().text
        zhang = stage.actor("张三")
        assert (await zhang.say("/quiz")).message.text.startswith("这个操作只有支部书记或管理员可以用。")
