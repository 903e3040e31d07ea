"""改答案: another key for one question, as a new version that says which one it corrects. Nothing else changes."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from bot.banks import drawing, revisions, scopes
from bot.banks.models import BankRow, QuestionVersion
from bot.banks.rules import LETTERS, RIGHT, WRONG, Mode, Origin, Question, QuestionType, digest, squeeze
from bot.errors import UserError
from bot.members.rules import Actor
from bot.message import StaleButton


class TextChanged(UserError):
    text = "题库里这道题的题型或选项后来改过，请修改题库文件后重新导入。"


class OnlyInFile(UserError):
    text = "填空题的答案请在题库文件里修改，重新导入后再改判。"


def correct(session: Session, who: Actor, version_id: int, answer: str, *, now: datetime) -> int:
    """Give the question of a version the key `answer`, in the letters of that version; the number of the new version.

    Raises the refusal that fits unless `who` may edit the bank.
    """
    asked = drawing.versions(session, [version_id])[version_id]
    bank = session.get(BankRow, asked.bank_id)
    assert bank is not None
    scope = scopes.of_bank(session, bank)
    scopes.require_edit(who, scope)
    newest_id = drawing.newest(session, [asked.question_id])[asked.question_id].version_id
    today = drawing.versions(session, [newest_id])[newest_id].question
    question = replace(today, answer=_in_letters_of(today, asked.question, answer))
    whole = replace(revisions.head_at(session, bank), questions=(question,))
    ready = revisions.prepared(whole, digest(f"{question.code}:{question.answer}"), Mode.MERGE)
    revisions.write(session, ready, scope, Origin.CHAT, base_id=bank.revision_id, by=who.user_id, now=now)
    corrected = drawing.newest(session, [asked.question_id])[asked.question_id].version_id
    if corrected > newest_id:
        statement = update(QuestionVersion).where(QuestionVersion.id == corrected)
        session.execute(statement.values(corrects=newest_id), execution_options={"synchronize_session": False})
    return corrected


def _in_letters_of(today: Question, asked: Question, answer: str) -> str:
    if asked.type is QuestionType.BLANK:
        raise OnlyInFile
    if today.type is not asked.type:
        raise TextChanged
    if asked.type is QuestionType.TRUE_FALSE:
        if answer not in (RIGHT, WRONG):
            raise StaleButton
        return answer
    if not answer or not set(answer) <= set(asked.letters) or not _fits(asked, answer):
        raise StaleButton
    wanted = {squeeze(asked.options[LETTERS.index(letter)]) for letter in answer}
    letters = [letter for letter, text in zip(LETTERS, today.options, strict=False) if squeeze(text) in wanted]
    if len(letters) != len(answer):
        raise TextChanged
    return "".join(letters)


def _fits(question: Question, answer: str) -> bool:
    if question.type is QuestionType.SINGLE:
        return len(answer) == 1
    return len(answer) >= (1 if question.is_indefinite else 2)
