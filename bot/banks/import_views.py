"""All Chinese texts of imports: what a file would do, what it did, and the choices before."""

from collections import Counter
from collections.abc import Sequence

from bot.banks.importing import Applied, Choice, Preview, left_out
from bot.banks.lint import Checked
from bot.banks.reading import Way
from bot.banks.revisions import BankTooLarge, Difference
from bot.banks.rules import MAX_QUESTIONS, WHOLE, Bank, Cell, Issue, Mode
from bot.banks.service import Outcome
from bot.banks.views import FAULT_UNITS, SHOWN, by_type, describe, last_line, line, report, twin
from bot.message import Button, Buttons, Document, Message, cut, escape, press

TEMPLATE_FILE = "题库模板.xlsx"
MOST_BANKS = 8  # buttons of one page
LABEL_UNITS = 40
NEXT = "要用它出卷，请发送 /quiz。"  # no button: the press would take the place of the one that undoes
_LOOKS = "W221"  # explains all the others


def difference_line(difference: Difference, number: int) -> str:
    if difference.is_same:
        return f"内容没有变化（版本 {difference.number}）。"
    numbers = (
        f"新增 {difference.added}，修改 {difference.changed}，未变 {difference.unchanged}，停用 {difference.retired}"
    )
    return f"已导入：{numbers}。题库版本 {number}。"


def dry_lines(checked: Checked, bank: Bank, difference: Difference) -> list[str]:
    """What an import would do, without its faults."""
    state = f"版本 {difference.number}" if difference.number else "新建"
    good = len(bank.questions)
    rows = checked.rows
    read, repeated, bad = (rows.read, rows.repeated, rows.bad) if rows else (good, 0, 0)
    kinds = by_type(Counter(question.type for question in bank.questions))
    numbers = f"新增 {difference.added}、修改 {difference.changed}、未变 {difference.unchanged}"
    lines = [
        f"试读：{checked.file} → 题库“{bank.title}”（{state}）",
        f"读到 {read} 行：可导入 {good} 道（{kinds}），其中{numbers}；略去重复 {repeated}；出错 {bad} 行。",
    ]
    if difference.retired:
        lines.append(f"文件里没有的 {difference.retired} 道将停用。")
    if difference.total > MAX_QUESTIONS:
        lines.append(str(BankTooLarge(n=difference.total)))
    return lines


def outcome_lines(outcome: Outcome, *, is_dry: bool) -> list[str]:
    """`ketang bank import`: the faults and hints, then what was done."""
    checked, difference = outcome.checked, outcome.difference
    lines = report(checked)
    if difference is None or checked.bank is None:
        return lines
    if outcome.is_partial:
        lines = lines[:-1]  # which says that nothing was written
    if is_dry and not difference.is_same:
        return [*lines, *dry_lines(checked, checked.bank, difference)]
    return [*lines, difference_line(difference, outcome.number)]


def previewed(preview: Preview) -> tuple[Message | Document, ...]:
    """The answer to a sent file; faults that do not fit come as a text file."""
    checked, difference = preview.checked, preview.difference
    is_same = difference is not None and difference.is_same
    if is_same and difference is not None and preview.token is None:
        return (Message(escape(difference_line(difference, difference.number))),)
    issues = _told_first(checked)
    is_named_above = preview.way is not None and checked.bank is not None
    shown = [cut(_in_file(issue) if is_named_above else line(issue), FAULT_UNITS) for issue in issues[:SHOWN]]
    if checked.bank is None or difference is None:
        message = Message(escape("\n".join([*shown, *_other_reading(checked), last_line(checked)])))
        return (message, faults(checked)) if len(issues) > SHOWN else (message,)
    lines = dry_lines(checked, checked.bank, difference)
    if preview.way and preview.way.source:
        lines.append(f"依据：{_cited(preview.way.source)}")
    if is_same:
        lines += _nothing_new(checked.bank, difference)
    left = len(issues) - len(shown)
    more = [f"其余 {left} 处见{_listing_of(checked)}。"] if left else []
    message = Message(escape("\n".join([*lines, *shown, *more])), _buttons(preview))
    if preview.way is None and len(issues) > SHOWN:
        return (message, faults(checked))
    return (message,)


def _nothing_new(bank: Bank, difference: Difference) -> list[str]:
    kept = left_out(bank, difference)
    others = [f"题库里另有 {kept} 道不在文件里，照旧保留。"] if kept else []
    return [difference_line(difference, difference.number), *others]


def _listing_of(checked: Checked) -> str:
    return "出错清单" if checked.errors else "提醒清单"


def _in_file(issue: Issue) -> str:
    """Below the name of its file a place needs none: on a telephone it would be half of the screen."""
    where = "" if issue.place == WHOLE else f"{twin(issue.place)} "
    return " ".join(f"{where}{issue.code} {describe(issue)}".split("\n"))


def _other_reading(checked: Checked) -> list[str]:
    """A table without the headings of questions may have been meant as a roster."""
    has_no_headings = any(issue.code == "E203" and isinstance(issue.place, Cell) for issue in checked.issues)
    return ["如果这是名册，表头请用：党支部、姓名、类别。"] if has_no_headings else []


def _told_first(checked: Checked) -> list[Issue]:
    """Errors before hints, each in the order of the file; YAML as it stands."""
    if checked.rows is None:
        return list(checked.issues)
    return sorted(checked.issues, key=lambda issue: (issue.code != _LOOKS, not issue.is_error))


def _cited(source: str) -> str:
    return source if source.startswith("《") else f"《{source}》"


def faults(checked: Checked) -> Document:
    """下载出错清单, or of hints alone 下载提醒清单."""
    listed = "\n".join(map(line, checked.issues))
    return Document(f"{checked.file}.{_listing_of(checked)}.txt", listed.encode("utf-8-sig"))


def _buttons(preview: Preview) -> Buttons:
    token, bank, difference = preview.token or "", preview.checked.bank, preview.difference
    assert bank is not None
    assert difference is not None
    bad = preview.checked.rows.bad if preview.checked.rows else 0
    label = f"导入 {len(bank.questions)} 道" + (f"，跳过 {bad} 行" if bad else "")
    apply = Button(label, press("banks", "apply", token), style="success")
    listing = Button(f"下载{_listing_of(preview.checked)}", press("banks", "faults", token))
    has_listing = bool(preview.checked.errors) or len(preview.checked.issues) > SHOWN
    cancel = Button("取消", press("banks", "discard", token))
    if preview.way is None:
        return ((apply,), (cancel,))
    choices = _choices(preview.way, token, is_new=not difference.number)
    is_possible = not difference.is_same and difference.total <= MAX_QUESTIONS
    rows: list[tuple[Button, ...]] = [(apply,)] if is_possible else []
    return (*rows, *choices, *([(listing,)] if has_listing else []), (cancel,))


def _choices(way: Way, token: str, *, is_new: bool) -> list[tuple[Button, ...]]:
    into = Button("换一个题库", press("banks", "banks", token))
    source = Button("改依据文件" if way.source else "写依据文件", press("banks", "source", token))
    if is_new:
        return [(into, source)]
    is_whole = way.mode is Mode.REPLACE
    label = "改为合并：文件里没有的题保留" if is_whole else "改为替换：文件里没有的题停用"
    mode = Button(label, press("banks", "mode", token, int(not is_whole)))
    return [(into, source), (mode,)]


def choose_bank(choices: Sequence[Choice], token: str, page: int = 0) -> Message:
    last = max(0, (len(choices) - 1) // MOST_BANKS)
    page = min(max(page, 0), last)
    shown = choices[page * MOST_BANKS : (page + 1) * MOST_BANKS]
    named = [(choice.id, f"{choice.title}（{choice.slug}）") for choice in shown]
    buttons = [(Button(cut(label, LABEL_UNITS), press("banks", "into", token, id_)),) for id_, label in named]
    new = (Button("新建题库", press("banks", "into", token, 0)),)
    back = (Button("返回", press("banks", "back", token)),)
    turns = [Button("上一页", press("banks", "banks", token, page - 1))] if page else []
    turns += [Button("下一页", press("banks", "banks", token, page + 1))] if page < last else []
    return Message("这份文件导入哪个题库？", (*buttons, *([tuple(turns)] if turns else []), new, back))


def ask_source() -> Message:
    return Message("这些题依据哪个文件？请发文件名称，例如：中国共产党章程。文件里自己写了出处的题不变。")


def applied(result: Applied) -> Message:
    undo = Button("撤销本次导入", press("banks", "undo", result.token))
    done = difference_line(result.difference, result.number)
    return Message(escape(f"{done}\n{NEXT}"), ((undo,),))


def discarded() -> Message:
    return Message("已取消，没有写入题库。")


def undone(number: int) -> Message:
    return Message(f"已撤销，题库内容回到版本 {number}。" if number else "已撤销，这个题库的题目已全部停用。")


def reading(name: str, rows: int) -> Message:
    """While a large file is being read, and then judged: the number stands still for some seconds."""
    state = f"已读 {rows} 行，读完还要核对" if rows else "正在读取"
    return Message(escape(f"{name}：{state}，请稍候。"))


def was_read(name: str) -> Message:
    return Message(escape(f"{name}：读完了。"))
