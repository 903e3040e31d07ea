"""The questions of a list as far as it is read: the one that is open, those before it, the heading above them."""

import sys

from bot.banks.formats import letters, wording
from bot.banks.formats.drafting import LONGEST, Draft
from bot.banks.formats.key_table import Block
from bot.banks.formats.raw import RawFile, RawQuestion, Text
from bot.banks.formats.web import PICTURE, SHOWN_PICTURE
from bot.banks.formats.wording import Wording
from bot.banks.rules import At, Issue

REPORTED = 1000  # questions between two words about how far the reading is


class Listing:
    def __init__(self, file: str) -> None:
        self.result = RawFile(file)
        self.open: Draft | None = None
        self.drafts: list[Draft] = []
        self.blocks = [Block("")]
        self.last = 0  # the number of the question before
        self._kind_above: Wording | None = None  # 题型 that stands above its question
        self._counting: Draft | None = None  # in the last block, not yet read to its end
        self._section = ""
        self._score: Text | None = None

    def lose(self, text: str, at: At) -> None:
        shown = text[:LONGEST].replace(PICTURE, SHOWN_PICTURE)
        self.result.issues.append(Issue("E216", self.result.file, at, {"text": shown}))

    def put_above(self, line: Wording | None) -> None:
        """Keep the type for the question that begins below; one that found none is lost."""
        above, self._kind_above = self._kind_above, line
        if above is not None:
            self.lose(above.text, above.at)

    def begin_section(self, line: Wording) -> None:
        self.close()
        self._section, self._score, self.last = line.word, None, 0
        self.instruct(line)
        self.begin_block()

    def instruct(self, line: Wording) -> None:
        """What a heading says of all its questions."""
        if score := wording.each_score(line.half):
            self._score = Text(score, line.at)

    def begin_block(self) -> None:
        if self.blocks[-1].drafts:
            self.blocks.append(Block(self._section))
        else:
            self.blocks[-1].kind = self._section

    def begin(self, line: Wording) -> Draft:
        """A new question whose stem begins on this line; without a number it is one only with options or a key."""
        self.close()
        start = line.start or wording.after_number_in_brackets(line.half)
        kind, score, skipped = wording.type_in_front(line.half[start:])
        start += skipped
        above = self._kind_above
        if above is not None and not kind:
            kind, self._kind_above = above.words, None
        self.put_above(None)
        raw = RawQuestion(line.at, kind=kind, section=self._section)
        raw.score = Text(score, line.at) if score else self._score
        draft = Draft(raw, line.number, lines=[above] if above is not None and kind == above.words else [])
        cut = letters.options_after(line.half, start)
        raw.stem = line.text[start:cut].strip()
        if cut is not None:
            text, half = line.text[cut:], line.half[cut:]
            for option in letters.options_in(text, half) or letters.plain_options_in(text, half, "A"):
                draft.add_option(option.letter, option.text, line.at)
        self.open = draft
        self.drafts.append(draft)
        if len(self.drafts) % REPORTED == 0:
            print(len(self.drafts), file=sys.stderr, flush=True)  # noqa: T201  # to the parent
        self._count(draft, line)
        return draft

    def _count(self, draft: Draft, line: Wording) -> None:
        if line.number is None:
            draft.lines.append(line)
            return
        if (line.number == 1 and self.blocks[-1].drafts) or line.number in self.blocks[-1].drafts:
            self.begin_block()
        self.blocks[-1].add(line.number, draft)
        self._counting = draft
        self.last = line.number

    def end(self) -> None:
        """An empty line: a question with its key or its options does not go on behind it, nor does a mere title."""
        if self.open is not None and not self.open.waits_for_key:
            self.open.is_ended = self.open.is_complete or (self.open.number is None and bool(self.open.raw.stem))

    def close(self) -> None:
        draft, self.open = self.open, None
        if draft is None:
            return
        if not draft.is_question:
            self.drafts.pop()  # whatever came after it would have closed it
            for line in draft.lines:
                self.lose(line.text, line.at)
        elif draft is self._counting:
            self.blocks[-1].keyed += draft.has_key
            self._counting = None

    def finish(self) -> RawFile:
        self.close()
        self.put_above(None)
        for draft in self.drafts:
            draft.finish(self.result.file)
            self.result.questions.append(draft.raw)
        return self.result
