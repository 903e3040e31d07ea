"""Words of the working calendar: which years it knows, what is wrong with a file, what one has brought."""

from collections.abc import Sequence
from pathlib import Path

from bot.members.calendarfile import CalendarYears, Fault, Flaw, Imported
from bot.message import Button, Html, Message, escape, fill, lines, press

SAMPLE_FILE = "放假安排样例.yaml"
MOST_FAULTS = 20

_TEXTS = {
    Flaw.NO_CALENDAR: "没有内容，应写明 year、source 和 days。",
    Flaw.UNKNOWN_KEY: "不认识“{key}”。",
    Flaw.MISSING_KEY: "缺少“{key}”。",
    Flaw.BAD_YEAR: "年份“{value}”不对，请写 {first}—{last} 之间的一年，例如 2027。",
    Flaw.BAD_TEXT: "“{key}”应写 1—{most} 个字。",
    Flaw.BAD_LIST: "“days”应是以“- ”开头的列表，至少一天。",
    Flaw.BAD_DAY: "这一项应写成 {{name: 元旦, date: 2027-01-01, isOffDay: true}}。",
    Flaw.BAD_DATE: "日期“{value}”不对，请写成 2027-01-01。",
    Flaw.OUTSIDE: "{day} 不在 {year} 年放假安排的范围内（上年 12 月 1 日至次年 1 月 31 日）。",
    Flaw.TWICE: "{day} 与第 {first} 行重复。",
    Flaw.BAD_FLAG: "isOffDay“{value}”不对，放假写 true，上班写 false。",
    Flaw.WORKED_ANYWAY: "{day} 是周一至周五，本来就上班，请核对。",
}
_FULL_NAMES = {"清明": "清明节", "端午": "端午节", "中秋": "中秋节"}


def fault_line(fault: Fault) -> str:
    text = _TEXTS[fault.flaw].format(**fault.values)
    if fault.flaw is Flaw.UNKNOWN_KEY and fault.values["near"]:
        text = f"不认识“{fault.values['key']}”，是否想写“{fault.values['near']}”？"
    return f"第 {fault.line} 行：{text}"


def fault_lines(faults: Sequence[Fault]) -> list[str]:
    shown = [fault_line(fault) for fault in faults[:MOST_FAULTS]]
    return shown if len(faults) <= MOST_FAULTS else [*shown, f"另有 {len(faults) - MOST_FAULTS} 处。"]


def refused(faults: Sequence[Fault]) -> Message:
    return Message(lines(f"放假安排有 {len(faults)} 处问题，没有导入：", *fault_lines(faults)))


def imported_lines(what: Imported) -> list[str]:
    if not what.is_new:
        return ["已导入，无变化。"]
    worked = f"，周末上班{what.worked}天" if what.worked else ""
    done = f"已导入{what.year}年放假安排：放假{what.off}天{worked}。"
    if not what.missing:
        return [done]
    names = "、".join(_FULL_NAMES.get(name, name) for name in what.missing)
    return [done, f"提醒：文件里没有{names}，请核对。"]


def imported(what: Imported) -> Message:
    return Message(lines(*imported_lines(what)))


def years(what: CalendarYears) -> Message:
    """/calendar: what is known, and how the next year comes in."""
    known = f"{what.library_first}—{what.library_last}年：程序自带"
    own = [fill("{year}年：已导入（{source}）", year=year, source=source) for year, source in what.imported]
    missing = f"{what.next_missing}年的放假安排还没有，届时的会议均为暂定。" if what.next_missing else ""
    text = lines(
        Html("<b>工作日历</b>"),
        known,
        *own,
        "",
        missing,
        "国务院办公厅公布后，请把放假安排（.yaml 文件）直接发到这里；同一年再发一次即可更正。",
    )
    return Message(text, (_sample(),))


def _sample() -> tuple[Button, ...]:
    return (Button("下载样例", press("members", "sample")),)


def how_to_import() -> Message:
    """[导入] of the yearly reminder."""
    text = "请把放假安排（.yaml 文件）直接发到这里。格式见样例：写上年份、来源，再逐天写放假和周末上班的日子。"
    return Message(escape(text), (_sample(),))


def not_imported(year: int) -> Message:
    """The yearly reminder."""
    text = f"{year}年放假安排尚未导入，届时的会议均为暂定。"
    return Message(text, ((Button("导入", press("members", "calendar")),),))


def check_lines(path: Path, faults: Sequence[Fault]) -> list[str]:
    """For `ketang check`: the file, the line, what is wrong there."""
    return [f"{path}:{fault.line} {fault_line(fault).partition('：')[2]}" for fault in faults]
