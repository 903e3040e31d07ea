"""The doors of exams: of their makers, and of who sits them."""

from collections.abc import Iterator

from bot.members.rules import Right
from bot.quiz.rules import DraftStep, OpenWhen, Setting
from tests.stages import BRANCH
from tests.story.entrance import Door, anybody, at, either, of_branch, own, pressing, somewhere
from tests.story.scene import Scene


def _making(scene: Scene) -> Iterator[Door]:
    for verb in ("exam", "standard", "examnew"):
        yield pressing(f"quiz:{verb}", somewhere(Right.RUN_QUIZ))
    for verb, paper, *args in (
        ("examdraft", "exam_draft"),
        ("examgo", "exam_draft", DraftStep.COUNT.value),
        ("exambank", "exam_draft", 0),
        ("examtopic", "exam_draft", 0),
        ("exampage", "exam_draft", 0),
        ("examrow", "exam_draft", 0),
        ("examkinds", "exam_draft"),
        ("examadd", "exam_draft", "single", 0),
        ("examcut", "exam_draft", 2),
        ("examcount", "exam_draft", 0, 5),
        ("examscore", "exam_draft", 0, 500),
        ("examtopics", "exam_draft", 0, 0),
        ("examabout", "exam_draft", 0, 0),
        ("examlevels", "exam_draft", 0),
        ("examlevel", "exam_draft", 0, 0),
        ("examrules", "exam_draft", 1),
        ("examrule", "exam_draft", 1, 3),
        ("exameach", "exam_draft", 1, 50),
        ("examopens", "exam_draft", OpenWhen.TOMORROW.value),
        ("examcloses", "exam_draft", 3),
        ("examset", "exam_draft", Setting.LIMIT.value),
        ("examput", "exam_draft", Setting.LIMIT.value, 30),
        ("examunit", "exam_draft", scene.units[BRANCH].id),
        ("examunits", "exam_draft", 1),
        ("examask", "exam_draft", "window"),
        ("examredraw", "exam_ready"),
        ("exampublish", "exam_ready"),
        ("examdrop", "exam_draft"),
    ):
        yield pressing(f"quiz:{verb}", own("李四"), scene.of[str(paper)], *args)
    window = f"{scene.of['exam_draft']}:window"
    yield Door("replies", "quiz:exam", "4月20日18:00", own("李四"), prompt=window, is_personal=True)


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
    yield pressing("quiz:menu", somewhere(Right.RUN_QUIZ))
    yield pressing("quiz:exams", somewhere(Right.RUN_QUIZ), 0)
    yield pressing("quiz:paper", run, exam)
    yield pressing("quiz:sitters", run, exam)
    yield pressing("quiz:voids", void, ended)
    yield pressing("quiz:void", void, ended)
    yield Door("replies", "quiz:void", "代考", void, prompt=str(ended), is_alone=True)
    yield pressing("quiz:unvoid", void, scene.of["voided"], alone=True)


def _running(scene: Scene) -> Iterator[Door]:
    branch, exam, one = scene.units[BRANCH], scene.of["exam"], scene.ids["陈九"]
    run, named = at(Right.RUN_QUIZ, branch), at(Right.SEE_SCORES, branch)
    groups = (scene.units[name] for name in ("第一党小组", "第二党小组"))
    yield pressing("quiz:missing", either(run, *(at(Right.SEE_SITTERS, group) for group in groups)), exam)
    for verb, who, *args in (
        ("add", named),
        ("addone", named, one),
        ("excuse", named),
        ("excuseone", named, one),
        ("nudge", run),
        ("move", run),
        ("delay", run, 1),
        ("closing", run),
        ("cancelling", run),
        ("cancel", run),
    ):
        yield pressing(f"quiz:{verb}", who, exam, *args)
    yield pressing("quiz:close", run, scene.of["exam"], alone=True)
    yield pressing("quiz:uncancel", run, scene.of["cancelled"], alone=True)
    yield Door("replies", "quiz:exempt", "出差", named, prompt=f"{exam}:{one}", is_alone=True)
    yield Door("replies", "quiz:move", "4月20日18:00", run, prompt=str(exam))
    yield Door("replies", "quiz:cancel", "重新安排", run, prompt=str(exam), is_alone=True)


PARTS = (_making, _sitting, _overseeing, _running)
