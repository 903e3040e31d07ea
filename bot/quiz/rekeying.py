"""The key of a question as another version of it has it, in the letters under which the question was asked. Pure."""

from dataclasses import replace

from bot.banks.rules import LETTERS, Question, QuestionType, squeeze


def as_judged(asked: Question, by: Question) -> Question | None:
    """The question as asked with the key of `by`; None where the two cannot be compared.

    Letters follow the words of the options: they may stand in another order there.
    """
    if asked.type is QuestionType.BLANK or by.type is QuestionType.BLANK:
        is_alike = asked.type is by.type and len(asked.blanks) == len(by.blanks)
        return replace(asked, blanks=by.blanks, is_any_order=by.is_any_order) if is_alike else None
    if QuestionType.TRUE_FALSE in (asked.type, by.type):
        return replace(asked, answer=by.answer) if asked.type is by.type else None
    right = {squeeze(by.options[LETTERS.index(letter)]) for letter in by.answer}
    letters = [letter for letter, text in zip(LETTERS, asked.options, strict=False) if squeeze(text) in right]
    if len(letters) != len(right):
        return None
    kind = QuestionType.MULTIPLE if len(letters) > 1 else asked.type
    return replace(asked, type=kind, answer="".join(letters), each_centi=by.each_centi)
