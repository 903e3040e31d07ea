"""An update on which every process dies: it is put aside, and everybody else's go on."""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from bot.demo.chats import ADMIN_RIGHTS, Membership, Rank
from bot.inbox import CRASHES, DeadRow, InboxRow
from tests.chaos.harness import Run, running
from tests.chaos.life import emissions
from tests.chaos.town import HOST, Town
from tests.chaos.wire import Moment, Point

CODE = re.compile(r"\b[2-9A-HJ-NP-Z]{6}\b")


async def _about_to_move(run: Run) -> None:
    """李四 has asked to bind the branch to another group, where a press now makes the bot ask Telegram who he is."""
    town = run.town
    town.people.say(HOST, "/bind")
    said = town.world.chats[HOST].messages
    await run.wire.until(lambda: bool(CODE.search(said[max(said)].text)), within=20, what="a code")
    found = CODE.search(said[max(said)].text)
    assert found is not None
    group = town.world.add_group("新群", owner=HOST, bot=Membership(Rank.ADMINISTRATOR, ADMIN_RIGHTS))
    town.people.say(HOST, f"/bind {found[0]}", chat_id=group.id)
    await run.wire.until(lambda: town.card(group.id, "members:") is not None, within=20, what="the question")
    question = town.card(group.id, "members:")
    assert question is not None
    run.wire.watch(Point("getChatMember", Moment.RECEIVED), run.process.kill)
    town.people.press(HOST, question, data=town.button(question, "members:"))


@pytest.mark.long
async def test_an_update_that_ends_every_process_is_put_aside(tmp_path: Path) -> None:
    town = Town(f"sqlite:///{tmp_path}/ketang.db", near=5, far=0)
    async with running(town, tmp_path, seed=11) as run:
        town.settle(run.database)
        await run.start()
        await _about_to_move(run)
        emitted = emissions(town)
        for life in range(CRASHES + 1):  # the first did not know yet that it was left behind
            await run.process.ended(within=20)
            town.people.say(town.near[life], "/help")
            await run.start()
            run.wire.watch(Point("getChatMember", Moment.RECEIVED), run.process.kill)
        await run.wire.until(run.is_handled, within=20, what="the end of the backlog")
        assert not run.process.has_ended
        parked = run.database.look(lambda session: session.scalars(select(DeadRow.body)).all())
        assert [f'"from":{{"id":{HOST}' in body for body in parked] == [True]
        handled = select(InboxRow.update_id).where(InboxRow.handled_at.is_not(None))
        assert {update.id for update in emitted} <= set(run.database.look(lambda s: s.scalars(handled).all()))
