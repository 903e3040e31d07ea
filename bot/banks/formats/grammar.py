"""A Chinese question list, line by line: each line is the first class that fits (quiz.md §6), none is lost."""

import re
from collections.abc import Sequence

from bot.banks.formats import letters, wording
from bot.banks.formats.ahead import Ahead
from bot.banks.formats.drafting import LONGEST, Draft, Part, joined
from bot.banks.formats.listing import Listing
from bot.banks.formats.raw import RawFile, Text
from bot.banks.formats.table_lines import TableLines
from bot.banks.formats.wording import Kind, Wording
from bot.banks.yamlfile import ALL_LETTERS

_AMOUNT = re.compile(r"\d+\s*[%‰万亿元倍米公千吨岁人名个]")  # 2.5万元: a number, not a question that begins with one
_LISTS = re.compile(r"1[、.)](?!\d)")


def read_lines(file: str, lines: Sequence[Wording]) -> RawFile:
    return _Grammar(file, lines).read()


class _Grammar:
    def __init__(self, file: str, lines: Sequence[Wording]) -> None:
        self._lines, self._ahead = lines, Ahead(lines)
        self._listing = Listing(file)
        self._tables = TableLines(self._listing, lines, self._ahead)
        self._at = 0
        self._is_below_heading = False
        self._is_kind_above = False  # this file writes 题型 above its questions

    @property
    def _open(self) -> Draft | None:
        return self._listing.open

    def read(self) -> RawFile:
        for at, line in enumerate(self._lines):
            self._at = at
            if line.kind is Kind.SECTION and self._ahead.options_follow(at):
                wording.unheaded(line)
            if line.kind is Kind.BLANK:
                self._listing.end()
            elif line.kind is not Kind.NOISE and not self._tables.take(self._at, line):
                self._take(line)
        return self._listing.finish()

    def _take(self, line: Wording) -> None:
        is_below, self._is_below_heading = self._is_below_heading, line.kind is Kind.SECTION
        if len(line.text) > LONGEST:
            self._lose(line)
        elif line.kind is Kind.SECTION:
            self._listing.begin_section(line)
        elif self._tables.begins(self._at, line):
            pass
        elif line.kind is Kind.KEY:
            self._take_key(line)
        elif line.kind is Kind.LABEL:
            self._take_label(line)
        elif is_below and line.number is None and wording.instructs(line):
            self._is_below_heading = True
            self._listing.instruct(line)
        elif not (self._begins_question(line) or self._takes_options(line)):
            self._take_rest(line)

    # -- keys and labels

    def _take_key(self, line: Wording) -> None:
        draft = self._open
        if draft is None:
            self._lose(line)
        elif line.is_inside and draft.part is Part.EXPLAIN and draft.raw.answers:
            draft.go_on(line.before + line.text)
        elif draft.add_answer(line.words, line.at):
            self._keep(draft, line)
        else:
            self._lose(line)

    def _take_label(self, line: Wording) -> None:
        draft = self._open
        if line.word == "stem":
            self._take_stem(line)
        elif line.word == "kind" and (draft is None or not draft.is_question or self._stands_above()):
            self._is_kind_above = True
            self._listing.put_above(line)
        elif draft is None or not (self._put_options if line.word == "options" else self._put)(draft, line):
            self._lose(line)
        else:
            self._keep(draft, line)

    def _stands_above(self) -> bool:
        """Whether 题型 belongs to the question below: it stood so before, or 题干 follows at once."""
        below = self._ahead.next(self._at)
        return self._is_kind_above or (below is not None and below.kind is Kind.LABEL and below.word == "stem")

    def _take_stem(self, line: Wording) -> None:
        """题干：, alone or behind a number of its own line."""
        draft = self._open
        is_inside = draft is not None and not draft.is_complete and draft.part is Part.STEM
        if draft is None or draft.number is None or not is_inside:
            self._listing.begin(line)
        elif draft.go_on(line.words if not draft.raw.stem else line.text):
            self._keep(draft, line)
        else:
            self._lose(line)

    def _put(self, draft: Draft, line: Wording) -> bool:
        """Whether a label's words found their field empty; an explanation may have several paragraphs."""
        raw, words = draft.raw, line.words
        if line.word == "explain":
            draft.part = Part.EXPLAIN
            if draft.written + len(words) > LONGEST:
                return False
            raw.explain = joined(raw.explain, words)
            draft.enumerated = 1 if _LISTS.match(wording.halved(words)) else 0
            return True
        draft.part = Part.OTHER
        if not words:
            return True
        if line.word == "score":
            is_first, draft.is_scored = not draft.is_scored, True
            score = Text(words.rstrip("分 "), line.at)
            raw.score = score if is_first or raw.score is None else raw.score
            return raw.score.text == score.text
        if line.word == "difficulty":
            raw.difficulty = raw.difficulty or Text(words, line.at)
            return raw.difficulty.text == words
        if line.word == "kind":
            raw.kind = raw.kind or words
            return raw.kind == words
        if line.word == "topics":
            raw.topics = raw.topics or words
            return raw.topics == words
        raw.source = raw.source or words
        return raw.source == words
        return True

    def _put_options(self, draft: Draft, line: Wording) -> bool:
        """选项：A.每月 B.每季度, or only the word above them."""
        if draft.raw.options or draft.raw.answers or not line.words:
            return not line.words
        for letter, text in zip(ALL_LETTERS, letters.split_options(line.words), strict=False):
            found = letters.options_in(text, wording.halved(text))
            draft.add_option(letter, found[0].text if found and found[0].letter == letter else text, line.at)
        return True

    # -- heads

    def _begins_question(self, line: Wording) -> bool:
        if line.number is None or not self._is_head(line, line.number):
            return False
        self._listing.begin(line)
        return True

    def _is_head(self, line: Wording, number: int) -> bool:
        draft, follows = self._open, number == self._listing.last + 1
        if draft is not None and draft.has_key and wording.is_points(line.half):
            return False  # 2.0分: what somebody gained
        if draft is None or not draft.is_question or draft.is_ended:
            return not line.is_decimal or follows or number == 1
        if line.is_decimal:
            is_amount = _AMOUNT.match(line.half, line.start) is not None
            return (follows and not (is_amount and not draft.is_complete)) or (number == 1 and draft.is_complete)
        if self._is_in_list(draft, line, number):
            draft.enumerated = number
            return False
        if number == 1 or follows or draft.is_complete:
            return True
        return number == draft.number and self._ahead.is_question(self._at)

    def _is_in_list(self, draft: Draft, line: Wording, number: int) -> bool:
        """1、… 2、… inside a stem, an explanation or an answer in words."""
        if number not in {1, draft.enumerated + 1}:
            return False
        if draft.part is Part.STEM:
            is_announced = draft.raw.stem.endswith((":", "：")) and number == 1
            return not draft.is_complete and (is_announced or bool(draft.enumerated and number > 1))
        if draft.part is Part.EXPLAIN or (draft.part is Part.KEY and draft.enumerated):
            return (number == 1 or draft.enumerated > 0) and not self._ahead.is_question(self._at)
        return draft.waits_for_key and number == 1 and not self._ahead.is_question(self._at)

    # -- options

    def _takes_options(self, line: Wording) -> bool:
        draft = self._open
        if draft is None or draft.part in {Part.EXPLAIN, Part.OTHER} or draft.waits_for_key:
            return False
        count = len(draft.raw.options)
        if draft.part is Part.KEY and count:
            return False
        if not count and letters.letter_of(line.half) == "B" and draft.part is Part.STEM:
            count = self._take_first_from_stem(draft)
        found = self._options_on(draft, line, count)
        for option in found:
            draft.add_option(option.letter, option.text, line.at)
        if found:
            self._keep(draft, line)
        return bool(found)

    def _take_first_from_stem(self, draft: Draft) -> int:
        """A. stands behind the stem, the others on lines of their own; how many options there are now."""
        found = letters.first_in(draft.raw.stem, wording.halved(draft.raw.stem))
        if found is None:
            return 0
        draft.raw.stem = draft.raw.stem[: found[0]].rstrip()
        draft.add_option("A", found[1], draft.raw.at)
        return 1

    def _options_on(self, draft: Draft, line: Wording, count: int) -> list[letters.Option]:
        letter = letters.letter_of(line.half)
        if self._is_spoken(draft, line):
            return [letters.Option(ALL_LETTERS[count], line.text)]
        if self._is_to_tick(line, count):
            return [*map(letters.Option, ALL_LETTERS[count:], wording.ticked(line.text))]
        if not letter:
            return self._plain_options(draft, line, ALL_LETTERS[count : count + 1])
        if letter == ALL_LETTERS[count : count + 1] or (count and not draft.is_ended):
            return letters.options_in(line.text, line.half)  # out of order it is still an option, of a wrong letter
        return []

    def _is_spoken(self, draft: Draft, line: Wording) -> bool:
        """对 and 错 on a line each."""
        above, below = draft.raw.options, self._ahead.next(self._at)
        if draft.has_key or not wording.is_spoken(line.half) or len(above) > 1:
            return False
        if above:
            return wording.is_spoken(wording.halved(above[0].text))
        return below is not None and below.half != line.half and wording.is_spoken(below.half)

    def _is_to_tick(self, line: Wording, count: int) -> bool:
        """An option behind a circle or a box, without a letter: only beside another one."""
        if not line.is_bulleted:
            return False
        below = self._ahead.next(self._at)
        return bool(count) or len(wording.ticked(line.text)) > 1 or (below is not None and below.is_bulleted)

    def _plain_options(self, draft: Draft, line: Wording, letter: str) -> list[letters.Option]:
        """A每月 is an option only beside another one: on its line, on the next, or above."""
        if line.half[0] != letter or (draft.raw.options and not draft.is_plain):
            return []
        found = letters.plain_options_in(line.text, line.half, letter)
        below = self._ahead.next(self._at)
        following = ALL_LETTERS[ALL_LETTERS.index(letter) + len(found) :][:1]
        is_beside = len(found) > 1 or (below is not None and bool(following) and below.half.startswith(following))
        if not (found and (draft.is_plain or is_beside)):
            return []
        draft.is_plain = True
        return found

    # -- the rest

    def _take_rest(self, line: Wording) -> None:
        draft = self._open
        if draft is not None and draft.waits_for_key:
            draft.add_answer(line.text, line.at)
            draft.enumerated = line.number or 0
            self._keep(draft, line)
        elif draft is None or self._begins_unnumbered(draft, line):
            self._begin_unnumbered(line)
        elif wording.is_topic(line) and draft.is_complete and self._is_above_questions(draft):
            self._listing.close()
            self._lose(line)
        elif draft.go_on(line.text):
            self._keep(draft, line)
        else:
            self._lose(line)

    def _begin_unnumbered(self, line: Wording) -> None:
        below = self._ahead.next(self._at)
        is_stem = self._ahead.options_follow(self._at) or (below is not None and below.kind is Kind.KEY)
        if wording.is_topic(line) and not is_stem:
            self._listing.close()
            self._lose(line)
        else:
            self._listing.begin(line)

    def _begins_unnumbered(self, draft: Draft, line: Wording) -> bool:
        """Whether a question without a number begins, though another one is open."""
        if draft.is_ended:
            return not line.text.startswith("\n")  # a block of code begins none
        options_follow = self._ahead.options_follow(self._at)
        if draft.part is Part.STEM:
            return draft.number is None and draft.has_bracket_key and wording.has_bracket_key(line.text)
        if draft.part is Part.OPTION:
            return len(draft.raw.options) > 1 and options_follow
        if not draft.has_key or not self._ahead.key_follows(self._at):
            return False
        below = self._ahead.next(self._at)
        is_last = options_follow or (below is not None and below.kind is Kind.KEY)
        is_entry = wording.after_number_in_brackets(line.half) > 0  # of a list inside the explanation
        return is_last or draft.part is not Part.EXPLAIN or (draft.ends_sentence and not is_entry)

    def _is_above_questions(self, draft: Draft) -> bool:
        """Inside an explanation 第三章 may just be its next line; above a number 1 or a type it is a heading."""
        below = self._ahead.next(self._at)
        is_above = below is not None and (below.kind is Kind.SECTION or below.number == 1)
        return is_above or draft.part is not Part.EXPLAIN

    def _keep(self, draft: Draft, line: Wording) -> None:
        """Without a number its lines may yet turn out to be no question."""
        if draft.number is None:
            draft.lines.append(line)

    def _lose(self, line: Wording) -> None:
        self._listing.lose(line.text, line.at)
