"""The doors of an exam's results: one's own, and those of its authors."""

from collections.abc import Iterator

from bot.members.rules import Right
from bot.quiz.rules import AS_IS, Regrading
from tests.stages import BRANCH
from tests.story.entrance import Door, Who, at, of_branch, own, pressing
from tests.story.scene import Knocker, Scene


def _of_bank(leads: Who) -> Who:
    """Who leads the exam and may edit a bank that is everybody's."""

    def may(one: Knocker) -> bool:
        return leads(one) and one.actor is not None and any(u.is_top for u in one.actor.units_for(Right.BANKS))

    return may


def _results(scene: Scene) -> Iterator[Door]:
    branch, exam = scene.units[BRANCH], scene.of["results"]
    runs, sees = at(Right.RUN_QUIZ, branch), at(Right.SEE_SCORES, branch)
    yield pressing("quiz:score", of_branch(branch), exam)
    yield pressing("quiz:fault", own("张三"), exam, 1)
    yield pressing("quiz:report", runs, exam, 0)
    yield pressing("quiz:report", sees, exam, branch.id)
    yield pressing("quiz:names", sees, exam, branch.id, 0)
    yield pressing("quiz:items", runs, exam, 0)
    yield pressing("quiz:item", runs, exam, 1)
    yield pressing("quiz:file", runs, exam, 0)
    yield pressing("quiz:file", sees, exam, branch.id)
    yield pressing("quiz:resit", runs, exam)
    yield pressing("quiz:resitgo", runs, exam, alone=True)
    yield pressing("quiz:rekey", _of_bank(runs), exam, 1, AS_IS)
    yield pressing("quiz:keyset", _of_bank(runs), exam, 1, scene.words["wrong"])
    yield pressing("quiz:regrade", runs, exam, 1, Regrading.GRANT.value)
    yield pressing("quiz:decide", runs, exam, 1, Regrading.GRANT.value, alone=True)


PARTS = (_results,)
