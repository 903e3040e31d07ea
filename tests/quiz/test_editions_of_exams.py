"""Which edition of a document an exam asks about: the one in force on the day it opens."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bot.banks.rules import Bank, Citation, Question, QuestionType, Source
from bot.periods import local_day
from bot.quiz import exam_drafts, exam_rows, exam_settings, papers
from bot.quiz.models import Paper, PaperItem, PaperPool
from bot.quiz.rules import DraftStep, Draw, Setting
from tests.make import NOW
from tests.quiz.conftest import AddBank
from tests.quiz.hall import Hall

CHANGES_ON = date(2026, 3, 6)
OLD = Source("old", "《条例》", "2018年", date(2018, 10, 28))
NEW = Source("new", "条例", "2026年", CHANGES_ON)
ASKED = Question("old-1", QuestionType.SINGLE, "旧条例多久一次？", ("每月", "每季度"), "A", citation=Citation(OLD))
ASKED_ANEW = replace(ASKED, code="new-1", stem="新条例多久一次？", citation=Citation(NEW))
RULES = Bank("rules", "条例", (ASKED, ASKED_ANEW), sources=(OLD, NEW))


def drafted(hall: Hall, window: str, count: int = 1, draw: Draw = Draw.SAME) -> int:
    """李四 has come to the preview of an exam out of this bank alone."""
    li = hall.cast.li
    made = hall.act(exam_drafts.begin, li, seed=1)
    bank_id = next(one.bank_id for one in made.banks if one.title == RULES.title)
    hall.act(exam_settings.fill, li, f"{made.paper_id}:window", window)
    hall.act(exam_drafts.choose_bank, li, made.paper_id, bank_id)
    hall.act(exam_drafts.choose_topic, li, made.paper_id, 0)
    hall.act(exam_rows.set_count, li, made.paper_id, 0, count)
    for place in (1, 2):
        hall.act(exam_rows.remove, li, made.paper_id, place)
    hall.act(exam_settings.put, li, made.paper_id, Setting.DRAW.value, draw.value, can_name=False)
    hall.act(exam_drafts.go, li, made.paper_id, DraftStep.PREVIEW.value)
    return made.paper_id


@pytest.mark.parametrize(
    ("window", "stem"),
    [("明天9:00至3月5日18:00", "旧条例多久一次？"), ("3月6日9:00至3月8日18:00", "新条例多久一次？")],
)
@pytest.mark.parametrize("draw", [Draw.SAME, Draw.EACH])
def test_an_exam_asks_about_the_edition_of_the_day_it_opens(
    hall: Hall, add_bank: AddBank, window: str, stem: str, draw: Draw
) -> None:
    add_bank(RULES)
    hall.paper_id = drafted(hall, window, draw=draw)
    hall.act(exam_drafts.publish, hall.cast.li, hall.paper_id)
    assert len(hall.rows(PaperItem) or hall.rows(PaperPool)) == 1
    opens_at = hall.paper.opens_at
    assert opens_at is not None
    hall.at(opens_at)
    assert hall.start(hall.cast.zhang).question.stem == stem


def test_what_is_not_in_force_yet_counts_for_no_exam_of_today(hall: Hall, add_bank: AddBank) -> None:
    add_bank(replace(RULES, questions=(replace(ASKED, citation=None), ASKED_ANEW), sources=(NEW,)))
    assert local_day(NOW) < CHANGES_ON
    with pytest.raises(papers.TooFew) as refused:
        drafted(hall, "今天18:00", 2)
    assert str(refused.value) == "题量不够：单选需要 2 道，可用 1 道。请减少题量或换题库。"
    assert {paper.code for paper in hall.rows(Paper)} == {None}


def test_a_bank_of_a_document_to_come_is_offered_from_its_day_on(hall: Hall, add_bank: AddBank) -> None:
    add_bank(replace(RULES, questions=(ASKED_ANEW,), sources=(NEW,)))

    def offered() -> list[str]:
        return [one.title for one in hall.act(exam_drafts.begin, hall.cast.li, seed=1).banks]

    assert RULES.title not in offered()
    hall.now += timedelta(days=4)
    assert RULES.title in offered()
