"""The doors of the wrong-answer book: everybody opens his own."""

from collections.abc import Iterator

from bot.members.rules import Right
from tests.story.entrance import Door, nobody, own, pressing, somewhere
from tests.story.scene import Scene

PLAIN = ("open", "book", "start", "again", "settings", "back")


def _book(scene: Scene) -> Iterator[Door]:
    self_ = somewhere(Right.SELF)
    for name in ("mistakes", "daily"):
        yield Door("commands", name, f"/{name}", self_)
        yield Door("commands", name, f"/{name}", nobody, is_in_group=True)
    yield Door("words", "错题", "错题", self_)
    yield Door("words", "每日一题", "每日一题", self_)
    yield Door("links", "wb", "/start wb", self_)
    for verb in PLAIN:
        yield pressing(f"practice:{verb}", self_)
    yield pressing("practice:daily", self_)
    yield pressing("practice:export", self_)
    yield pressing("practice:set", self_, "reminder", 1)


def _questions(scene: Scene) -> Iterator[Door]:
    single, multiple, blank = (scene.of[f"review_{kind}"] for kind in ("single", "multiple", "blank"))
    yield pressing("practice:ans", own("张三"), single, "A")
    yield pressing("practice:aside", own("张三"), single)
    yield pressing("practice:tick", own("钱一"), multiple, "A")
    yield Door("replies", "practice", "三", own("褚三"), prompt=str(blank))


PARTS = (_book, _questions)
