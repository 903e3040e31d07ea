"""A question of the book as it is read on a telephone."""

from datetime import date

from bot.message import strip_tags
from bot.practice import views
from bot.practice.facts import Asked, Verdict
from bot.practice.rules import Mode
from tests.quiz.banks import SINGLE

ASKED = Asked(5, Mode.DUE, 1, 3, SINGLE, (1, 0, 2, 3))


def test_options_stand_apart_from_the_question_and_from_what_to_do() -> None:
    head, options = strip_tags(views.question(ASKED).text).split("\n\n")
    assert head == "错题复习 1/3 · 单选题\n支部党员大会一般多久召开一次？"
    assert options == "A. 每季度\nB. 每月\nC. 每半年\nD. 每年"


def test_what_came_of_an_answer_stands_apart_too() -> None:
    asked = Asked(5, Mode.DUE, 1, 3, SINGLE, (1, 0, 2, 3), picked="A")
    stem, options, told = strip_tags(views.verdict(Verdict(asked, False, date(2026, 3, 2))).text).split("\n\n")
    assert stem == "支部党员大会一般多久召开一次？"
    assert options.startswith("A. 每季度\n")
    assert told.startswith("您的答案：B\n答错了。正确答案：A. 每季度。\n")
    assert told.endswith("\n明天再练。")
