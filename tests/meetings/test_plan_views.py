"""What a plan asks, shows and answers, word for word."""

from dataclasses import replace

import pytest

from bot.meetings import plan_views
from bot.meetings.facts import Plan, Preview, Saved, Step
from bot.meetings.ladder import PlannedRung
from bot.meetings.phrases import Note, Question
from bot.meetings.rules import MeetingKind, RungName, RungState
from bot.members.rules import UnitKind, UnitRef
from bot.message import MAX_DATA
from bot.workdays import DayKind, Why
from tests.meetings.play import at
from tests.meetings.test_views import BRANCH, MEETING, NOW, PEOPLE, line, longest_data

PREVIEW = Preview(
    unit=BRANCH,
    kind=MeetingKind.MEMBER_ASSEMBLY,
    title="讨论发展对象",
    place="三楼会议室",
    starts_at=MEETING.starts_at,
    ends_at=MEETING.ends_at,
    notes=(),
    why=Why(DayKind.WORKDAY),
    is_known=True,
    rungs=(
        PlannedRung(RungName.R1, NOW, MEETING.starts_at),
        PlannedRung(RungName.R2, NOW, MEETING.starts_at, RungState.SKIPPED),
        PlannedRung(RungName.R3, at("2026-12-04 13:00"), MEETING.starts_at),
        PlannedRung(RungName.R8, at("2026-12-07 09:30"), MEETING.starts_at),
        PlannedRung(RungName.R8, at("2026-12-14 09:30"), MEETING.starts_at, round=2),
    ),
    expected=24,
    exempt=0,
)
BUTTONS = "[确认发布] [改主题] [修改] [放弃]"


def test_the_preview_shows_every_reminder_or_that_it_is_left_out() -> None:
    assert line(plan_views.preview(5, PREVIEW, now=NOW)) == (
        "【支部党员大会】讨论发展对象／时间：12月4日（周五）15:00—16:30／地点：三楼会议室／召开：第一党支部，应到24人／／"
        "提醒（通知发到群里，催办只私信本人）／通知 立即／催复 略过／会前提醒 12月4日 13:00／缺席说明 12月7日 09:30 "
        f"{BUTTONS}"
    )


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"why": Why(DayKind.WEEKEND)}, "这一天是周末，非工作日。"),
        ({"why": Why(DayKind.HOLIDAY, "国庆节")}, "这一天是国庆节假期，非工作日。"),
        ({"why": Why(DayKind.MAKEUP, "春节")}, "这一天是周末，因春节调休上班。"),
        ({"is_known": False}, "2026年放假安排尚未公布，请届时再核对。"),
        ({"expected": 0}, "应到名单为空。"),
        ({"exempt": 2}, "应到24人，另有2人不计入应到"),
        ({"busy": tuple(PEOPLE)}, "张三、李四此时另有会议。"),
        ({"is_place_taken": True}, "同一时间该地点已有会议。"),
        ({"has_chat": False}, "提醒（逐一私信）"),
        (
            {"notes": (Note.AFTERNOON, Note.ODD_HOUR)},
            "15:00—16:30／没写上午下午，按下午理解。时间较早或较晚，请再确认时间。／地点",
        ),
        ({"notes": (Note.DEFAULT_TIME,)}, "15:00—16:30／没写几点，用的是默认时间。／地点"),
        ({"rungs": PREVIEW.rungs[:1]}, "提醒（发到群里）"),
    ],
)
def test_the_preview_warns(change: dict[str, object], words: str) -> None:
    assert words in line(plan_views.preview(5, replace(PREVIEW, **change), now=NOW))  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("plan", "text"),
    [
        (
            Plan(5, Step.KIND, kinds=(MeetingKind.MEMBER_ASSEMBLY, MeetingKind.PARTY_LECTURE)),
            "安排哪一种会议？ [支部党员大会] [党课] [周期会议] [放弃]",
        ),
        (
            Plan(5, Step.UNIT, kind=MeetingKind.PARTY_LECTURE, units=(BRANCH,)),
            "党课／由哪个组织召开？ [第一党支部] [放弃]",
        ),
        (
            Plan(5, Step.DAY, kind=MeetingKind.PARTY_LECTURE, unit=BRANCH, starts=(MEETING.starts_at,)),
            "党课（第一党支部）／什么时候开？ [12月4日（周五）15:00] [输入…] [放弃]",
        ),
        (
            Plan(5, Step.CHOICE, starts=(MEETING.starts_at,), question=Question.TOMORROW),
            "今天这个时间已过，是否改到明天？ [12月4日（周五）15:00] [输入…] [放弃]",
        ),
        (
            Plan(5, Step.PLACE, kind=MeetingKind.PARTY_LECTURE, unit=BRANCH, places=("甲", "乙")),
            "党课（第一党支部）／在哪里开？ [甲] [乙] [输入…] [放弃]",
        ),
        (
            Plan(5, Step.PEOPLE, people=tuple(PEOPLE), chosen=frozenset({23})),
            "请选择参加培训的人。 [张三] [✓ 李四] [全选] [选好了（1）] [放弃]",
        ),
    ],
)
def test_the_questions_of_a_plan(plan: Plan, text: str) -> None:
    assert line(plan_views.question(plan, now=NOW)) == text


def test_a_long_place_stands_alone_and_a_change_has_a_way_back() -> None:
    places = ("三楼会议室", "城建大厦三楼第一会议室（东侧电梯旁）")
    plan = Plan(5, Step.PLACE, kind=MeetingKind.PARTY_LECTURE, unit=BRANCH, places=places, is_change=True)
    asked = plan_views.question(plan, now=NOW).buttons
    assert [[button.label for button in row] for row in asked] == [*([place] for place in places), ["输入…", "不改了"]]


def test_what_is_to_be_typed_has_an_example_of_its_kind() -> None:
    assert line(plan_views.ask("phrase")).startswith("请写时间，例如：下周五15点、")
    assert line(plan_views.ask("phrase", repeats=True)).startswith("请写周期，例如：每月第一个周五15点、")


def test_long_lists_turn_pages() -> None:
    units = tuple(UnitRef(n, UnitKind.BRANCH, f"支部{n}", f"/{n}/") for n in range(23))
    first = line(plan_views.question(Plan(5, Step.UNIT, kind=MeetingKind.PARTY_LECTURE, units=units), now=NOW))
    last = line(plan_views.question(Plan(5, Step.UNIT, kind=MeetingKind.PARTY_LECTURE, units=units), page=2, now=NOW))
    assert first.endswith("[支部9] [下一页] [放弃]")
    assert last == "党课／由哪个组织召开？ [支部20] [支部21] [支部22] [上一页] [放弃]"


def test_the_receipt_says_when_the_notice_goes() -> None:
    saved = plan_views.saved(Saved(MEETING, at("2026-11-27 09:00")), now=NOW)
    assert line(saved) == (
        "已发布：【支部党员大会】讨论发展对象／12月4日（周五）15:00—16:30，三楼会议室／通知马上发出。"
        " [议题] [改期] [取消]"
    )
    later = plan_views.saved(Saved(MEETING, at("2026-11-30 09:00")), now=NOW)
    assert "通知将于11月30日（周一）09:00发出。" in line(later)


def test_every_button_of_a_plan_fits_into_64_bytes() -> None:
    last = 2**31 - 1
    shown = [plan_views.preview(last, PREVIEW, now=NOW), plan_views.editing(Plan(last, Step.KIND), now=NOW)]
    assert longest_data(shown) <= MAX_DATA
