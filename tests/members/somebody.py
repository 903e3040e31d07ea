"""Somebody of whom every table of the house that knows people has something."""

from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import Session

from bot import inbox, outbox
from bot.attendance import chain
from bot.attendance.models import Attendance, Correction, Guest, MakeUp
from bot.attendance.rules import (
    Action,
    Answer,
    CorrectionState,
    GuestKind,
    LeaveState,
    MakeUpHow,
    ReasonKind,
    Status,
)
from bot.banks.models import BankRow, ImportRun, QuestionRow, QuestionVersion
from bot.banks.rules import QuestionType, Rule, RunState, ScopeKind
from bot.banks.rules import Status as QuestionStatus
from bot.meetings.models import AgendaItem, Card, Draft, Meeting, MeetingChange, Minutes, Nudge
from bot.meetings.rules import CardKind, Change, DraftOf, MeetingKind, MeetingState, RungName
from bot.members import exempting, menus, prompts, reach
from bot.members.models import Claim, RosterImport, Try
from bot.members.phrases import Basis, Span
from bot.members.rules import ExemptionScope, ImportState, TryOf
from bot.message import Message
from bot.outbox import Lane, OutboxRow, State
from bot.quiz.models import AnswerEvent, Attempt, AttemptItem, Candidate, Paper, Result, StrayVote
from bot.quiz.rules import AttemptState, CandidateStanding, Outcome, PaperKind, Via
from tests.make import NOW, Cast, Make, Someone

USER, NAME, NUMBER = 770011223, "龚䶮", "KT90817"
DAY = timedelta(days=1)


def somebody(make: Make, cast: Cast) -> Someone:
    """A member with something in every table that knows people."""
    gong = make.member(NAME, cast.branch, group=cast.group, user_id=USER, staff_no=NUMBER)
    make.database.run(_meeting, cast, gong)
    make.database.run(_exam, cast, gong)
    make.database.run(_post, cast, gong)
    basis = Basis("长期病休", "上级党委", date(2026, 3, 1), Span(date(2026, 3, 1), None))
    make.database.run(exempting.exempt, cast.wang.sender(), gong.id, ExemptionScope.VOTE, basis, now=NOW)
    approved = Basis("借调", NAME, date(2026, 3, 1), Span(date(2026, 3, 1), None))
    make.database.run(exempting.exempt, cast.wang.sender(), cast.zhang.id, ExemptionScope.VOTE, approved, now=NOW)
    make.database.run(prompts.await_text, gong.sender(), "attendance:reason", "1", now=NOW)
    make.database.run(reach.blocked, gong.sender(), now=NOW)
    make.database.run(reach.opened, gong.sender(), now=NOW)
    return gong


def _meeting(session: Session, cast: Cast, gong: Someone) -> None:
    starts = NOW - 5 * DAY
    row = Meeting(
        unit_id=cast.branch.id,
        kind=MeetingKind.MEMBER_ASSEMBLY,
        title=f"讨论{NAME}转正",
        place="三楼",
        starts_at=starts,
        ends_at=starts + timedelta(hours=1),
        chair_id=gong.id,
        state=MeetingState.CLOSED,
        created_at=NOW - 9 * DAY,
    )
    session.add(row)
    session.flush()
    came = Attendance(
        meeting_id=row.id,
        member_id=gong.id,
        is_due=True,
        has_vote=True,
        answer=Answer.LEAVE,
        leave_state=LeaveState.APPROVED,
        leave_kind=ReasonKind.SICK,
        leave_reason="住院",
        status=Status.ON_LEAVE,
    )
    session.add(came)
    session.flush()
    entries = [chain.Entry(Action.LEAVE_ASKED, came.id, "NONE", "ASKED"), chain.Entry(Action.CLOSED)]
    chain.append(session, chain.Tip(row.id, 0, ""), entries, actor_id=gong.id, update_id=1, now=NOW)
    _around(session, cast, gong, row.id, came.id)


def _around(session: Session, cast: Cast, gong: Someone, meeting_id: int, attendance_id: int) -> None:
    session.add_all(
        [
            MeetingChange(meeting_id=meeting_id, version=1, at=NOW, what=Change.MOVED, reason=f"{NAME}出差"),
            AgendaItem(meeting_id=meeting_id, position=1, title=f"{NAME}转正", person_name=NAME),
            Minutes(meeting_id=meeting_id, summary=f"{NAME}汇报，龚䶮元补充", decisions=f"同意{NAME}转正"),
            Card(meeting_id=meeting_id, chat_id=USER, what=CardKind.PUBLIC, message_id=5),
            Nudge(meeting_id=meeting_id, version=1, rung=RungName.R2, member_id=gong.id),
            Draft(
                actor_id=cast.li.id,
                unit_id=cast.branch.id,
                what=DraftOf.MEETING,
                body={"title": f"{NAME}转正"},
                step="PREVIEW",
                expires_at=NOW + DAY,
            ),
            Draft(
                actor_id=gong.id,
                unit_id=cast.group.id,
                what=DraftOf.MEETING,
                body={},
                step="KIND",
                expires_at=NOW + DAY,
            ),
            Guest(meeting_id=meeting_id, what=GuestKind.OBSERVER, name=NAME),
            Correction(
                attendance_id=attendance_id,
                to_status=Status.PRESENT,
                reason=f"{NAME}到会",
                proposed_by=cast.li.id,
                proposed_at=NOW,
                state=CorrectionState.REJECTED,
            ),
            MakeUp(
                attendance_id=attendance_id,
                done_on=date(2026, 3, 1),
                how=MakeUpHow.TALK,
                note=f"与{NAME}谈话",
                recorded_by=cast.li.id,
            ),
        ]
    )


def _exam(session: Session, cast: Cast, gong: Someone) -> None:
    paper = Paper(token="t" * 20, kind=PaperKind.EXAM, title=f"{NAME}出的题", blueprint={}, seed=1)
    bank = BankRow(slug="b", title="题库", scope_kind=ScopeKind.DISTRICT)
    session.add_all([paper, bank])
    session.flush()
    question = QuestionRow(bank_id=bank.id, code="q1", status=QuestionStatus.ACTIVE)
    session.add(question)
    session.flush()
    facts = {"content": {}, "content_hash": "1", "marking_hash": "1", "fingerprint": "1", "topics": [], "difficulty": 1}
    version = QuestionVersion(question_id=question.id, number=1, type=QuestionType.SINGLE, **facts)
    session.add(version)
    session.flush()
    attempt = Attempt(
        paper_id=paper.id, member_id=gong.id, number=1, state=AttemptState.SUBMITTED, started_at=NOW, score_centi=200
    )
    session.add(attempt)
    session.flush()
    session.add_all(
        [
            Candidate(paper_id=paper.id, member_id=gong.id, branch_id=cast.branch.id, standing=CandidateStanding.DUE),
            Result(paper_id=paper.id, member_id=gong.id, revision=1, outcome=Outcome.SAT, score_centi=200),
            AnswerEvent(
                bot_id=7,
                update_id=9,
                attempt_id=attempt.id,
                position=1,
                selection="AB",
                via=Via.EXAM,
                received_at=NOW,
                accepted=True,
            ),
            AttemptItem(
                attempt_id=attempt.id,
                position=1,
                version_id=version.id,
                option_order=[0, 1],
                max_centi=200,
                rule=Rule.ALL,
                selection="A",
                answered_at=NOW,
                awarded_centi=200,
            ),
            ImportRun(
                token="i",
                scope_kind=ScopeKind.DISTRICT,
                file_name="a.yaml",
                file_sha256="0",
                format="yaml",
                report={},
                state=RunState.APPLIED,
                by=USER,
                at=NOW,
                expires_at=NOW,
            ),
            StrayVote(bot_id=7, update_id=10, poll_id="p", user_id=USER, options=[1], received_at=NOW),
        ]
    )


def _post(session: Session, cast: Cast, gong: Someone) -> None:
    def write(key: str, to: int, text: str, state: State) -> None:
        outbox.enqueue(session, key, chat_id=to, content=Message(text), lane=Lane.NOTICE, now=NOW)
        row = session.scalars(select(OutboxRow).where(OutboxRow.key == key)).one()
        row.state, row.sent_at = state, NOW if state is State.SENT else None

    write(f"x:{USER}", USER, "您好", State.SENT)
    write("x:2", USER, f"{NAME}，请签到", State.PENDING)
    write("x:3", cast.li.user_id, f"未签2人：{NAME}、张三", State.SENT)
    write("x:4", cast.li.user_id, f"未签2人：{NAME}、张三", State.PENDING)
    menus.push(session, [gong.id], now=NOW)
    session.add_all(
        [
            inbox.InboxRow(update_id=1, order_key=f"u{USER}", chat_id=USER, body="", received_at=NOW, handled_at=NOW),
            inbox.DeadRow(
                update_id=2, body=f'{{"from":{{"id":{USER}}}}}', received_at=NOW, parked_at=NOW, reason="ValueError"
            ),
            Claim(telegram_user_id=USER, branch_id=cast.branch.id, typed_name=NAME, created_at=NOW),
            Try(what=TryOf.LINK, of_id=USER, at=NOW),
            RosterImport(
                sha256="0",
                state=ImportState.PREVIEW,
                rows={"rows": [{"name": NAME}]},
                base_hash="0",
                counts={},
                by=USER,
                at=NOW,
            ),
        ]
    )
