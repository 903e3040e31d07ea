"""People whose names would be markup, formulas, statements or invisible, on every screen and in every file."""

import csv
import io
import re
from collections.abc import Iterator, Sequence

import pytest
from openpyxl import load_workbook
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from bot.demo.messages import File, Message
from bot.demo.stage import Actor, Stage
from bot.demo.world import BOT_ID
from bot.members.models import Account, Member, Unit
from bot.message import base36
from tests import stages

NAMES = (
    *('<b>甲</b>&"', "乙</code><a href='tg://user?id=1'>", "&lt;丙&gt;", "_丁_*戊*`己`[庚](t.me/x)"),
    *("张\u202e三", "李\u200b四\ufeff", "\u2066王\u2069五", "@all", "@li_si_bot", "https://evil.example/辛"),
    *("=1+1", "+2", "-3", "@SUM(A1)", '=HYPERLINK("http://evil.example")', "\t=4"),
    *("'); DROP TABLE members;--", "%", "_", "\\", "{name}", "%s", "None", "😀" * 20),
)
HIDDEN = re.compile("[\u0000-\u0008\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufeff]")


@pytest.fixture
async def odd(stage: Stage) -> list[Actor]:
    """So many members of 城建一支部 with these names."""
    people = stages.crowd(stage, len(NAMES))
    for person, name in zip(people, NAMES, strict=True):
        stage.database.run(_rename, person.id, name)
        if "<" in name or "&" in name:  # that they are seen as written is no mistake
            stage.world.persons[person.id].first_name = name
    return people


async def test_a_name_is_a_name_on_every_screen_and_in_every_file(stage: Stage, odd: list[Actor]) -> None:
    li = stage.actor("李四")
    card = await stages.announced(stage)
    await _come(stage, odd, card)
    for command in ("roll", "roster", "orgs", "meetings", "today", "invite"):
        await li.say(f"/{command}")
    home = (await li.say("/help")).message
    for data in _screens(base36(stages.shown_on(stage, card)), stage):
        await li.press(on=home, data=data)
    await stage.at("2026-03-06 18:00")
    meeting = base36(stages.shown_on(stage, card))
    for data in (f"attendance:fix:{meeting}", f"attendance:export:{meeting}", f"meetings:post:{meeting}:CHAIR:0"):
        await li.press(on=home, data=data)
    read = [m for chat in stage.world.chats.values() for m in chat.messages.values() if m.sender.user_id == BOT_ID]
    assert [shown for shown in map(_shown, read) if HIDDEN.search(shown)] == []
    assert any("DROP TABLE members" in _shown(message) for message in read)
    files = [message.file for message in read if message.file is not None]
    assert {file.name.rpartition(".")[2] for file in files} == {"xlsx", "csv"}
    assert [cell for file in files for cell in _formulas(file)] == []
    assert len(stage.session(_numbers)) == len(NAMES)


async def _come(stage: Stage, odd: list[Actor], card: Message) -> None:
    """They answer, ask for leave with words of the same sort, sign in, take their data home."""
    for person in odd[::2]:
        await person.press("参加", on=card)
    await odd[1].press("请假", on=card)
    await odd[1].press("事假")
    await odd[1].say("=1+1 <b>\u202e'); DROP")
    await odd[3].say("/me")
    await odd[3].press(on=odd[3].last(), data="members:mydata")
    await stage.at("2026-03-06 14:50")
    for person in odd[::2]:
        await person.press("签到", on=card)


def _screens(meeting: str, stage: Stage) -> list[str]:
    branch, people = base36(_branch(stage)), stage.session(_numbers)
    return [
        *(f"attendance:{verb}:{meeting}:0" for verb in ("marks", "leaving", "guests")),
        *(f"attendance:turn:{meeting}:{page}" for page in "012"),
        *(f"members:page:{branch}:{page}" for page in "012"),
        *(f"members:person:{base36(member)}" for member in people),
    ]


def _rename(session: Session, user_id: int, name: str) -> None:
    member_id = session.scalars(select(Account.member_id).where(Account.telegram_user_id == user_id)).one()
    session.execute(update(Member).where(Member.id == member_id).values(name=name))


def _numbers(session: Session) -> Sequence[int]:
    return session.scalars(select(Member.id).where(Member.name.in_(NAMES))).all()


def _branch(stage: Stage) -> int:
    found = select(Unit.id).where(Unit.name == stages.BRANCH)
    return int(stage.session(lambda session: session.scalars(found).one()))


def _shown(message: Message) -> str:
    texts = [version.text for version in message.versions]
    return "\n".join([*texts, *(button.text for at in range(len(texts)) for button in message.buttons(at))])


def _formulas(file: File) -> Iterator[str]:
    """Cells that a spreadsheet would reckon."""
    if file.name.endswith(".csv"):
        rows = csv.reader(io.StringIO(file.data.decode("utf-8-sig")))
        yield from (cell for row in rows for cell in row if cell[:1] in ("=", "+", "-", "@", "\t", "\r"))
        return
    for sheet in load_workbook(io.BytesIO(file.data)).worksheets:
        yield from (str(cell.value) for row in sheet.iter_rows() for cell in row if cell.data_type == "f")
