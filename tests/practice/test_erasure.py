"""A personal book goes with its owner, whole; nothing of it stands for a branch."""

from bot.members.personal import Traces
from bot.practice import personal, service
from bot.practice.models import PracticeCard, PracticeEvent, PracticeWish, Review
from tests.quiz.play import Play


def test_nothing_of_a_book_is_left_and_others_keep_theirs(play: Play) -> None:
    play.start(3)
    play.begin()
    for one in (play.cast.zhang, play.cast.zhou):
        play.vote(one, *play.wrong)
    play.wait(300)
    for one in (play.cast.zhang, play.cast.zhou):
        play.act(service.book, one, chat_id=None)
        play.act(service.set_wish, one, "daily", 1, chat_id=None)
    zhang = play.cast.zhang
    traces = Traces(zhang.id, zhang.user_id, zhang.name, "已删除人员1", (), frozenset())
    play.database.run(personal.erase, traces, play.now)
    for table in (PracticeCard, PracticeEvent, PracticeWish):
        assert [row.member_id for row in play.rows(table)] == [play.cast.zhou.id]
    assert play.rows(Review) == []
