"""A branch in the middle of everything: of each thing that a door can be about, one is there."""

import base64
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import TypeVar

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from bot import outbox, undo
from bot.attendance import correcting, guests, leave, make_ups
from bot.attendance import service as attendance
from bot.attendance.models import Attendance, Correction
from bot.attendance.rules import GuestKind, MakeUpHow, ReasonKind
from bot.banks import importing
from bot.banks.models import BankRow, QuestionVersion
from bot.banks.rules import QuestionType
from bot.banks.service import load
from bot.demo.chats import ADMIN_RIGHTS, Membership, Rank
from bot.demo.messages import Message as Shown
from bot.demo.stage import Stage
from bot.meetings import agenda, minutes, past, planning, publishing, series, series_planning
from bot.meetings import service as meetings
from bot.meetings.facts import MeetingFacts, Plan
from bot.meetings.models import Meeting
from bot.members import chats, exempting, joining, leaving, offices, roster, workbook
from bot.members import service as members
from bot.members.models import Chat, Claim, Prompt, Unit
from bot.members.phrases import Basis, Span
from bot.members.rules import Actor, ChatState, ExemptionScope, NotBound, Role, UnitRef
from bot.message import Message, Sender
from bot.outbox import OutboxRow, State
from bot.practice import collecting
from bot.practice import service as practice
from bot.practice.rules import Mode
from bot.quiz import cancelling, exam_drafts, exams, hosting, overseeing, releasing, starting, submitting
from bot.quiz import drafts as papers
from bot.quiz import papers as drawing
from bot.quiz.blueprint import Blueprint, BlueprintRow
from bot.quiz.models import AttemptItem, Paper, Round
from bot.quiz.rules import PaperKind
from tests.banks.files import GOOD
from tests.stages import BRANCH, BRANCH_GROUP

R = TypeVar("R")
ROOT, STRANGER, CLAIMANT = 9001, 9002, 9003
OFF_ROSTER = {ROOT: "机房", STRANGER: "路人", CLAIMANT: "自称吴九"}
PEOPLE = ("张三", "褚三", "钱一", "李四", "孙七", "王五", "赵六", "机房", "路人")
NEWCOMER = "吴九"  # on the roster, without an account
ROSTER = "roster:\n  - {company: 示范城建集团, branch: 城建一支部, members: [{name: 新来的}]}\n".encode()


@dataclass(frozen=True, slots=True)
class Knocker:
    """Somebody at the doors; `actor` is None for who is neither on the roster nor root."""

    name: str
    user_id: int
    actor: Actor | None


@dataclass(slots=True)
class Scene:
    """What is there on Friday 6 March at 15:05, while two meetings run; numbers and words by what they are of."""

    stage: Stage
    knockers: tuple[Knocker, ...] = ()
    ids: dict[str, int] = field(default_factory=dict)  # members by name
    units: dict[str, UnitRef] = field(default_factory=dict)
    meetings: dict[str, MeetingFacts] = field(default_factory=dict)
    plans: dict[str, Plan] = field(default_factory=dict)
    of: dict[str, int] = field(default_factory=dict)
    words: dict[str, str] = field(default_factory=dict)
    of_others: frozenset[int] = frozenset()  # numbers of what belongs to 赵六's branch
    foreign: dict[str, set[str]] = field(default_factory=dict)  # names that somebody must never read
    cards: dict[int, Shown] = field(default_factory=dict)  # a message of the bot in each chat

    @property
    def group_id(self) -> int:
        return self.stage.group(BRANCH_GROUP).id

    def act(self, name: str, fn: Callable[..., R], *args: object, in_group: bool = False, **kwargs: object) -> R:
        """A use case by this person."""
        user_id = self.stage.actor(name).id
        chat_id, now = self.group_id if in_group else user_id, self.stage.clock.now()
        sender = Sender(user_id, chat_id, now, is_private=not in_group)
        return self.stage.database.run(fn, sender, *args, now=now, **kwargs)

    def publish(self, name: str, words: str) -> int:
        draft_id = self.act(name, planning.begin, words).draft_id
        return self.act(name, publishing.confirm, draft_id).meeting.id

    def record(self, meeting: str, name: str) -> int:
        """The number of somebody's record at a meeting."""
        where = (Attendance.meeting_id == self.meetings[meeting].id, Attendance.member_id == self.ids[name])
        return int(self.stage.session(lambda session: session.scalars(select(Attendance.id).where(*where)).one()))


async def built(stage: Stage) -> Scene:
    scene = Scene(stage)
    await _gather(scene)
    _name(scene)
    ours = {
        "held": scene.publish("李四", "3月2日15点 党课 廉洁教育 @三楼会议室"),
        "running": scene.publish("李四", "3月6日15点 支部党员大会 讨论工作计划 @三楼会议室"),
        "small": scene.publish("褚三", "3月6日15点 党小组会 学习交流 @党员活动室"),
        "planned": scene.publish("李四", "3月20日15点 主题党日 学习二十大精神 @三楼会议室"),
    }
    await stage.at("2026-03-02 14:55")
    for name in ("李四", "孙七", "钱一", "褚三"):
        scene.act(name, attendance.check_in, ours["held"])
    await stage.at("2026-03-06 15:05")
    for name in ("李四", "孙七"):
        scene.act(name, attendance.check_in, ours["running"])
    chosen = ("RECORDER", scene.ids["钱一"])
    scene.act("李四", minutes.choose, ours["running"], *chosen, roll=attendance.roll)
    scene.meetings = {name: stage.session(_facts, meeting_id) for name, meeting_id in ours.items()}
    for part in (_answers, _plans, _offices, _files, _papers, _exams, _results, _books):
        part(scene)
    stage.database.run(lambda session: session.execute(delete(Prompt)))
    await stage.settle()
    scene.knockers = tuple(_knocker(scene, name) for name in PEOPLE)
    return scene


async def _gather(scene: Scene) -> None:
    """Everybody in the group, and with a message of the bot in the private chat."""
    stage = scene.stage
    stage.involves_strangers = True
    group = stage.group(BRANCH_GROUP)
    for user_id, name in OFF_ROSTER.items():
        stage.world.add_person(user_id, name, has_started=True)
    for person in map(stage.actor, PEOPLE):
        await person.say("/help")
        scene.cards[person.id] = person.last()
        group.members.setdefault(person.id, Membership(Rank.MEMBER))
    scene.cards[group.id] = stage.actor("李四").last(group)
    group.is_forum = True
    scene.of["topic"] = stage.world.add_topic(group, "学习").id
    stage.database.run(_use_topic, group.id, scene.of["topic"])


def _name(scene: Scene) -> None:
    """Units and members by name; of units of one name those of our branch."""

    def read(session: Session) -> None:
        found = [UnitRef(*row) for row in session.execute(select(Unit.id, Unit.kind, Unit.name, Unit.path))]
        branch = next(unit for unit in found if unit.name == BRANCH)
        scene.units = {unit.name: unit for unit in found} | {unit.name: unit for unit in found if branch.covers(unit)}
        scene.units["top"] = next(unit for unit in found if unit.is_top)
        everybody = members.roster_on(session, scene.units["top"].id, date(2026, 3, 6))
        scene.ids = {one.name: one.member_id for one in everybody}
        people, ours, theirs = set(scene.ids) - {"王五"}, branch.id, scene.units["交通一支部"].id
        held = session.scalars(select(Meeting.id).where(Meeting.unit_id == theirs))
        scene.of_others = frozenset({theirs, *held, *(one.member_id for one in everybody if one.branch_id == theirs)})
        not_ours, not_theirs = ({one.name for one in everybody if one.branch_id != at} for at in (ours, theirs))
        scene.foreign = {
            "李四": people & not_ours | {"交通一支部", "城建二支部"},
            "赵六": people & not_theirs | {BRANCH, "城建二支部"},
            "路人": people - {NEWCOMER},  # whose link he opens
        }

    scene.stage.session(read)


def _facts(session: Session, meeting_id: int) -> MeetingFacts:
    found = meetings.facts(session, meeting_id)
    assert found is not None
    return found


def _answers(scene: Scene) -> None:
    """Leave asked, a correction that waits, a lesson made up, a guest, an item to vote on."""
    held, running, planned = (scene.meetings[name] for name in ("held", "running", "planned"))
    for name in ("张三", "李四"):
        scene.act(name, leave.ask_leave, planned.id, planned.version, ReasonKind.PERSONAL)
    scene.act("孙七", correcting.correct, f"{held.id}:{scene.ids['冯二']}:p", "手机没电")
    made = (held.id, scene.ids["陈九"], MakeUpHow.SELF_STUDY, date(2026, 3, 5))
    scene.act("李四", make_ups.make_up, *made)
    known = scene.act("李四", guests.add, f"{running.id}:{GuestKind.OBSERVER.name}", "邱老师")
    item = scene.act("李四", agenda.add_items, planned.id, "审议工作计划").items[0]
    vote = scene.act("李四", agenda.add_items, running.id, "表决发展对象").items[0]
    scene.act("李四", agenda.set_vote, vote.id, "ORDINARY")
    correction = scene.stage.session(lambda session: session.scalars(select(Correction.id)).one())
    scene.of |= {"guest": known.guests[0].id, "item": item.id, "vote": vote.id, "correction": correction}


def _plans(scene: Scene) -> None:
    """A plan of 李四 at each of its questions, and a series that runs."""
    for name, words in {
        "kind": "",
        "day": "主题党日 植树 @城北",
        "unit": "4月8日15点 党小组会 学习 @三楼会议室",
        "place": "4月9日15点 主题党日 植树",
        "people": "4月10日9点 集中培训 新党章 @三楼会议室",
        "preview": "4月13日15点 主题党日 植树 @城北",
        "past": "2026年2月25日15点 主题党日 植树 @城北",
        "past_reason": "2026年2月26日15点 主题党日 植树 @城北",
        "past_preview": "2026年2月27日15点 主题党日 植树 @城北",
        "series": "每月第二个周三15点 主题党日 学习 @三楼会议室",
        "rule": "每月31日15点 主题党日 学习 @三楼会议室",
    }.items():
        scene.plans[name] = scene.act("李四", planning.begin, words)
    for name in ("past_reason", "past_preview"):
        plan = scene.plans[name]
        scene.act("李四", planning.set_past, plan.draft_id, minute(plan))
    scene.act("李四", past.tell_reason, scene.plans["past_preview"].draft_id, "当时没有登记")
    scene.act("李四", planning.choose_all, scene.plans["people"].draft_id)
    scene.plans["repeats"] = scene.act("李四", series_planning.begin_series)
    weekly = scene.act("李四", planning.begin, "每月第三个周四15点 主题党日 周期学习 @三楼会议室")
    begun = scene.act("李四", series.confirm, weekly.draft_id)
    scene.of["series"] = begun.series.id
    occurrence = next(one.meeting_id for one in begun.coming if one.meeting_id)
    scene.meetings["occurrence"] = scene.stage.session(_facts, occurrence)


def minute(plan: Plan) -> int:
    """The first offered time as buttons carry it."""
    return int(plan.starts[0].timestamp()) // 60


def _offices(scene: Scene) -> None:
    """Who is not counted, who has no vote, who wants to join, and with what."""
    basis = Basis("长期病休", "上级党委", date(2026, 1, 5), Span(date(2026, 1, 5), None))
    _, exempted = scene.act("王五", exempting.exempt, scene.ids["蒋六"], ExemptionScope.DUE, basis)
    scene.act("王五", exempting.suspend, scene.ids["卫五"], Span(date(2026, 1, 5), date(2027, 1, 5)))
    scene.of["exemption"] = exempted.id
    scene.act("李四", leaving.leave, scene.ids["周八"])
    bot = Membership(Rank.ADMINISTRATOR, ADMIN_RIGHTS)
    loosened = scene.stage.world.add_group("二支部群", owner=scene.stage.actor("李四").id, bot=bot)
    scene.stage.database.run(_group_let_go, scene, loosened.id)
    change, _ = scene.act("李四", offices.grant, scene.ids["陈九"], scene.units["第一党小组"].id, Role.GROUP_LEADER)
    assert change.undo is not None
    scene.of["entry"] = change.undo[0]
    branch = scene.units[BRANCH]
    scene.act("自称吴九", joining.claim, branch.id, "吴九")
    scene.act("李四", joining.invite, branch.id, lasts=timedelta(hours=24), entropy=_secret)
    scene.words["link"] = base64.urlsafe_b64encode(_secret(joining.TOKEN_BYTES)).decode().rstrip("=")
    scene.words["code"] = scene.act("李四", chats.make_code, branch.id, entropy=_secret).code
    scene.of["released"] = scene.act("李四", joining.release, scene.ids["卫五"]).undo_id
    scene.stage.database.run(_post_of_unknown_fate, scene)


def _secret(length: int) -> bytes:
    return bytes(range(length))


def _post_of_unknown_fate(session: Session, scene: Scene) -> None:
    now = scene.stage.clock.now()
    outbox.enqueue(session, "lost", chat_id=scene.group_id, content=Message("通知"), lane=outbox.Lane.NOTICE, now=now)
    lost = update(OutboxRow).where(OutboxRow.key == "lost").values(state=State.UNKNOWN)
    scene.of["lost"] = session.execute(lost.returning(OutboxRow.id)).scalar_one()
    scene.of["claim"] = session.scalars(select(Claim.id)).one()


def _group_let_go(session: Session, scene: Scene, chat_id: int) -> None:
    """The other branch's group, loosened a moment ago."""
    unit_id, now = scene.units["城建二支部"].id, scene.stage.clock.now()
    session.add(Chat(chat_id=chat_id, unit_id=unit_id, title="二支部群", state=ChatState.LOOSENED))
    scene.of["loosened"] = undo.keep(session, chats.LOOSEN, unit_id, {"chat_id": chat_id}, now=now)
    swapped = {"chat_id": scene.group_id, "former": scene.group_id}
    scene.of["swapped"] = undo.keep(session, chats.REPLACE, scene.units[BRANCH].id, swapped, now=now)
    scene.of["stopped"] = undo.keep(session, series.STOP, scene.of["series"], {}, now=now)


def _files(scene: Scene) -> None:
    """A roster and a bank of 李四 that wait for confirmation."""
    reading = workbook.read("roster.yaml", ROSTER, today=date(2026, 3, 6))
    preview = scene.act("李四", roster.preview_roster, reading)
    scene.of["roster"] = scene.act("李四", roster.keep_preview, preview, "0" * 64)
    data = GOOD.encode()
    waiting = scene.act("李四", importing.preview, data, load(data, "bank.yaml", on=date(2026, 3, 6)))
    assert waiting.token is not None
    scene.words["bank"] = waiting.token
    again = data.replace(b"zhibu-basics", b"zhibu-other")
    loaded = load(again, "other.yaml", on=date(2026, 3, 6))
    kept = scene.act("李四", importing.preview, again, loaded)
    assert loaded.ready is not None
    scene.words["imported"] = scene.act("李四", importing.apply, kept.token, loaded.ready).token
    sheet = "题型,题干,答案\n判断,预备党员有表决权。,错\n判断,党员有表决权。,\n".encode()
    start = scene.act("李四", importing.begin, "题.csv")
    read = load(sheet, "题.csv", on=date(2026, 3, 6), way=start.way)
    scene.words["sheet"] = scene.act("李四", importing.preview, sheet, read, start.way).token or ""
    find = select(BankRow.id, BankRow.slug)
    banks = dict(scene.stage.session(lambda session: [(row[1], row[0]) for row in session.execute(find)]))
    scene.of |= {"bank": banks["zhibu-other"], "shipped": min(banks.values())}


def _papers(scene: Scene) -> None:
    """A paper being made by 李四, one that is published, a round in the group's lobby."""
    for name, count in (("draft", 0), ("counted", 3), ("paper", 3)):
        begun = scene.act("李四", papers.begin, seed=1)
        scene.of[name] = begun.paper_id
        if count:
            scene.act("李四", papers.choose_bank, begun.paper_id, 0)
            scene.act("李四", papers.choose_topic, begun.paper_id, 0)
            scene.act("李四", papers.choose_count, begun.paper_id, count)
    scene.act("李四", papers.publish, scene.of["paper"])
    scene.act("李四", hosting.start_quick, 3, seed=1, in_group=True)
    scene.of["round"] = scene.stage.session(lambda session: session.scalars(select(Round.id)).one())


def _exams(scene: Scene) -> None:
    """Exams being made by 李四, one that is open, and 张三 in the middle of it."""
    for name in ("exam_draft", "exam_ready"):
        scene.of[name] = scene.act("李四", exam_drafts.begin_standard, seed=1).paper_id
    scene.act("李四", exam_drafts.choose_bank, scene.of["exam_ready"], 0)
    scene.of["exam"] = scene.act("李四", _publish_exam)
    scene.of["attempt"] = scene.act("张三", starting.start, scene.of["exam"]).card.attempt_id
    scene.of["ended"] = scene.act("钱一", starting.start, scene.of["exam"]).card.attempt_id
    scene.act("钱一", submitting.submit, scene.of["ended"])
    other = scene.act("褚三", starting.start, scene.of["exam"]).card.attempt_id
    scene.act("褚三", submitting.submit, other)
    voided = scene.act("李四", overseeing.void, other, "代考").undo
    assert voided is not None
    scene.of["voided"] = voided[0]
    fallen = scene.act("李四", _publish_exam)
    scene.of["cancelled"] = scene.act("李四", cancelling.cancel, fallen, "重新安排").undo_id
    token = select(Paper.token).where(Paper.id == scene.of["exam"])
    scene.words["exam"] = str(scene.stage.session(lambda session: session.scalar(token)))


def _results(scene: Scene) -> None:
    """An exam that is over: 张三 has answered one question, and that wrong."""
    paper_id = scene.of["results"] = scene.act("李四", _publish_exam, scene.of["shipped"])
    card = scene.act("张三", starting.start, paper_id).card
    wrong = next(letter for letter in card.question.letters if letter not in card.question.answer)
    scene.words["wrong"] = wrong
    database, now = scene.stage.database, scene.stage.clock.now()
    chosen = update(AttemptItem).where(AttemptItem.attempt_id == card.attempt_id, AttemptItem.position == 1)
    database.run(lambda session: session.execute(chosen.values(selection=wrong, answered_at=now)))
    scene.act("张三", submitting.submit, card.attempt_id)
    over = update(Paper).where(Paper.id == paper_id).values(closes_at=now - timedelta(minutes=1))
    database.run(lambda session: session.execute(over))
    database.run(exams.step_due, now=now)
    while database.run(releasing.release_due, now=now):
        pass


def _publish_exam(session: Session, sender: Sender, bank_id: int = 0, *, now: datetime) -> int:
    """A single choice and a blank."""
    who, unit = papers.maker(session, sender, now)
    rows = (BlueprintRow(1, QuestionType.SINGLE), BlueprintRow(1, QuestionType.BLANK))
    blueprint = Blueprint((bank_id,) if bank_id else (), rows)
    paper = drawing.new(session, who, unit, blueprint, "党章测试", 1, now, PaperKind.EXAM)
    drawn = drawing.draw_for(session, unit, blueprint, 1, now, tuple(QuestionType))
    exams.publish(session, who, unit, paper, drawn, exams.standard_terms(now), now)
    exams.step_due(session, now=now)
    return paper.id


def _books(scene: Scene) -> None:
    """A question of each kind that waits for somebody's answer."""
    for name, kind in (("张三", "single"), ("钱一", "multiple"), ("褚三", "blank")):
        scene.of[f"review_{kind}"] = scene.stage.database.run(
            _put_question, scene.ids[name], QuestionType(kind), scene.stage.clock.now()
        )


def _put_question(session: Session, member_id: int, kind: QuestionType, now: datetime) -> int:
    """What somebody once answered wrong, asked again."""
    of_kind = select(QuestionVersion.question_id, QuestionVersion.id).where(QuestionVersion.type == kind)
    question_id, version_id = session.execute(of_kind.order_by(QuestionVersion.id).limit(1)).one()
    collecting.set_back(session, None, member_id, question_id, version_id, now - timedelta(days=3))
    return practice.put(session, member_id, question_id, version_id, Mode.DUE, now=now).id


def _knocker(scene: Scene, name: str) -> Knocker:
    user_id, now = scene.stage.actor(name).id, scene.stage.clock.now()
    sender = Sender(user_id, user_id, now, is_root=user_id == ROOT)
    try:
        return Knocker(name, user_id, scene.stage.session(members.actor, sender, now=now))
    except NotBound:
        return Knocker(name, user_id, None)


def _use_topic(session: Session, chat_id: int, topic: int) -> None:
    session.execute(update(Chat).where(Chat.chat_id == chat_id).values(thread_study=topic))
