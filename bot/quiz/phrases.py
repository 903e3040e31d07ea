"""What people write: into blanks several in one text, numbers and dates in all their ways; of an exam its window and
its rows. No marking."""

import re
import unicodedata
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from difflib import get_close_matches
from fractions import Fraction

from bot.periods import at_beijing, local_day, week_of

_DROPPED = re.compile(r"[\s《》“”‘’\"']")
_ENDING = "。.,;!?:、…"
_FORMAL = str.maketrans("壹贰叁肆伍陆柒捌玖拾佰仟萬億兩○零", "一二三四五六七八九十百千万亿两〇〇")
_TENS = {"廿": "二十", "卅": "三十", "\u2044": "/"}  # NFKC makes ½ a 1⁄2
_DIGITS = {digit: value for value, digit in enumerate("〇一二三四五六七八九")} | {"两": 2}
_GROUPS = {"亿": 100_000_000, "万": 10_000}
_UNITS = {"千": 1000, "百": 100, "十": 10}
_SCALES = _GROUPS | _UNITS  # from the greatest down
_COUNTED = "个人名条次届章年月日天项"
_HUNDREDTHS = {"%": 100, "‰": 1000}
_DECIMAL = re.compile(r"[+-]?\d+(?:\.\d+)?")
_THOUSANDS = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_MIXED = re.compile(r"(\d+(?:\.\d+)?)([十百千]?[万亿]?)")
_NUMBER_RUN = re.compile(r"[0-9.,%‰/〇○零一二两三四五六七八九十百千万亿壹贰叁肆伍陆柒捌玖拾佰仟廿卅分之点]+")
_DATE_RUN = re.compile(r"[0-9年月日号./〇○零一二三四五六七八九十廿卅-]+")
_DAY = re.compile(r"(.+?)[年\-./](.+?)[月\-./](.+?)[日号]?")
_MONTH = re.compile(r"(.+?)[年\-./](.+?)月?")
_YEARLY = re.compile(r"(.+?)月(.+?)[日号]?")
_ROUND = re.compile(r"(?P<name>.*?)(?: ?(?P<of>\d{1,3}) ?题|(?:^| )(?P<count>\d{1,3}))?")
NEAR = 3  # titles that are named when none is right
_LEAP_YEAR = 2000  # a day of every year may be 29 February


def blank_parts(text: str, wanted: int) -> tuple[str, ...]:
    """What somebody wrote for `wanted` blanks: one a line, or parted by ； or |; else by commas or spaces."""
    if wanted == 1:
        return _parts([text])
    parts = _parts(re.split(r"[\n;；|｜]", text))
    looser = _parts(re.split(r"[、，\s]", text)) if len(parts) == 1 else ()
    return looser if len(looser) == wanted else parts


def _parts(texts: Sequence[str]) -> tuple[str, ...]:
    return tuple(text.strip() for text in texts if text.strip())


def plain_text(text: str) -> str:
    """A blank's text as it is compared: width, case, spaces, quotes and end punctuation make no difference."""
    return _DROPPED.sub("", unicodedata.normalize("NFKC", text.strip()).casefold()).rstrip(_ENDING)


def number_runs(text: str) -> list[str]:
    return _NUMBER_RUN.findall(text)


def date_runs(text: str) -> list[str]:
    return _DATE_RUN.findall(text)


def number_of(text: str) -> Fraction | None:
    """六, 陆, 6, 1,050, 百分之五十, 50%, 三分之二, 1.5亿 as a number; None if it is none.

    One trailing counting word is dropped.
    """
    text = _digits_alike(text)
    number = _fraction(text)
    if number is None and text[-1:] in _COUNTED:
        number = _fraction(text[:-1])
    return number


def _digits_alike(text: str) -> str:
    text = plain_text(text).translate(_FORMAL)
    for short, long in _TENS.items():
        text = text.replace(short, long)
    return text


def _fraction(text: str) -> Fraction | None:
    if text[-1:] in _HUNDREDTHS:
        return _divided(_amount(text[:-1]), Fraction(_HUNDREDTHS[text[-1]]))
    if "分之" in text:
        below, _, above = text.partition("分之")
        return _divided(_amount(above), _amount(below))
    if "/" in text:
        above, _, below = text.partition("/")
        return _divided(_amount(above), _amount(below))
    return _amount(text)


def _divided(above: Fraction | None, below: Fraction | None) -> Fraction | None:
    return above / below if above is not None and below else None


def _amount(text: str) -> Fraction | None:
    if _DECIMAL.fullmatch(text) or _THOUSANDS.fullmatch(text):
        return Fraction(text.replace(",", ""))
    if mixed := _MIXED.fullmatch(text):
        scale = 1
        for unit in mixed[2]:
            scale *= _SCALES[unit]
        return Fraction(mixed[1]) * scale
    whole, point, decimals = text.partition("点")
    count, digits = _chinese(whole), _positional(decimals)
    if count is None or (point and digits is None):
        return None
    return Fraction(f"{count}.{digits or 0}")


def _positional(text: str) -> str | None:
    return "".join(str(_DIGITS[c]) for c in text) if text and all(c in _DIGITS for c in text) else None


def _chinese(text: str) -> int | None:
    """一百零五, 两千, 三万二, 二〇一八; None for anything else."""
    if (digits := _positional(text)) is not None:
        return int(digits)
    for unit, value in _SCALES.items():
        above, found, below = text.rpartition(unit)
        if found:
            count, rest = _count(above, unit), _rest(below, value)
            return None if count is None or rest is None else count * value + rest
    return None


def _count(text: str, unit: str) -> int | None:
    """What stands before a unit: a digit before 十 百 千, any number before 万 亿, nothing for one."""
    if not text:
        return 1
    return _DIGITS.get(text.lstrip("〇")) if unit in _UNITS else _chinese(text)


def _rest(text: str, value: int) -> int | None:
    """What stands behind a unit; a bare digit is of the next lower one: 一百五 is 150, 一百零五 is 105."""
    if not text:
        return 0
    if text in _DIGITS:
        return _DIGITS[text] * value // 10
    return _chinese(text.lstrip("〇"))


def date_of(text: str) -> str | None:
    """A date as ISO text, year and month as `2018-10`, month and day as `--10-28`; None if there is no such day."""
    text = _digits_alike(text)
    if re.fullmatch(r"\d{8}", text):
        text = f"{text[:4]}-{text[4:6]}-{text[6:]}"
    if (found := _DAY.fullmatch(text)) is not None:
        return _iso(_whole(found[1]), _whole(found[2]), _whole(found[3]))
    if (found := _MONTH.fullmatch(text)) is not None:
        day = _iso(_whole(found[1]), _whole(found[2]), 1)
        return day and day.removesuffix("-01")
    if (found := _YEARLY.fullmatch(text)) is not None:
        day = _iso(_LEAP_YEAR, _whole(found[1]), _whole(found[2]))
        return day and "-" + day.removeprefix(str(_LEAP_YEAR))
    return None


def _whole(text: str) -> int | None:
    return int(text) if text.isdecimal() else _chinese(text)


def _iso(year: int | None, month: int | None, day: int | None) -> str | None:
    if year is None or month is None or day is None:
        return None
    try:
        return date(year, month, day).isoformat()
    except ValueError:
        return None


# -- what makers of exams write ----------------------------------------------------------------------------------------

_TYPED_DAY = (
    r"(?:(?P<near>今天|今日|明天|明日|大后天|后天)|(?P<ahead>\d{1,2})天后"
    r"|(?P<week>本|这|下)?个?(?:周|星期|礼拜)(?P<weekday>[一二三四五六日天])"
    r"|(?:(?P<y>\d{4})[年/.-])?(?P<m>\d{1,2})[月/.-](?P<d>\d{1,2})[日号]?)"
)
_TYPED_TIME = (
    r"(?P<part>凌晨|早上|上午|中午|下午|傍晚|晚上|晚)?"
    r"(?P<h>\d{1,2})(?::(?P<min>\d{2})|[点时](?:(?P<half>半)|(?P<minutes>\d{1,2})分?|整)?)"
)
_TYPED_MOMENT = re.compile(rf"{_TYPED_DAY}?\s*(?:{_TYPED_TIME})?")
_BETWEEN = re.compile(r"\s*(?:至|到|~|—+|–|\s-\s)\s*")
_TYPED_NUMERAL = re.compile(r"(?<![周期拜])[〇零一二两三四五六七八九十]+(?=[点时月日号分]|天后)")
_NEAR = {"今天": 0, "今日": 0, "明天": 1, "明日": 1, "后天": 2, "大后天": 3}
_WEEKDAYS = "一二三四五六日"
_LATER = {"下午": range(1, 12), "傍晚": range(1, 12), "晚上": range(1, 12), "晚": range(1, 12), "中午": range(1, 3)}
_BARE = range(1, 7)  # 3点 without a word is in the afternoon
_OPENS, _CLOSES = time(9, 0), time(18, 0)  # a day without a time
_ROW = re.compile(r"(\d{1,3})\s*[题道]?(?:\s*[,;x×*]?\s*每?[题道]?\s*(\d{1,3}(?:\.\d{1,2})?)\s*分?)?")
_POINTS = re.compile(r"(\d{1,3}(?:\.\d{1,2})?)\s*分?")
_NUMBER = re.compile(r"(\d{1,3})\s*(?:分钟|分|%)?")


def read_window(text: str, now: datetime) -> tuple[datetime | None, datetime] | None:
    """From when until when; one moment alone is the end. None if it is not understood."""
    text = _TYPED_NUMERAL.sub(lambda found: str(_chinese(found[0]) or 0), unicodedata.normalize("NFKC", text).strip())
    parts = _BETWEEN.split(text.rstrip("。"))
    if len(parts) == 1:
        closes_at = _moment(parts[0], now, None, _CLOSES)
        return (None, closes_at) if closes_at else None
    if len(parts) != 2:
        return None
    opens_at = _moment(parts[0], now, None, _OPENS)
    closes_at = _moment(parts[1], now, opens_at, _CLOSES)
    return (opens_at, closes_at) if opens_at and closes_at else None


def _moment(text: str, now: datetime, after: datetime | None, usual: time) -> datetime | None:
    """What `text` says; without a day it is that of `after`, or the next one with such a time."""
    found = _TYPED_MOMENT.fullmatch(text)
    if not text or found is None:
        return None
    try:
        day, clock, is_midnight = _typed_day(found, local_day(now)), _typed_clock(found) or usual, found["h"] == "24"
    except ValueError:
        return None
    if day is None and found["h"] is None:
        return None
    at = at_beijing(day or local_day(after or now), clock) + timedelta(days=int(is_midnight))
    return at + timedelta(days=1) if day is None and at <= (after or now) else at


def _typed_day(found: re.Match[str], today: date) -> date | None:
    if found["near"]:
        return today + timedelta(days=_NEAR[found["near"]])
    if found["ahead"]:
        return today + timedelta(days=int(found["ahead"]))
    if found["weekday"]:
        place = _WEEKDAYS.index(found["weekday"].replace("天", "日"))
        day = week_of(today) + timedelta(days=place + (7 if found["week"] == "下" else 0))
        return day if day >= today or found["week"] else day + timedelta(days=7)
    if found["m"] is None:
        return None
    day = date(int(found["y"] or today.year), int(found["m"]), int(found["d"]))
    return day if found["y"] or day >= today else day.replace(year=day.year + 1)


def _typed_clock(found: re.Match[str]) -> time | None:
    if found["h"] is None:
        return None
    hour, minute = int(found["h"]), 30 if found["half"] else int(found["min"] or found["minutes"] or 0)
    if hour == 24 and not minute:
        return time(0)
    is_later = hour in _LATER[found["part"]] if found["part"] in _LATER else _is_bare(found, hour)
    return time(hour + 12 if is_later else hour, minute)


def _is_bare(found: re.Match[str], hour: int) -> bool:
    return found["part"] is None and hour in _BARE and not found["h"].startswith("0")


def read_row(text: str) -> tuple[int, int | None] | None:
    """8 题 5 分, 8×2.5, 8: how many questions, and 0.01 points for each."""
    found = _ROW.fullmatch(unicodedata.normalize("NFKC", text).strip().rstrip("。"))
    if found is None:
        return None
    return int(found[1]), round(Fraction(found[2]) * 100) if found[2] else None


def read_points(text: str) -> int | None:
    """0.5, 1.5分: 0.01 points."""
    found = _POINTS.fullmatch(unicodedata.normalize("NFKC", text).strip().rstrip("。"))
    return round(Fraction(found[1]) * 100) if found else None


def read_number(text: str) -> int | None:
    """30, 30分钟, 60%."""
    found = _NUMBER.fullmatch(unicodedata.normalize("NFKC", text).strip().rstrip("。"))
    return int(found[1]) if found else None


def read_round(text: str) -> tuple[str, int | None]:
    """党章 10 题, 党章 ３０, 党章: what is asked for in a group, and how many questions if that is said."""
    found = _ROUND.fullmatch(" ".join(unicodedata.normalize("NFKC", text).split()))
    assert found is not None, "any text fits"
    count = found["of"] or found["count"]
    return found["name"].strip("《》“”\"' "), int(count) if count else None


def near_titles(name: str, titles: Sequence[str]) -> list[str]:
    """The titles most like a name that none of them has: those that hold it first."""
    holding = [title for title in titles if name and name in title]
    alike = get_close_matches(name, titles, n=NEAR, cutoff=0.4)
    return [*holding, *(title for title in alike if title not in holding)][:NEAR]
