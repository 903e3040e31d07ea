"""What those in charge of an exam read of it."""

from dataclasses import replace
from datetime import timedelta

from bot.quiz import running_views as views
from bot.quiz.exam_facts import BranchCount, Candidacy, Choosing, ExamRef, Missing, MissingCounts
from bot.quiz.rules import PaperState
from bot.quiz.running_facts import Cancelled, Ending, Notice, Nudged, Restored
from tests.make import NOW
from tests.quiz.test_views import seen

CLOSES = NOW + timedelta(days=3)
EXAM = ExamRef(7, "四月测试", PaperState.OPEN)


def missing(*names: str, unreached: tuple[str, ...] = (), running: int = 0, of_group: bool = False) -> str:
    facts = Missing(7, "四月测试", PaperState.OPEN, "abc", CLOSES, names, unreached, running, of_group, not of_group)
    return seen(views.missing(facts))


def test_the_list_names_who_is_missing_and_whom_nobody_reaches() -> None:
    assert missing("李四", "吴九", unreached=("吴九",), running=1) == (
        "《四月测试》3月5日 09:00 截止。正在答 1 人。\n本支部还有 2 人没有参加：李四、吴九。\n"
        "未触达（没有打开过机器人或已停用）：吴九。请长按“考试链接”复制，转给本人。\n[催考]\n[考试链接]\n[返回]"
    )
    assert missing() == "《四月测试》3月5日 09:00 截止。\n本支部应考的人都已参加。\n[返回]"
    assert missing("周八", of_group=True) == "《四月测试》3月5日 09:00 截止。\n本小组还有 1 人没有参加：周八。"


def test_those_who_are_only_unreached_cannot_be_nudged() -> None:
    assert "[催考]" not in missing("吴九", unreached=("吴九",))


def test_a_long_name_has_a_row_of_its_own() -> None:
    names = ("钱一", "张三", "阿卜杜热合曼·买买提伊明", "吴九", "周八", "卫五", "蒋六")
    people = tuple(Candidacy(n, name) for n, name in enumerate(names))
    assert seen(views.choose_excused(Choosing(EXAM, people), 0)).split("\n")[1:] == [
        "[钱一][张三]",
        "[阿卜杜热合曼·买买提伊明]",
        "[吴九][周八][卫五]",
        "[蒋六]",
        "[返回]",
    ]


def test_a_long_list_is_cut_with_its_length() -> None:
    assert "党员60等 80 人。" in missing(*(f"党员{n}" for n in range(1, 81)))


def test_those_above_read_counts() -> None:
    counts = (BranchCount("一支部", 12, 5), BranchCount("二支部", 9, 9))
    facts = MissingCounts(7, "四月测试", PaperState.OPEN, counts, can_nudge=True)
    assert seen(views.missing(facts)) == (
        "《四月测试》各支部参加情况\n一支部：应考 12 人，已交卷 5 人\n二支部：应考 9 人，已交卷 9 人\n[催考]\n[返回]"
    )


def test_what_an_end_ends_is_said_before() -> None:
    facts = Ending(7, "四月测试", running=2, finished=5)
    assert seen(views.confirm_close(facts)) == (
        "现在就收《四月测试》的卷？已交卷 5 人。正在答的 2 人 1 分钟后自动交卷。没有参加的人不能再考。\n"
        "[提前收卷][返回]"
    )
    assert seen(views.confirm_cancel(facts)) == (
        "取消《四月测试》？已交卷 5 人、正在答 2 人的答卷都作废。下一步请写原因。取消后 5 分钟内可以撤销。\n"
        "[取消考试][返回]"
    )
    assert seen(views.closed(facts)) == "《四月测试》已收卷。正在答的 2 人还有 1 分钟。成绩稍后公布。\n[返回]"


def test_a_cancellation_can_be_taken_back_until_then() -> None:
    facts = Cancelled(Ending(7, "四月测试", running=2, finished=5, reason="题目有误。"), 9, NOW + timedelta(minutes=5))
    assert seen(views.cancelled(facts)) == "已取消《四月测试》：题目有误。09:05前可撤销。\n[撤销][返回]"


def test_who_takes_a_cancellation_back_reads_what_follows() -> None:
    back = Restored(7, "四月测试", PaperState.OPEN, NOW, CLOSES, 2, timedelta(seconds=192), told=5, is_over=False)
    assert seen(views.restored(back)) == (
        "已撤销取消：《四月测试》照常进行，3月5日 09:00 截止。\n正在答的 2 人已补时 3 分 12 秒。\n"
        "已另行通知 5 人。\n[返回]"
    )
    planned = replace(back, state=PaperState.SCHEDULED, running=0, told=0)
    assert seen(views.restored(planned)) == "已撤销取消：《四月测试》按原时间 3月2日 09:00 开始。\n[返回]"
    over = replace(back, running=0, told=0, is_over=True)
    assert seen(views.restored(over)) == "已撤销取消：《四月测试》已到截止时间，照常收卷。\n[返回]"


def test_lists_of_people_show_who_is_excused() -> None:
    people = (Candidacy(1, "张三"), Candidacy(2, "周八", is_exempt=True))
    assert (
        seen(views.choose_added(Choosing(EXAM, people), 0)) == "增补谁参加《四月测试》？\n[张三][周八（免考）]\n[返回]"
    )
    assert seen(views.choose_added(Choosing(EXAM, ()), 0)) == "《四月测试》没有可以增补的人，都在应考名单里。\n[返回]"
    assert seen(views.choose_excused(Choosing(EXAM, ()), 0)) == "《四月测试》没有可以免考的人。\n[返回]"


def test_a_nudge_says_whom_it_does_not_reach() -> None:
    text = "已私聊提醒 3 人参加《四月测试》，夜间免打扰的人早上收到。另有 1 人未触达。\n[返回]"
    assert seen(views.nudged(Nudged(7, "四月测试", 3, 1))) == text
    own = views.nudged(Nudged(7, "四月测试", 3, 1, is_own_due=True))
    assert "另有 1 人未触达。你自己也还没有参加。" in seen(own)


def test_a_group_reads_no_name_of_anybody() -> None:
    facts = Notice(7, "四月测试", "abc", NOW, CLOSES, 20, 100_00, timedelta(minutes=20))
    assert seen(views.announced(facts)).endswith("请到私聊作答，本群不显示个人成绩。\n[去答题]")
    assert seen(views.moved_told(facts)) == (
        "【考试】《四月测试》的截止时间改为 3月5日 09:00。已经参加的不受影响。\n[去答题]"
    )
