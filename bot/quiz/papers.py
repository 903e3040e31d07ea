"""Papers: what they are drawn from, their code, their questions. Those for live rounds are published and closed here,
exams in `exams`.
"""

import secrets
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from bot.banks import drawing
from bot.banks.models import QuestionVersion
from bot.banks.rules import Question, QuestionType
from bot.banks.views import TYPES
from bot.errors import UserError
from bot.members import service as members
from bot.members.models import Unit
from bot.members.rules import Actor, UnitKind, UnitRef
from bot.message import cut
from bot.periods import beijing, local_day
from bot.quiz.blueprint import LIVE_TYPES, Blueprint, BlueprintRow, Picked, Pooled, TooFewError, draw, share_out
from bot.quiz.facts import PaperChoice, Published
from bot.quiz.models import Paper, PaperBranch, PaperItem, PaperLog, Round
from bot.quiz.rules import (
    DRAFT_FOR,
    FRESH_AFTER,
    LIVE_PAPER_FOR,
    DraftStep,
    PaperAction,
    PaperKind,
    PaperState,
)

LISTED = 5  # papers offered in a group
TOPIC_NAME = 40  # characters of a topic in a refusal
_BLIND = {"synchronize_session": False}


class TooFew(UserError):
    text = "题量不够：{kind}需要 {need} 道，可用 {have} 道。请减少题量或换题库。"


class TooFewOfAll(TooFew):
    """No type was asked for."""

    text = "题量不够：题目需要 {need} 道，可用 {have} 道。请减少题量或换题库。"


class TooFewAbout(TooFew):
    text = "题量不够：{kind}（{topic}）需要 {need} 道，可用 {have} 道。请减少题量或换题库。"


class TooFewOfLevel(TooFew):
    text = "题量不够：{kind}（难度 {level}）需要 {need} 道，可用 {have} 道。请减少题量或换题库。"


class TooFewAboutOfLevel(TooFew):
    text = "题量不够：{kind}（{topic}，难度 {level}）需要 {need} 道，可用 {have} 道。请减少题量或换题库。"


_TOO_FEW = {
    (False, False): TooFew,
    (True, False): TooFewAbout,
    (False, True): TooFewOfLevel,
    (True, True): TooFewAboutOfLevel,
}


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a draw came to: questions in their order, each with its points and rule."""

    picks: tuple[Picked, ...]
    questions: tuple[Question, ...]

    @property
    def fingerprint(self) -> str:
        """Which questions they are, in their order."""
        return ",".join(str(pick.version_id) for pick in self.picks)

    @property
    def max_centi(self) -> int:
        return sum(self.points())

    def points(self) -> list[int]:
        return [
            question.score_centi if pick.row.score_centi is None else pick.row.score_centi
            for pick, question in zip(self.picks, self.questions, strict=True)
        ]


# -- what can be asked -------------------------------------------------------------------------------------------------


def branch_ids(session: Session, unit: UnitRef) -> list[int]:
    """The branches a paper of this unit is for; of a party group its own branch."""
    if unit.kind is UnitKind.PARTY_GROUP:
        return [int(unit.path.split("/")[-3])]
    return [branch.id for branch in members.units_below(session, unit, UnitKind.BRANCH)]


def branches_of(session: Session, paper_id: int) -> tuple[UnitRef, ...]:
    """The branches a paper was made for, in the order of the tree."""
    query = select(Unit.id, Unit.kind, Unit.name, Unit.path).join(PaperBranch, PaperBranch.branch_id == Unit.id)
    rows = [UnitRef(*row) for row in session.execute(query.where(PaperBranch.paper_id == paper_id))]
    return tuple(sorted(rows, key=lambda ref: [int(part) for part in ref.path.split("/") if part]))


def choices(session: Session, unit: UnitRef, chat_id: int | None = None) -> tuple[PaperChoice, ...]:
    """Live papers for the unit's branches: those the chat has not had first, then the newest."""
    count = select(func.count()).where(PaperItem.paper_id == Paper.id).correlate(Paper).scalar_subquery()
    used = select(Round.id).where(Round.paper_id == Paper.id, Round.chat_id == chat_id).correlate(Paper).exists()
    own = select(PaperBranch.paper_id).where(PaperBranch.branch_id.in_(branch_ids(session, unit)))
    query = (
        select(Paper.id, Paper.title, count, used, Paper.blueprint)
        .where(Paper.kind == PaperKind.LIVE, Paper.state == PaperState.OPEN, Paper.id.in_(own))
        .order_by(used, Paper.id.desc())
    )
    made = [PaperChoice(*row[:4]) for row in session.execute(query) if not Blueprint.from_json(row[4]).is_quick]
    return tuple(made[:LISTED])


def pool(
    session: Session,
    unit: UnitRef,
    blueprint: Blueprint,
    now: datetime,
    types: Collection[QuestionType] = LIVE_TYPES,
) -> list[Pooled]:
    """What could be drawn for the unit's branches, of the types that the place of asking can carry, for a paper that
    opens at `now`."""
    usable = [bank.id for bank in drawing.usable_banks(session, unit)]
    bank_ids = [bank_id for bank_id in usable if bank_id in blueprint.bank_ids] if blueprint.bank_ids else usable
    drawable = drawing.pool(session, bank_ids, on=local_day(now))
    stale = _asked_lately(session, branch_ids(session, unit), now)
    return [
        Pooled(one.version_id, one.type, one.topics, one.difficulty, one.fingerprint, one.question_id not in stale)
        for one in drawable
        if one.type in types
    ]


def _asked_lately(session: Session, branches: Collection[int], now: datetime) -> set[int]:
    """Questions of papers that these branches had in the last 90 days."""
    query = (
        select(QuestionVersion.question_id)
        .join(PaperItem, PaperItem.version_id == QuestionVersion.id)
        .join(Paper, Paper.id == PaperItem.paper_id)
        .join(PaperBranch, PaperBranch.paper_id == Paper.id)
        .where(PaperBranch.branch_id.in_(branches), Paper.opens_at > now - FRESH_AFTER)
    )
    return set(session.scalars(query))


def draw_for(
    session: Session,
    unit: UnitRef,
    blueprint: Blueprint,
    seed: int,
    now: datetime,
    types: Collection[QuestionType] = LIVE_TYPES,
) -> Drawn:
    """Raises TooFew."""
    try:
        picks = draw(blueprint.rows, pool(session, unit, blueprint, now, types), seed)
    except TooFewError as error:
        raise too_few(error) from None
    versions = drawing.versions(session, [pick.version_id for pick in picks])
    return Drawn(picks, tuple(versions[pick.version_id].question for pick in picks))


def shared_out(rows: Sequence[BlueprintRow], pool: Sequence[Pooled]) -> list[list[Pooled]]:
    """The pool by row, where each attempt is drawn anew; raises TooFew."""
    try:
        return share_out(rows, pool)
    except TooFewError as error:
        raise too_few(error) from None


def too_few(error: TooFewError) -> TooFew:
    row, need, have = error.row, error.row.count, error.have
    if row.type is None:
        return TooFewOfAll(need=need, have=have)
    refusal = _TOO_FEW[row.topic is not None, row.difficulty is not None]
    topic = cut(row.topic or "", TOPIC_NAME)
    return refusal(kind=TYPES[row.type], topic=topic, level=row.difficulty, need=need, have=have)


# -- publishing --------------------------------------------------------------------------------------------------------


def quick(
    session: Session,
    who: Actor,
    unit: UnitRef,
    count: int,
    title: str,
    *,
    seed: int,
    now: datetime,
    bank_ids: tuple[int, ...] = (),
) -> Published:
    """A paper of `count` questions out of these banks, or all, ready at once."""
    blueprint = Blueprint(bank_ids, rows=(BlueprintRow(count),), is_quick=True)
    paper = new(session, who, unit, blueprint, title, seed, now)
    return publish(session, who, paper, draw_for(session, unit, blueprint, paper.seed, now), now)


def new(
    session: Session,
    who: Actor,
    unit: UnitRef,
    blueprint: Blueprint,
    title: str,
    seed: int,
    now: datetime,
    kind: PaperKind = PaperKind.LIVE,
) -> Paper:
    paper = Paper(
        token=secrets.token_hex(10),
        kind=kind,
        title=title,
        state=PaperState.DRAFT,
        draft_step=DraftStep.BANK,
        blueprint=blueprint.to_json(),
        seed=seed,
        closes_at=now + DRAFT_FOR,
        by=who.recorded_id,
    )
    session.add(paper)
    session.flush()
    session.add_all(PaperBranch(paper_id=paper.id, branch_id=branch) for branch in branch_ids(session, unit))
    return paper


def publish(session: Session, who: Actor, paper: Paper, drawn: Drawn, now: datetime) -> Published:
    keep_items(session, paper, drawn)
    paper.code, paper.state, paper.draft_step = next_code(session, now), PaperState.OPEN, None
    paper.max_centi, paper.opens_at, paper.closes_at = drawn.max_centi, now, now + LIVE_PAPER_FOR
    session.add(PaperLog(paper_id=paper.id, actor=who.recorded_id, action=PaperAction.PUBLISHED, at=now))
    session.flush()
    return Published(paper.id, paper.code, paper.title, len(drawn.picks))


def keep_items(session: Session, paper: Paper, drawn: Drawn) -> None:
    """From now on everybody gets these questions, whatever becomes of their bank."""
    points = drawn.points()
    for place, (pick, question) in enumerate(zip(drawn.picks, drawn.questions, strict=True)):
        rule = pick.row.rule or question.rule
        item = PaperItem(paper_id=paper.id, position=place + 1, version_id=pick.version_id, rule=rule)
        item.score_centi = points[place]
        session.add(item)


def each_centi(session: Session, paper_id: int) -> int | None:
    """What one right letter earns on this paper, where its maker has said so; see `Blueprint.each_centi`."""
    blueprint = session.scalar(select(Paper.blueprint).where(Paper.id == paper_id))
    return Blueprint.from_json(blueprint or {}).each_centi()


def next_code(session: Session, now: datetime) -> str:
    """`2026-014`, counted in the year. A row that all change makes two processes at once take turns."""
    first = select(func.min(Unit.id)).scalar_subquery()
    session.execute(update(Unit).where(Unit.id == first).values(name=Unit.name).execution_options(**_BLIND))
    year = f"{beijing(now).year}-"
    query = select(Paper.code).where(Paper.code.startswith(year)).order_by(func.length(Paper.code).desc())
    last = session.scalar(query.order_by(Paper.code.desc()).limit(1))
    return f"{year}{int(last.removeprefix(year)) + 1 if last else 1:03}"


def keep_open(session: Session, paper_id: int, *, now: datetime) -> None:
    """A round begins with it: the paper closes 30 days from now at the earliest."""
    session.execute(update(Paper).where(Paper.id == paper_id).values(closes_at=now + LIVE_PAPER_FOR))


_NEXT_END = select(func.min(Paper.closes_at)).where(
    Paper.kind == PaperKind.LIVE, Paper.state.in_([PaperState.DRAFT, PaperState.OPEN])
)


def next_due(session: Session, _: datetime) -> datetime | None:
    return session.scalar(_NEXT_END)


def close_due(session: Session, *, now: datetime) -> None:
    """Throw away drafts nobody has touched, close live papers that no round has used lately."""
    is_over = (Paper.kind == PaperKind.LIVE) & (Paper.closes_at <= now)
    for paper_id in session.scalars(select(Paper.id).where(is_over, Paper.state == PaperState.DRAFT)).all():
        delete_draft(session, paper_id)
    session.execute(update(Paper).where(is_over, Paper.state == PaperState.OPEN).values(state=PaperState.CLOSED))


def delete_draft(session: Session, paper_id: int) -> None:
    session.execute(delete(PaperBranch).where(PaperBranch.paper_id == paper_id))
    session.execute(delete(Paper).where(Paper.id == paper_id, Paper.state == PaperState.DRAFT))
