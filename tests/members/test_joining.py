"""Accounts: personal links, claims without one, and the way back."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from bot.members import directory, expiry, joining, leaving, prompts, register, service
from bot.members.facts import Bound
from bot.members.models import Account, Claim, Invite
from bot.members.rules import ClaimState, NotAllowed, NotBound, Right
from bot.message import Sender
from bot.outbox import OutboxRow
from bot.periods import local_day
from tests.make import NOW, Cast, Make, Someone

DAY = timedelta(hours=24)
STRANGER = Sender(9001, 9001, NOW, username="lingling")


def entropy() -> Callable[[int], bytes]:
    """Counts instead of drawing lots, so that every secret differs and is known."""
    drawn = iter(range(1, 256))
    return lambda count: bytes([next(drawn)] * count)


def links(make: Make, who: Someone, branch_id: int, draw: Callable[[int], bytes] | None = None) -> dict[str, str]:
    """Names and tokens of a new list of invitations."""
    _, made = make.database.run(joining.invite, who.sender(), branch_id, lasts=DAY, entropy=draw or entropy(), now=NOW)
    return {invitation.name: invitation.token for invitation in made}


def redeem(make: Make, token: str, sender: Sender = STRANGER, *, later: timedelta = timedelta()) -> object:
    return make.database.run(joining.redeem, sender, token, now=NOW + later)


def sent(make: Make, to: int) -> list[str]:
    """Texts waiting for one account."""
    query = select(OutboxRow.body).where(OutboxRow.chat_id == to, OutboxRow.key.startswith("members:"))
    rows = make.database.look(lambda session: session.scalars(query.order_by(OutboxRow.id)).all())
    return [str(body["text"]) for body in rows if body]


def is_bound(make: Make, someone: Someone) -> bool:
    query = select(Account.telegram_user_id).where(Account.member_id == someone.id)
    return make.database.look(lambda session: session.scalar(query)) is not None


# -- links --------------------------------------------------------------------------------------------------------


def test_a_link_binds_the_account_that_opens_it(make: Make) -> None:
    cast = make.cast()
    made = links(make, cast.li, cast.branch.id)
    assert list(made) == ["吴九"]
    assert len(made["吴九"]) == 22
    assert redeem(make, made["吴九"]) == Bound(cast.wu.id, "吴九", "一支部")
    who = make.database.look(service.actor, STRANGER, now=NOW)
    assert (who.member_id, who.branch) == (cast.wu.id, cast.branch)
    assert sent(make, cast.li.user_id) == ["吴九已绑定（@lingling）。"]


def test_only_the_hash_of_a_token_is_kept(make: Make) -> None:
    cast = make.cast()
    token = links(make, cast.li, cast.branch.id)["吴九"]
    kept = make.database.look(lambda session: session.scalars(select(Invite.token_hash)).all())
    assert kept == [joining.secret_hash(token)]
    assert token not in kept[0]


def test_a_link_is_used_once(make: Make) -> None:
    cast = make.cast()
    token = links(make, cast.li, cast.branch.id)["吴九"]
    redeem(make, token)
    other = Sender(9002, 9002, NOW)
    assert redeem(make, token, other) is joining.Refusal.DEAD
    assert make.database.look(service.actor, STRANGER, now=NOW).name == "吴九"
    with pytest.raises(NotBound):
        make.database.look(service.actor, other, now=NOW)


def test_a_link_ends_with_its_time_and_with_a_newer_one(make: Make) -> None:
    cast = make.cast()
    draw = entropy()
    first = links(make, cast.li, cast.branch.id, draw)["吴九"]
    second = links(make, cast.li, cast.branch.id, draw)["吴九"]
    assert redeem(make, first) is joining.Refusal.DEAD
    assert redeem(make, second, later=DAY) is joining.Refusal.DEAD
    assert redeem(make, second, later=DAY - timedelta(seconds=1)) == Bound(cast.wu.id, "吴九", "一支部")


def test_after_five_wrong_links_in_an_hour_there_is_silence(make: Make) -> None:
    cast = make.cast()
    token = links(make, cast.li, cast.branch.id)["吴九"]
    assert [redeem(make, "x" * 22) for _ in range(5)] == [joining.Refusal.DEAD] * 5
    assert redeem(make, token) is joining.Refusal.SILENT
    assert redeem(make, token, later=timedelta(minutes=59)) is joining.Refusal.SILENT
    assert isinstance(redeem(make, token, later=timedelta(hours=1)), Bound)


def test_one_account_is_one_person(make: Make) -> None:
    cast = make.cast()
    token = links(make, cast.li, cast.branch.id)["吴九"]
    with pytest.raises(joining.AccountTaken) as refusal:
        redeem(make, token, cast.zhang.sender())
    assert str(refusal.value) == "本账号已绑定“张三（一支部）”。"
    assert isinstance(redeem(make, token), Bound)


def test_who_was_taken_off_the_roster_and_brought_in_anew_is_recognised_anew(make: Make) -> None:
    cast = make.cast()
    make.database.run(leaving.leave, cast.li.sender(), cast.zhang.id, now=NOW)
    anew = make.member("张三", cast.branch, is_bound=False)
    token = links(make, cast.li, cast.branch.id)["张三"]
    assert redeem(make, token, cast.zhang.sender()) == Bound(anew.id, "张三", "一支部")
    assert make.database.look(service.actor, cast.zhang.sender(), now=NOW).member_id == anew.id


def test_an_office_keeps_its_account_even_outside_a_branch(make: Make) -> None:
    cast = make.cast()
    make.database.run(register.leave, cast.wang.id, local_day(NOW))
    token = links(make, cast.li, cast.branch.id)["吴九"]
    with pytest.raises(joining.AccountTaken):
        redeem(make, token, cast.wang.sender())
    assert make.database.look(service.actor, cast.wang.sender(), now=NOW).member_id == cast.wang.id


def test_one_person_is_one_account(make: Make) -> None:
    cast = make.cast()
    token = links(make, cast.li, cast.branch.id)["吴九"]
    make.account(cast.wu)
    with pytest.raises(joining.MemberTaken) as refusal:
        redeem(make, token)
    assert str(refusal.value) == "该党员已绑定其他账号，请先由书记解除。"


@pytest.mark.parametrize("name", ["zhang", "zhao"])
def test_members_and_foreign_secretaries_invite_nobody(make: Make, name: str) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        links(make, getattr(cast, name), cast.branch.id)


def test_a_link_is_renewed_for_one_person_and_the_old_one_ends(make: Make) -> None:
    cast = make.cast()
    draw = entropy()
    first = links(make, cast.li, cast.branch.id, draw)["吴九"]
    made = make.database.run(joining.renew, cast.sun.sender(), cast.wu.id, lasts=DAY, entropy=draw, now=NOW + DAY)
    assert (made.name, made.expires_at) == ("吴九", NOW + 2 * DAY)
    assert redeem(make, first, later=DAY) is joining.Refusal.DEAD
    assert redeem(make, made.token, later=DAY) == Bound(cast.wu.id, "吴九", "一支部")
    with pytest.raises(joining.MemberTaken):
        make.database.run(joining.renew, cast.sun.sender(), cast.wu.id, lasts=DAY, entropy=draw, now=NOW)


@pytest.mark.parametrize("name", ["zhang", "zhao"])
def test_nobody_else_renews_a_link(make: Make, name: str) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        make.database.run(
            joining.renew, getattr(cast, name).sender(), cast.wu.id, lasts=DAY, entropy=entropy(), now=NOW
        )


# -- claims -------------------------------------------------------------------------------------------------------


def claim(make: Make, cast: Cast, name: str, sender: Sender = STRANGER, *, later: timedelta = timedelta()) -> int:
    make.database.run(joining.claim, sender, cast.branch.id, name, now=NOW + later)
    newest = select(func.max(Claim.id))
    return make.database.look(lambda session: session.scalar(newest)) or 0


def test_a_claim_binds_nobody_until_somebody_of_the_branch_says_who_it_is(make: Make) -> None:
    cast = make.cast()
    claim_id = claim(make, cast, "吴 九")
    with pytest.raises(NotBound):
        make.database.look(service.actor, STRANGER, now=NOW)
    text = "“吴九”申请绑定一支部名册，是哪一位？"
    assert (sent(make, cast.li.user_id), sent(make, cast.sun.user_id)) == ([text], [text])
    assert sent(make, cast.wang.user_id) == sent(make, cast.zhao.user_id) == []
    done = make.database.run(joining.decide, cast.sun.sender(), claim_id, cast.wu.id, now=NOW)
    assert done == ("吴九", Bound(cast.wu.id, "吴九", "一支部"))
    assert make.database.look(service.actor, STRANGER, now=NOW).member_id == cast.wu.id
    assert sent(make, 9001) == ["已绑定：吴九，一支部。发送 /help 查看可以做什么。"]


def test_a_second_decision_reads_who_was_first(make: Make) -> None:
    cast = make.cast()
    claim_id = claim(make, cast, "吴九")
    make.database.run(joining.decide, cast.li.sender(), claim_id, cast.wu.id, now=NOW)
    with pytest.raises(joining.ClaimDecided) as refusal:
        make.database.run(joining.decide, cast.sun.sender(), claim_id, None, now=NOW)
    assert str(refusal.value) == "已由李四处理。"


def test_a_claim_of_nobody_is_refused_politely(make: Make) -> None:
    cast = make.cast()
    claim_id = claim(make, cast, "路人")
    assert make.database.run(joining.decide, cast.li.sender(), claim_id, None, now=NOW) == ("路人", None)
    assert sent(make, 9001) == ["您的申请没有通过，请与支部书记联系。"]


@pytest.mark.parametrize("name", ["zhang", "zhao"])
def test_nobody_else_decides(make: Make, name: str) -> None:
    cast = make.cast()
    claim_id = claim(make, cast, "吴九")
    with pytest.raises(NotAllowed):
        make.database.run(joining.decide, getattr(cast, name).sender(), claim_id, cast.wu.id, now=NOW)


def test_a_claim_is_never_decided_for_somebody_of_another_branch(make: Make) -> None:
    cast = make.cast()
    foreign = make.member("郑十", cast.second, is_bound=False)
    claim_id = claim(make, cast, "郑十")
    with pytest.raises(joining.ClaimOver):
        make.database.run(joining.decide, cast.li.sender(), claim_id, foreign.id, now=NOW)
    assert not is_bound(make, foreign)


def test_a_claim_for_somebody_with_an_account_waits_for_the_way_back(make: Make) -> None:
    cast = make.cast()
    claim_id = claim(make, cast, "张三")
    with pytest.raises(joining.MemberTaken):
        make.database.run(joining.decide, cast.li.sender(), claim_id, cast.zhang.id, now=NOW)
    make.database.run(joining.release, cast.li.sender(), cast.zhang.id, now=NOW)
    make.database.run(joining.decide, cast.li.sender(), claim_id, cast.zhang.id, now=NOW)
    assert make.database.look(service.actor, STRANGER, now=NOW).name == "张三"


def test_a_claim_waits_seven_days(make: Make) -> None:
    cast = make.cast()
    claim_id = claim(make, cast, "吴九")
    with pytest.raises(joining.ClaimOver):
        make.database.run(joining.decide, cast.li.sender(), claim_id, cast.wu.id, now=NOW + timedelta(days=7))


def test_asking_again_while_a_claim_waits_changes_nothing(make: Make) -> None:
    cast = make.cast()
    assert claim(make, cast, "吴九") == claim(make, cast, "吴九九")
    assert len(sent(make, cast.li.user_id)) == 1


def test_three_claims_a_day(make: Make) -> None:
    cast = make.cast()
    for _ in range(3):
        make.database.run(joining.decide, cast.li.sender(), claim(make, cast, "路人"), None, now=NOW)
    with pytest.raises(joining.TooManyClaims) as refusal:
        claim(make, cast, "路人")
    assert str(refusal.value) == "24小时内最多申请3次，请稍后再试，或直接联系支部书记。"
    assert claim(make, cast, "路人", later=DAY) > 3


@pytest.mark.parametrize("name", ["", "   ", "张" * 61])
def test_a_claim_needs_a_name(make: Make, name: str) -> None:
    cast = make.cast()
    with pytest.raises(joining.NoName):
        claim(make, cast, name)


def test_a_branch_without_officers_is_answered_for_from_above(make: Make) -> None:
    cast = make.cast()
    make.member("郑十", cast.second, is_bound=False)
    make.database.run(joining.claim, STRANGER, cast.second.id, "郑十", now=NOW)
    assert sent(make, cast.wang.user_id) == ["书记暂不能收到，转给您。\n“郑十”申请绑定二支部名册，是哪一位？"]


def test_choosing_a_branch_waits_for_a_name(make: Make) -> None:
    cast = make.cast()
    make.database.run(joining.choose_branch, STRANGER, cast.branch.id, now=NOW)
    assert make.database.look(prompts.awaited, STRANGER) == ("members:name", "3")
    claim(make, cast, "吴九")
    assert make.database.look(prompts.awaited, STRANGER) is None
    with pytest.raises(service.NoSuchUnit):
        make.database.run(joining.choose_branch, STRANGER, cast.company.id, now=NOW)


def test_groups_are_named_with_their_branch_where_there_are_several(make: Make) -> None:
    cast = make.cast()
    found = make.database.look(directory.choices, cast.wang.sender(), Right.BIND_CHAT, directory.WITH_CHATS, now=NOW)
    assert "一支部 第一党小组" in [ref.name for ref in found.units]
    found = make.database.look(directory.choices, cast.li.sender(), Right.BIND_CHAT, directory.WITH_CHATS, now=NOW)
    assert [ref.name for ref in found.units] == ["一支部", "第一党小组"]


# -- the way back -------------------------------------------------------------------------------------------------


def test_a_binding_is_undone_by_the_branch(make: Make) -> None:
    cast = make.cast()
    assert make.database.run(joining.release, cast.sun.sender(), cast.zhang.id, now=NOW).name == "张三"
    with pytest.raises(NotBound):
        make.database.look(service.actor, cast.zhang.sender(), now=NOW)
    assert sent(make, cast.zhang.user_id) == ["您的账号与名册的对应已由支部解除，如有疑问请联系支部书记。"]
    with pytest.raises(joining.NotUnbound):
        make.database.run(joining.release, cast.sun.sender(), cast.zhang.id, now=NOW)


@pytest.mark.parametrize("name", ["zhang", "zhao"])
def test_a_binding_is_undone_by_nobody_else(make: Make, name: str) -> None:
    cast = make.cast()
    with pytest.raises(NotAllowed):
        make.database.run(joining.release, getattr(cast, name).sender(), cast.sun.id, now=NOW)
    assert is_bound(make, cast.sun)


# -- time ---------------------------------------------------------------------------------------------------------


def test_what_waited_too_long_ends(make: Make) -> None:
    cast = make.cast()
    links(make, cast.li, cast.branch.id)
    claim(make, cast, "吴九")
    make.database.run(prompts.await_text, STRANGER, "members:name", now=NOW)
    make.database.run(expiry.expire, now=NOW + timedelta(minutes=29))
    assert make.database.look(prompts.awaited, STRANGER) == ("members:name", "")
    make.database.run(expiry.expire, now=NOW + timedelta(days=7))
    states = make.database.look(lambda s: s.scalars(select(Claim.state)).all())
    revoked = make.database.look(lambda s: s.scalars(select(Invite.revoked_at)).all())
    assert (states, revoked) == ([ClaimState.EXPIRED], [NOW + timedelta(days=7)])
    assert make.database.look(prompts.awaited, STRANGER) is None


def test_an_awaited_text_is_awaited_for_half_an_hour(make: Make) -> None:
    make.database.run(prompts.await_text, STRANGER, "a", "1", now=NOW)
    make.database.run(prompts.await_text, STRANGER, "b", "2", now=NOW)
    assert make.database.look(prompts.awaited, STRANGER) == ("b", "2")
    late = Sender(9001, 9001, NOW + timedelta(minutes=30))
    assert make.database.look(prompts.awaited, late) is None
    make.database.run(prompts.forget_text, STRANGER, now=NOW)
    assert make.database.look(prompts.awaited, STRANGER) is None
