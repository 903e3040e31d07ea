"""Papers: drawn with a seed, made step by step, published as previewed, closed when nobody uses them."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from bot.banks import revisions
from bot.banks.revisions import Scope
from bot.banks.rules import Bank, Origin, QuestionType, ScopeKind
from bot.members.rules import NotAllowed
from bot.message import StaleButton
from bot.quiz import drafts, hosting, papers, service
from bot.quiz.facts import PaperDraft
from bot.quiz.models import Paper, PaperBranch, PaperItem, RoundItem
from bot.quiz.rules import DraftStep, PaperState
from tests.make import NOW, Make
from tests.quiz.banks import BASICS, SINGLE, many
from tests.quiz.conftest import AddBank
from tests.quiz.play import Play

Choose = Callable[..., PaperDraft]


def do(play: Play, choose: Choose, *args: object, **chance: int) -> PaperDraft:
    """The secretary takes one step in private."""
    return play.act(choose, play.cast.li, *args, chat_id=None, **chance)


def previewed(play: Play, count: int = 3, *, bank_id: int = 0) -> int:
    paper_id = do(play, drafts.begin, seed=1).paper_id
    do(play, drafts.choose_bank, paper_id, bank_id)
    do(play, drafts.choose_topic, paper_id, 0)
    do(play, drafts.choose_count, paper_id, count)
    return paper_id


def versions(play: Play, paper_id: int) -> list[int]:
    return [item.version_id for item in play.rows(PaperItem) if item.paper_id == paper_id]


# -- step by step ------------------------------------------------------------------------------------------------------


def test_a_paper_is_made_in_three_steps_and_published(play: Play, add_bank: AddBank) -> None:
    add_bank(many(12))
    first = do(play, drafts.begin, seed=1)
    assert [(bank.title, bank.count) for bank in first.banks] == [("党章知识", 12), ("支部工作应知应会", 3)]
    second = do(play, drafts.choose_bank, first.paper_id, first.banks[1].bank_id)
    assert [(topic.title, topic.count) for topic in second.topics] == [("三会一课", 2)]
    third = do(play, drafts.choose_topic, first.paper_id, second.topics[0].place)
    assert (third.step, third.topic, third.have) == (DraftStep.COUNT, "三会一课", 2)
    with pytest.raises(papers.TooFew) as too_few:
        do(play, drafts.choose_count, first.paper_id, 3)
    assert str(too_few.value) == "题量不够：题目需要 3 道，可用 2 道。请减少题量或换题库。"
    do(play, drafts.step_back, first.paper_id)
    do(play, drafts.choose_topic, first.paper_id, 0)
    fourth = do(play, drafts.choose_count, first.paper_id, 3)
    assert fourth.title == "支部工作应知应会"
    assert fourth.counts == {QuestionType.SINGLE: 1, QuestionType.MULTIPLE: 1, QuestionType.TRUE_FALSE: 1}
    assert fourth.max_centi == 800
    done = play.act(drafts.publish, play.cast.li, first.paper_id, chat_id=None)
    assert (done.code, done.title, done.count) == ("2026-001", "支部工作应知应会", 3)
    (paper,) = play.rows(Paper)
    assert (paper.state, paper.draft_step, paper.max_centi) == (PaperState.OPEN, None, 800)
    assert [branch.branch_id for branch in play.rows(PaperBranch)] == [play.cast.branch.id]


def test_every_step_survives_a_restart(play: Play) -> None:
    """The draft is a row: looking at it again shows the step it had come to."""
    paper_id = previewed(play)
    assert do(play, drafts.look, paper_id).step is DraftStep.PREVIEW
    for step in (DraftStep.COUNT, DraftStep.TOPIC, DraftStep.BANK, DraftStep.BANK):
        assert do(play, drafts.step_back, paper_id).step is step


def test_a_paper_of_the_group_is_offered_there_and_what_it_had_comes_last(play: Play) -> None:
    first, second = play.make_paper(), play.make_paper(1)
    play.act(hosting.start, play.cast.li, second)
    play.act(hosting.abort, play.cast.li, play.round.id, chat_id=None)
    offered = play.act(service.offer, play.cast.sun)
    assert [(paper.paper_id, paper.count, paper.is_used) for paper in offered] == [(first, 3, False), (second, 1, True)]


def test_a_paper_made_by_one_tap_is_not_offered_again(play: Play) -> None:
    play.start()
    play.act(hosting.abort, play.cast.li, play.round.id, chat_id=None)
    assert play.act(service.offer, play.cast.li) == ()


def test_a_paper_of_another_branch_cannot_be_asked_here(play: Play, make: Make) -> None:
    make.chat(play.cast.other, -1002, "交通一支部群")
    paper_id = play.make_paper()
    with pytest.raises(StaleButton):
        play.act(hosting.start, play.cast.zhao, paper_id, chat_id=-1002)


def test_another_draw_is_previewed_before_it_is_published(play: Play, add_bank: AddBank) -> None:
    add_bank(many(40))
    paper_id = previewed(play, 10)
    before = play.rows(Paper)[0].blueprint["previewed"]
    assert [do(play, drafts.redraw, paper_id, seed=seed).redrawn for seed in (2, 3)] == [1, 2]
    assert do(play, drafts.look, paper_id).redrawn == 2
    assert play.rows(Paper)[0].blueprint["previewed"] != before


def test_a_bank_that_changed_after_the_preview_is_not_published_unseen(play: Play) -> None:
    paper_id = previewed(play)
    _edit(play, replace(BASICS, questions=(replace(SINGLE, stem="支部党员大会多久召开一次？"), *BASICS.questions[1:])))
    with pytest.raises(drafts.DrawChanged):
        play.act(drafts.publish, play.cast.li, paper_id, chat_id=None)
    do(play, drafts.look, paper_id)
    assert play.act(drafts.publish, play.cast.li, paper_id, chat_id=None).count == 3


def _edit(play: Play, bank: Bank) -> None:
    base = play.database.look(lambda session: revisions.find(session, bank.slug)).revision_id
    ready = revisions.ready(bank, b"edited")
    play.database.run(revisions.write, ready, Scope(), Origin.CLI, base_id=base, by=None, now=NOW)


def test_a_running_paper_still_asks_what_was_published(play: Play) -> None:
    paper_id = play.make_paper()
    _edit(play, replace(BASICS, questions=BASICS.questions[1:]))
    play.act(hosting.start, play.cast.li, paper_id)
    play.begin()
    assert play.poll.text == "【1-1/3】支部党员大会一般多久召开一次？"


def test_a_published_draft_is_over(play: Play) -> None:
    paper_id = play.make_paper()
    for old in (drafts.look, drafts.redraw, drafts.step_back):
        with pytest.raises(drafts.NoDraft):
            do(play, old, paper_id, **({"seed": 1} if old is drafts.redraw else {}))


def test_nobody_else_touches_a_draft(play: Play) -> None:
    paper_id = previewed(play)
    for other in (play.cast.sun, play.cast.wang, play.cast.zhao):
        with pytest.raises(drafts.NoDraft):
            play.act(drafts.publish, other, paper_id, chat_id=None)


def test_a_plain_member_makes_no_papers(play: Play) -> None:
    for use in (drafts.menu, drafts.begin):
        with pytest.raises(NotAllowed) as refused:
            play.act(use, play.cast.zhang, chat_id=None, **({"seed": 1} if use is drafts.begin else {}))
        assert str(refused.value) == "这个操作只有支部书记或管理员可以用。需要开通请联系：李四书记。"


def test_a_paper_of_the_admin_is_for_every_branch_below(play: Play) -> None:
    first = play.act(drafts.begin, play.cast.wang, chat_id=None, seed=1)
    cast = play.cast
    branches = {row.branch_id for row in play.rows(PaperBranch) if row.paper_id == first.paper_id}
    assert branches == {cast.branch.id, cast.second.id, cast.other.id}


def test_a_dropped_draft_leaves_nothing(play: Play) -> None:
    play.act(drafts.drop, play.cast.li, previewed(play), chat_id=None)
    assert (play.rows(Paper), play.rows(PaperBranch)) == ([], [])


def test_a_draft_nobody_touches_is_gone_after_a_week(play: Play) -> None:
    previewed(play)
    play.wait(6 * 86400)
    assert len(play.rows(Paper)) == 1
    play.wait(86400)
    assert play.rows(Paper) == []


def test_a_live_paper_closes_a_month_after_its_last_round(play: Play) -> None:
    paper_id = play.make_paper()
    play.wait(29 * 86400)
    play.act(hosting.start, play.cast.li, paper_id)
    play.act(hosting.abort, play.cast.li, play.round.id, chat_id=None)
    play.wait(29 * 86400)
    assert play.rows(Paper)[0].state is PaperState.OPEN
    play.wait(86400)
    assert play.rows(Paper)[0].state is PaperState.CLOSED
    assert play.act(service.offer, play.cast.li) == ()


def test_codes_count_up_in_the_year(play: Play) -> None:
    for _ in range(3):
        play.make_paper()
    assert [paper.code for paper in play.rows(Paper)] == ["2026-001", "2026-002", "2026-003"]


# -- the draw ----------------------------------------------------------------------------------------------------------


def test_all_members_get_the_questions_drawn_at_publishing(play: Play, add_bank: AddBank) -> None:
    add_bank(many(40))
    paper_id = play.make_paper(20)
    assert len(set(versions(play, paper_id))) == 20
    for _ in range(2):
        play.act(hosting.start, play.cast.li, paper_id)
        play.begin()
        play.act(hosting.abort, play.cast.li, play.round.id, chat_id=None)
    assert {item.version_id for item in play.rows(RoundItem)} == {versions(play, paper_id)[0]}


def test_what_the_branch_had_lately_is_drawn_last(play: Play, add_bank: AddBank) -> None:
    add_bank(many(9))
    first, second = play.make_paper(10), play.make_paper(3, seed=2)
    assert len(set(versions(play, first)) & set(versions(play, second))) == 1  # only two were left
    play.wait(91 * 86400)
    third = play.make_paper(10, seed=3)
    assert len(versions(play, third)) == 10


def test_a_bank_of_another_branch_is_not_drawn(play: Play) -> None:
    ready = revisions.ready(many(5, "theirs", "交通题库"), b"theirs")
    theirs = Scope(ScopeKind.BRANCH, play.cast.other)
    play.database.run(revisions.write, ready, theirs, Origin.CLI, base_id=None, by=None, now=NOW)
    assert [bank.title for bank in do(play, drafts.begin, seed=1).banks] == ["支部工作应知应会"]


def test_too_small_banks_make_no_paper_by_one_tap(play: Play) -> None:
    with pytest.raises(papers.TooFew) as too_few:
        play.start(10)
    assert str(too_few.value) == "题量不够：题目需要 10 道，可用 3 道。请减少题量或换题库。"
    assert play.rows(Paper) == []
