"""What ends by itself: awaited texts, links, claims, codes, previews, counted tries."""

from datetime import datetime

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from bot.members import tries
from bot.members.joining import CLAIM_FOR
from bot.members.models import ChatCode, Claim, Invite, Prompt, RosterImport, Try
from bot.members.roster import KEEP_PREVIEW
from bot.members.rules import ClaimState, ImportState


def expire(session: Session, *, now: datetime) -> None:
    """End what is over; the rows of a preview go with it, so that a refused file leaves no names behind."""
    session.execute(delete(Prompt).where(Prompt.expires_at <= now))
    session.execute(delete(ChatCode).where(ChatCode.expires_at <= now))
    session.execute(delete(Try).where(Try.at <= now - tries.KEEP))
    is_open = (Invite.used_at.is_(None), Invite.revoked_at.is_(None), Invite.expires_at <= now)
    session.execute(update(Invite).where(*is_open).values(revoked_at=now))
    is_waiting = (Claim.state == ClaimState.PENDING, Claim.created_at <= now - CLAIM_FOR)
    session.execute(update(Claim).where(*is_waiting).values(state=ClaimState.EXPIRED))
    is_over = (RosterImport.at <= now - KEEP_PREVIEW, RosterImport.state == ImportState.PREVIEW)
    session.execute(update(RosterImport).where(*is_over).values(state=ImportState.EXPIRED, rows={}))
