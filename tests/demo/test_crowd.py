"""其余党员一起: the simulated members do what is most pressing in the chat."""

from bot.demo import seed
from bot.demo.crowd import Crowd
from bot.demo.stage import Stage
from tests import stages


async def test_who_can_sign_in_does_so_before_answering_a_later_notice(stage: Stage) -> None:
    card = await stages.announced(stage)
    await stage.at("2026-03-06 14:50")
    later = await stages.announced(stage, "3月9日15点 党课 廉洁从业 @三楼会议室")
    crowd = Crowd(stage.people, stage.stepper, seed.KNOWLEDGE)
    await crowd.act(stage.group(stages.BRANCH_GROUP))
    await stage.settle()
    assert card.text.endswith("实到6 · 请假0 · 未签6")
    assert later.text.endswith("已回复 0/12：参加0 · 请假0 · 未回复12")
