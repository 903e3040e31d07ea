"""What makers of exams write: when an exam is, how many questions for how many points."""

import pytest

from bot.periods import beijing
from bot.quiz.phrases import blank_parts, read_number, read_points, read_row, read_window
from tests.make import NOW  # Monday 2 March 2026, 09:00


def read(text: str) -> str:
    """`-` stands for an opening that was not said."""
    found = read_window(text, NOW)
    if found is None:
        return ""
    return " ".join("-" if at is None else f"{beijing(at):%m-%d/%H:%M}" for at in found)


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("明天18:00", "- 03-03/18:00"),
        ("3月5日 14:30", "- 03-05/14:30"),
        ("3月5日 9:00 至 3月8日 18:00", "03-05/09:00 03-08/18:00"),
        ("3-5 9:00~3-8", "03-05/09:00 03-08/18:00"),
        ("３月５日９：００至１８：００", "03-05/09:00 03-05/18:00"),
        ("2026年3月5日到2026/3/8", "03-05/09:00 03-08/18:00"),
        ("下周五", "- 03-13/18:00"),
        ("周三下午三点", "- 03-04/15:00"),
        ("星期天晚上八点半", "- 03-08/20:30"),
        ("下周一早上8点半 到 下周五晚上10点", "03-09/08:30 03-13/22:00"),
        ("三天后 18点", "- 03-05/18:00"),
        ("18点", "- 03-02/18:00"),
        ("8点", "- 03-03/08:00"),
        ("3点", "- 03-02/15:00"),
        ("03:00", "- 03-03/03:00"),
        ("3月8日24点", "- 03-09/00:00"),
        ("1月5日", "- 01-05/18:00"),
        ("明天", "- 03-03/18:00"),
    ],
)
def test_a_window_is_read_as_people_write_it(text: str, meant: str) -> None:
    assert read(text) == meant


@pytest.mark.parametrize("text", ["", "胡说", "2月30日", "13月1日", "25点", "9:75", "至", "今天至明天至后天"])
def test_what_is_no_time_is_not_guessed_at(text: str) -> None:
    assert read(text) == ""


def test_a_day_that_has_passed_is_meant_of_next_year() -> None:
    found = read_window("1月5日", NOW)
    assert found is not None
    assert found[1].year == 2027


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("8 题 5 分", (8, 500)),
        ("10题，每题2.5分", (10, 250)),
        ("8×4", (8, 400)),
        ("１２题", (12, None)),
        ("20", (20, None)),
        ("很多", None),
        ("5分", None),
    ],
)
def test_a_row_is_read_as_people_write_it(text: str, meant: tuple[int, int | None] | None) -> None:
    assert read_row(text) == meant


def test_a_number_may_have_its_unit() -> None:
    texts = ("30", "30 分钟", "60%", "６０％", "三十", "-5")
    assert [read_number(text) for text in texts] == [30, 30, 60, 60, None, None]


def test_points_have_two_decimals_at_most() -> None:
    texts = ("0.5", "1.5 分", "２分", "0.005", "半分", "-1")
    assert [read_points(text) for text in texts] == [50, 150, 200, None, None, None]


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("三\n五十", ("三", "五十")),
        ("三；五十", ("三", "五十")),
        ("三、五十", ("三", "五十")),
        ("三，五十", ("三", "五十")),
        ("三 五十", ("三", "五十")),
        ("三 五十 人", ("三 五十 人",)),
        ("三、四；五十", ("三、四", "五十")),
        ("1,050", ("1,050",)),
    ],
)
def test_two_answers_may_be_parted_by_commas_or_spaces(text: str, meant: tuple[str, ...]) -> None:
    assert blank_parts(text, 2) == meant


def test_one_answer_keeps_its_commas_and_spaces() -> None:
    assert blank_parts(" 民主集中制，集体领导 ", 1) == ("民主集中制，集体领导",)
