"""What the demo begins with: who can be played, in the order of the keys, and as what."""

from bot.clock import VirtualClock
from bot.db import Database
from bot.demo import seed
from bot.demo.stage import Stage
from bot.demo.world import World
from tests.demo.conftest import TOKEN


def test_the_keys_one_to_seven_are_the_cast_in_order(stage: Stage) -> None:
    assert list(stage.database.look(seed.roles, now=seed.START).items()) == [
        (1001, "党员"),
        (1002, "书记"),
        (1003, "管理员"),
        (1004, "书记"),
        (1005, "组织委员"),
        (1006, "预备党员"),
        (1007, "党员"),
    ]


def test_an_empty_demo_knows_its_administrator_alone(sqlite_url: str) -> None:
    database = Database(sqlite_url)
    seed.populate(database, World(VirtualClock(seed.START), TOKEN), "empty")
    roles = database.look(seed.roles, now=seed.START)
    database.close()
    assert {user_id: role for user_id, role in roles.items() if role != "未绑定"} == {1003: "管理员"}


def test_the_group_is_greeted_and_the_greeting_pinned(stage: Stage) -> None:
    chat = stage.group("一支部群")
    greeting = chat.messages[chat.pinned[-1]]
    assert greeting.text.startswith("大家好，我是共富小课堂，城建一支部的")
    assert stage.world.updates.pending == 0
