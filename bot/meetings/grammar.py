"""The grammar of Chinese date phrases: its patterns, and what one match of each says. The order of parts is `phrases`'.

Pure. Every function takes a match or a word and returns plain values, or raises PhraseError.
"""

import re
import unicodedata
from dataclasses import replace
from datetime import date, time
from typing import Final

from bot.errors import UserError
from bot.meetings.recurrence import MonthlyDay, Rule
from bot.periods import last_of_month

LONGEST_TEXT: Final = 100
SHOWN: Final = 20  # characters of what was not understood, quoted back


class PhraseError(UserError):
    text = "没看懂“{rest}”，例如：下周五15点、每月第一个周五15点"


class NotOnTheDay(PhraseError):
    text = "请写清当天0点以前的时间"


class NoSuchDay(PhraseError):
    text = "{month}月没有{what}"


class NoSuchMonth(PhraseError):
    text = "没有{month}月"


DIGITS = {character: value for value, character in enumerate("零一二三四五六七八九")} | {"〇": 0, "两": 2}
WEEKDAYS = "一二三四五六日"
W = f"[{WEEKDAYS}]"
# Possessive: a numeral is never cut short to make the rest fit (15点30分钟 is neither 15:03 nor 15:30).
NUM = r"(?:[0-9]++|[零〇一二两三四五六七八九十]++)"
SPAN = (
    rf"(?:(?P<hours>{NUM})个?小时(?P<plus>{NUM})分钟?|(?P<and_half>{NUM})(?:个半小时|小时半)"
    rf"|(?P<half>半)个?小时|(?P<whole>{NUM})个?小时|(?P<minutes>{NUM})分钟)"
)
TIME = (
    rf"(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上)?(?:(?P<h>{NUM})点"
    rf"(?:(?P<half>半)(?!个?小时)|(?P<quarter>[一三])刻|(?P<m>{NUM})(?!个|小|分钟|刻)分?)?"
    r"|(?P<H>[0-9]{1,2}):(?P<M>[0-9]{2})(?![0-9]))"
)
IN_MONTH = (
    rf"(?P<d>{NUM})日|(?P<end>月?[末底]|最后一天)"
    rf"|(?:首个|第(?P<nth>{NUM})个|(?P<last>最后一个|倒数第(?P<back>{NUM})个))(?:周(?P<w>{W})|工作日)"
)
PART = rf"(?:首个?|末|第{NUM}个)月"  # of a quarter, of a half year
MONTHS = rf"(?:每月|每季度(?P<quarter>{PART})|每半年(?P<half_year>{PART})|每年(?P<year>{NUM})月)的?"
YEAR = r"[0-9]{4}|[零〇一二三四五六七八九]{4}"
SIGN = r"(?<=[0-9])(?P<s>[-/])(?=[0-9])"  # between figures only
FULL_DATE = rf"(?P<y>{YEAR})(?:年|{SIGN})(?P<m>{NUM})(?(s)(?P=s)|月)(?P<d>{NUM})(?(s)|日)"
DATE = rf"(?P<m>{NUM})(?:月|{SIGN})(?P<d>{NUM})(?(s)|日)"
DAILY = r"每(?:[天日晚早]|个?工作日|个?小时|分钟)"
NEAR_DAYS = {"大前天": -3, "前天": -2, "昨天": -1, "今天": 0, "明天": 1, "后天": 2, "大后天": 3}  # the past: for 补录
WEEKS = {"上上": -2, "上": -1, "本": 0, "这": 0, "下": 1, "下下": 2}
MONTHS_OFF = {"上": -1, "下": 1}

ADDED = {"下午": range(1, 12), "傍晚": range(1, 12), "晚上": range(1, 12), "中午": range(1, 3), None: range(1, 7)}
SENSIBLE = {
    "凌晨": range(12),
    "早上": range(13),
    "上午": range(13),
    "中午": range(10, 15),
    "下午": range(12, 24),
    "傍晚": range(12, 24),
    "晚上": range(12, 24),
    None: range(24),
}

REWRITTEN = (
    (r"礼拜|星期", "周"),
    (r"周天", "周日"),
    (r"(?<=[0-9零〇一二两三四五六七八九十])号", "日"),
    (r"点[钟整]|(?<=[0-9零〇一二两三四五六七八九十])时", "点"),
    (r"(?<=[今明])([早晚])上?", r"天\1上"),
    (r"每个(?=月|季度|半年|周|年)", "每"),
    (r"[\N{EN DASH}\N{EM DASH}~]+|至", "-"),
    (r"(?<![0-9]) | (?![0-9])", ""),  # a space counts only where it keeps two numbers apart
)


def normalise(text: str) -> str:
    text = " ".join(unicodedata.normalize("NFKC", text).split())
    if len(text) > LONGEST_TEXT:
        raise PhraseError(rest=f"{text[:SHOWN]}…")
    for pattern, written in REWRITTEN:
        text = re.sub(pattern, written, text)
    return re.sub(r"周([1-7])(?![0-9点:])", lambda found: f"周{WEEKDAYS[int(found[1]) - 1]}", text)


def number(word: str) -> int:
    """A numeral of up to four digits, or up to 99 in characters; any other raises PhraseError."""
    if word.isascii() and len(word) <= 4:
        return int(word)
    one = r"[一二三四五六七八九]"
    if re.fullmatch(rf"[零〇]?[零〇两]|[零〇]?{one}", word):
        return DIGITS[word[-1]]
    if re.fullmatch(rf"{one}?十{one}?", word):
        tens, _, ones = word.partition("十")
        return 10 * DIGITS.get(tens, 1) + DIGITS.get(ones, 0)
    raise PhraseError(rest=word[:SHOWN])


def length(found: re.Match[str]) -> int:
    """The length that SPAN matched."""
    if found["hours"]:
        return 60 * number(found["hours"]) + number(found["plus"])
    if found["and_half"]:
        return 60 * number(found["and_half"]) + 30
    if found["half"]:
        return 30
    return 60 * number(found["whole"]) if found["whole"] else number(found["minutes"])


def clock(found: re.Match[str], part: str | None, *, is_literal: bool = False) -> time:
    """The time that TIME matched, taken for the given part of the day, or by the figures alone."""
    hour, minute = number(found["h"] or found["H"]), minute_of(found)
    if hour == 24 or (part in ("晚上", "凌晨") and hour in (0, 12) and (part, hour) != ("凌晨", 0)):
        raise NotOnTheDay
    if hour in ADDED.get(part, ()) and not is_literal and not (part is None and is_padded(found)):
        hour += 12
    if hour not in SENSIBLE[part] or minute > 59:
        raise PhraseError(rest=found[0].strip(" ,"))
    return time(hour, minute)


def minute_of(found: re.Match[str]) -> int:
    if found["half"]:
        return 30
    if found["quarter"]:
        return 15 * DIGITS[found["quarter"]]
    return number(found["m"] or found["M"] or "0")


def is_padded(found: re.Match[str]) -> bool:
    return (found["h"] or found["H"]).startswith("0")


def is_understood_as_afternoon(found: re.Match[str], clock: time) -> bool:
    return found["part"] is None and clock.hour != number(found["h"] or found["H"])


def place(found: re.Match[str]) -> int:
    """n of the place IN_MONTH matched, negative from the end."""
    if found["last"]:
        return -number(found["back"] or "1")
    return number(found["nth"] or "1")


def day_in(year: int, month: int, day: int) -> date | None:
    if not 1 <= month <= 12:
        raise NoSuchMonth(month=month)
    return date(year, month, day) if 1 <= day <= last_of_month(year, month).day else None


def real(found: date | None, month: int, day: int) -> date:
    if found is None:
        raise NoSuchDay(month=month, what=f"{day}日")
    return found


def months_between(found: re.Match[str]) -> tuple[int, int]:
    """`every` and `month` of what MONTHS matched."""
    if found["year"]:
        month = number(found["year"])
        if not 1 <= month <= 12:
            raise NoSuchMonth(month=month)
        return 12, month
    word, every = (found["quarter"], 3) if found["quarter"] else (found["half_year"], 6)
    if not word:
        return 1, 1
    month = {"首": 1, "末": every}.get(word[0]) or number(word[1:-2])
    if not 1 <= month <= every:
        raise PhraseError(rest=found[0])
    return every, month


def with_short_months(rule: Rule) -> tuple[Rule, ...]:
    """Both ways to treat months without such a day, where there are any."""
    if not isinstance(rule, MonthlyDay) or rule.clamp:
        return (rule,)
    months = range(rule.month, 13, rule.every)
    if rule.day > max(last_of_month(2024, month).day for month in months):
        raise NoSuchDay(month=rule.month, what=f"{rule.day}日")
    if rule.day <= min(last_of_month(2023, month).day for month in months):
        return (rule,)
    return replace(rule, clamp=True), rule
