"""The doors of exams: of their makers, and of who sits them."""

from collections.abc import Iterator

from bot.members.rules import Right
from tests.stages import BRANCH
from tests.story.entrance import Door, anybody, at, of_branch, own, pressing, somewhere
from tests.story.scene import Scene


def _making(scene: Scene) -> Iterator[Door]:
    yield pressing("quiz:exam", somewhere(Right.RUN_QUIZ))
    yield pressing("quiz:standard", somewhere(Right.RUN_QUIZ))
    for verb, paper, *args in (
        ("exambank", "exam_draft", 0),
        ("exampage", "exam_draft", 0),
        ("examback", "exam_ready"),
        ("examredraw", "exam_ready"),
        ("exampublish", "exam_ready"),
        ("examdrop", "exam_draft"),
    ):
        yield pressing(f"quiz:{verb}", own("李四"), scene.of[str(paper)], *args)


def _sitting(scene: Scene) -> Iterator[Door]:
    exam, attempt = scene.of["exam"], scene.of["attempt"]
    yield pressing("quiz:sit", of_branch(scene.units[BRANCH]), exam)
    yield pressing("quiz:start", of_branch(scene.units[BRANCH]), exam)
    yield pressing("quiz:later", anybody)
    for verb, *args in (
        ("card", 1),
        ("pick", 1, "A"),
        ("unpick", 1, "A"),
        ("mark", 1, 1),
        ("grid", 1),
        ("check", 1),
        ("submit",),
    ):
        yield pressing(f"quiz:{verb}", own("张三"), attempt, *args)
    yield Door("answers", "quiz:blank", "请假", own("张三"), prompt=f"{attempt}:2:0")


def _overseeing(scene: Scene) -> Iterator[Door]:
    run, void = at(Right.RUN_QUIZ, scene.units[BRANCH]), at(Right.SEE_SCORES, scene.units[BRANCH])
    exam, ended = scene.of["exam"], scene.of["ended"]
    yield pressing("quiz:paper", run, exam)
    yield pressing("quiz:sitters", run, exam)
    yield pressing("quiz:voids", void, ended)
    yield pressing("quiz:void", void, ended)
    yield Door("replies", "quiz:void", "代考", void, prompt=str(ended), is_alone=True)


PARTS = (_making, _sitting, _overseeing)
