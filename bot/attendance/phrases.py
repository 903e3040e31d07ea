"""Words that people type about a meeting: guests, votes counted in the room, the day of a 补课. Pure."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date, time, timedelta

from bot.attendance.quorum import Votes
from bot.errors import UserError

MOST_GUESTS = 9999  # without names
MOST_NAMES = 50  # at once
NAME_LENGTH = 40

_NUMBER = re.compile(r"(\d{1,4})\s*[人名]?")
_SOME = re.compile(r"约?[零〇一二两三四五六七八九十百千几多余来\d]+[人名位].*")  # a rough number is no name
_AGO = {"今天": 0, "今日": 0, "昨天": 1, "昨日": 1, "前天": 2, "前日": 2, "大前天": 3}
_DAY = re.compile(r"(?:(\d{4})\s*[年\-/.]\s*)?(\d{1,2})\s*[月\-/.]\s*(\d{1,2})\s*[日号]?")
_CLOCK = re.compile(r"(?<!\d)(\d{1,2})[:点](\d{2})分?(?!\d)")
_VOTE_WORDS = {"赞成": "yes", "同意": "yes", "反对": "no", "不同意": "no", "弃权": "abstain", "书面赞成": "yes_written"}
_VOTE_WORDS |= {"书面同意": "yes_written", "书面": "yes_written"}
_VOTE = re.compile(rf"({'|'.join(sorted(_VOTE_WORDS, key=len, reverse=True))})\s*[::]?\s*(\d{{1,4}})\s*[票人]?")
_COUNTS = re.compile(r"\d{1,4}(?:[\s,、/]+\d{1,4}){2,3}")


class BadGuests(UserError):
    text = "没看懂。请写姓名，几个人用顿号分开，例如：李明、王红；不列名的只写人数，例如：32。"


class BadVotes(UserError):
    text = "没看懂。请依次写赞成、反对、弃权的票数，例如：赞成11 反对2 弃权1，或 11 2 1；接收党员的书面赞成写在最后。"


class BadDay(UserError):
    text = "没看懂日期，请写成3月10日，或写昨天、前天。"


@dataclass(frozen=True, slots=True)
class GuestsTold:
    """Names, or a bare number of people."""

    names: tuple[str, ...] = ()
    number: int = 0


@dataclass(frozen=True, slots=True)
class VotesTold:
    """What was counted, and at what time of the day if that was written."""

    votes: Votes
    at: time | None = None


def read_guests(text: str) -> GuestsTold:
    text = unicodedata.normalize("NFKC", text).strip()
    if told := _NUMBER.fullmatch(text):
        number = int(told[1])
        if not 1 <= number <= MOST_GUESTS:
            raise BadGuests
        return GuestsTold(number=number)
    names = tuple(dict.fromkeys(" ".join(part.split()) for part in re.split(r"[、,;\n]", text) if part.strip()))
    odd = (len(one) > NAME_LENGTH or re.search(r"\d", one) or _SOME.fullmatch(one) for one in names)
    if not 1 <= len(names) <= MOST_NAMES or any(odd):
        raise BadGuests
    return GuestsTold(names)


def read_votes(text: str) -> VotesTold:
    """`赞成11 反对2 弃权1 书面1`, or the bare counts in that order; with `16:05` the moment of the vote."""
    text = unicodedata.normalize("NFKC", text).strip()
    at = None
    if told := _CLOCK.search(text):
        hour, minute = int(told[1]), int(told[2])
        if hour > 23 or minute > 59:
            raise BadVotes
        at, text = time(hour, minute), (text[: told.start()] + text[told.end() :]).strip(" ,、;")
    if _COUNTS.fullmatch(text):
        return VotesTold(Votes(*(int(count) for count in re.findall(r"\d+", text))), at)
    found = _VOTE.findall(text)
    counts = {_VOTE_WORDS[word]: int(count) for word, count in found}
    rest = re.sub(r"[\s,、;。]", "", _VOTE.sub("", text))
    if rest or "yes" not in counts or len(counts) != len(found):
        raise BadVotes
    return VotesTold(Votes(**counts), at)


def read_day(text: str, today: date) -> date:
    """今天 to 大前天, or a day with or without its year; without one the last such day up to today."""
    text = unicodedata.normalize("NFKC", text).strip()
    if text in _AGO:
        return today - timedelta(days=_AGO[text])
    told = _DAY.fullmatch(text)
    if told is None:
        raise BadDay
    try:
        if told[1]:
            return date(int(told[1]), int(told[2]), int(told[3]))
        day = date(today.year, int(told[2]), int(told[3]))
        return day if day <= today else day.replace(year=today.year - 1)
    except ValueError:
        raise BadDay from None
