"""An account let go and a group let go, each taken back within five minutes with everything that waited."""

from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import outbox, undo
from bot.db import Database
from bot.members import chats, joining, personal
from bot.members.models import Account, Chat
from bot.members.rules import ChatState, NotAllowed, NotAllowedHere, Role
from bot.message import Message
from bot.outbox import Lane, OutboxRow, State
from bot.undo import TooLate, UndoRow
from tests.make import GROUP_CHAT, NOW, Cast, Make, Someone

LATER = NOW + timedelta(minutes=4, seconds=59)


def release(make: Make, by: Someone, someone: Someone) -> int:
    return make.database.run(joining.release, by.sender(), someone.id, now=NOW).undo_id


def restore(make: Make, by: Someone, undo_id: int) -> str:
    return make.database.run(joining.restore, by.sender(), undo_id, now=LATER)


def account(make: Make, someone: Someone) -> tuple[object, ...] | None:
    query = select(Account.telegram_user_id, Account.bound_by, Account.quiet_from, Account.quiet_to)
    row = make.database.look(
        lambda session: session.execute(query.where(Account.member_id == someone.id)).one_or_none()
    )
    return tuple(row) if row else None


def wait_for(database: Database, chat_id: int) -> None:
    """A message that is to go tomorrow."""
    due_at = NOW + timedelta(days=1)
    database.run(
        lambda session: outbox.enqueue(
            session, "x:1", chat_id=chat_id, content=Message("明天开会"), lane=Lane.NOTICE, now=NOW, due_at=due_at
        )
    )


def state(database: Database) -> str:
    query = select(OutboxRow.state).where(OutboxRow.key == "x:1")
    return str(database.look(lambda session: session.scalar(query)))


def test_an_account_let_go_by_mistake_comes_back_as_it_was(make: Make) -> None:
    cast = make.cast()

    def stay_quiet(session: Session) -> None:
        session.get_one(Account, cast.zhang.user_id).quiet_from = "20:00"

    make.database.run(stay_quiet)
    before = account(make, cast.zhang)
    wait_for(make.database, cast.zhang.user_id)
    undo_id = release(make, cast.li, cast.zhang)
    assert (account(make, cast.zhang), state(make.database)) == (None, State.UNREACHABLE)
    assert restore(make, cast.sun, undo_id) == "张三"
    assert (account(make, cast.zhang), state(make.database)) == (before, State.PENDING)
    with pytest.raises(TooLate):
        restore(make, cast.li, undo_id)


def test_only_who_keeps_the_roster_takes_a_release_back_and_others_use_nothing_up(make: Make) -> None:
    cast = make.cast()
    undo_id = release(make, cast.li, cast.zhou)
    for one in (cast.zhang, cast.zhao):
        with pytest.raises((NotAllowed, NotAllowedHere)):
            restore(make, one, undo_id)
    assert restore(make, cast.li, undo_id) == "周八"


def test_five_minutes_later_an_account_stays_let_go_and_nothing_tells_whose_it_was(make: Make) -> None:
    cast = make.cast()
    undo_id = release(make, cast.li, cast.zhang)
    with pytest.raises(TooLate):
        make.database.run(joining.restore, cast.li.sender(), undo_id, now=NOW + undo.WINDOW)
    make.database.run(undo.prune, now=LATER)
    assert make.database.look(lambda session: session.scalar(select(UndoRow.id))) == undo_id
    make.database.run(undo.prune, now=NOW + undo.WINDOW)
    assert make.database.look(lambda session: session.scalar(select(UndoRow.id))) is None


def test_who_was_bound_again_or_erased_is_not_restored(make: Make) -> None:
    cast = make.cast()
    make.grant(cast.wang, Role.ADMIN, cast.branch)
    first = release(make, cast.li, cast.zhang)
    assert restore(make, cast.li, first) == "张三"
    second, third = release(make, cast.li, cast.zhang), release(make, cast.li, cast.zhou)
    make.account(cast.zhang)
    with pytest.raises(joining.BoundAgain):
        restore(make, cast.li, second)
    make.database.run(personal.erase, cast.wang.sender(), cast.zhou.id, (), now=NOW)
    with pytest.raises(TooLate):
        restore(make, cast.li, third)


def test_a_group_let_go_by_mistake_is_the_branch_s_again(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    wait_for(make.database, GROUP_CHAT)
    done = make.database.run(chats.loosen, cast.li.sender(), cast.branch.id, now=NOW)
    assert state(make.database) == State.UNREACHABLE
    for one in (cast.zhang, cast.zhao):
        with pytest.raises((NotAllowed, NotAllowedHere)):
            make.database.run(chats.hold_again, one.sender(), done.undo_id, now=LATER)
    assert make.database.run(chats.hold_again, cast.wang.sender(), done.undo_id, now=LATER).name == "一支部"
    chat = make.database.look(lambda session: session.get_one(Chat, GROUP_CHAT))
    assert (chat.state, state(make.database)) == (ChatState.ACTIVE, State.PENDING)


def test_a_branch_that_has_another_group_by_now_keeps_it(make: Make) -> None:
    cast = make.cast()
    make.chat(cast.branch)
    done = make.database.run(chats.loosen, cast.li.sender(), cast.branch.id, now=NOW)
    make.chat(cast.branch, -4002)
    with pytest.raises(chats.BoundElsewhere):
        make.database.run(chats.hold_again, cast.li.sender(), done.undo_id, now=LATER)


# -- a group replaced by another --------------------------------------------------------------------------------------

OTHER_CHAT = -1001000000777


def replaced(make: Make, cast: Cast) -> int:
    """The branch's group gives way to another; the number that puts it back."""
    make.chat(cast.branch)
    code = make.database.run(chats.make_code, cast.li.sender(), cast.branch.id, entropy=bytes, now=NOW).code
    new = cast.li.sender(chat_id=OTHER_CHAT)
    bound = make.database.run(chats.bind_chat, new, code, "新群", replaces=True, now=NOW)
    assert bound is not None
    assert bound.undo is not None
    return bound.undo.undo_id


def states(make: Make) -> tuple[ChatState, ChatState]:
    return make.database.look(
        lambda session: (session.get_one(Chat, GROUP_CHAT).state, session.get_one(Chat, OTHER_CHAT).state)
    )


def test_a_group_replaced_by_mistake_is_the_branch_s_again(make: Make) -> None:
    cast = make.cast()
    undo_id = replaced(make, cast)
    assert states(make) == (ChatState.LOOSENED, ChatState.ACTIVE)
    wait_for(make.database, OTHER_CHAT)
    for one in (cast.zhang, cast.zhao):
        with pytest.raises((NotAllowed, NotAllowedHere)):
            make.database.run(chats.put_back, one.sender(chat_id=OTHER_CHAT), undo_id, now=LATER)
    back = make.database.run(chats.put_back, cast.wang.sender(chat_id=OTHER_CHAT), undo_id, now=LATER)
    assert (back[0].name, back[1]) == ("一支部", "一支部群")
    assert states(make) == (ChatState.ACTIVE, ChatState.LOOSENED)
    assert state(make.database) == State.UNREACHABLE  # nothing more of the branch goes into the other group
    with pytest.raises(TooLate):
        make.database.run(chats.put_back, cast.li.sender(), undo_id, now=LATER)


def test_a_replacement_stays_after_five_minutes_or_once_the_new_group_is_gone(make: Make) -> None:
    cast = make.cast()
    undo_id = replaced(make, cast)
    with pytest.raises(TooLate):
        make.database.run(chats.put_back, cast.li.sender(), undo_id, now=NOW + undo.WINDOW)
    make.database.run(chats.loosen, cast.li.sender(), cast.branch.id, now=NOW)
    with pytest.raises(chats.BoundElsewhere):
        make.database.run(chats.put_back, cast.li.sender(), undo_id, now=LATER)
