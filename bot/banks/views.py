"""All Chinese texts of banks: faults and hints, last lines, previews, lists."""

import json
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from bot import yamlfile
from bot.banks.importing import Applied, Preview
from bot.banks.lint import Checked
from bot.banks.revisions import Difference
from bot.banks.rules import LETTERS, WHOLE, At, Bank, Cell, Issue, Line, Paragraph, Place, QuestionType
from bot.banks.scopes import Scope
from bot.banks.service import Loaded, Outcome, Summary
from bot.message import Button, Buttons, Document, Message, cut, escape, fill, press

TYPES = {
    QuestionType.SINGLE: "单选",
    QuestionType.MULTIPLE: "多选",
    QuestionType.TRUE_FALSE: "判断",
    QuestionType.BLANK: "填空",
}
KEYS = {
    "schema": "格式版本",
    "bank": "题库编号",
    "title": "标题",
    "owner": "归属",
    "note": "备注",
    "sources": "出处表",
    "topics": "知识点",
    "defaults": "默认值",
    "questions": "题目",
    "edition": "版本",
    "effective": "施行日期",
    "expires": "失效日期",
    "verified": "已核对",
    "score": "分值",
    "rule": "计分规则",
    "blank_rule": "填空计分规则",
    "each_score": "每项分值",
    "time": "限时",
    "shuffle": "打乱选项",
    "id": "题号",
    "type": "题型",
    "stem": "题干",
    "options": "选项",
    "answer": "答案",
    "blanks": "空",
    "any_order": "不分先后",
    "explain": "解析",
    "hint": "提示",
    "source": "出处",
    "difficulty": "难度",
    "lock": "固定在最后",
    "valid_until": "有效期",
    "status": "状态",
    "answers": "可接受的答案",
    "kind": "类别",
    "match": "比对方式",
    "ref": "出处编号",
    "article": "条款",
}
KINDS = {
    "text": "一句文字",
    "list": "“- ”开头的列表",
    "mapping": "“键: 值”",
    "boolean": " true 或 false",
    "slug": " 2–40 位小写字母、数字或“-”",
    "questions": "“- ”开头的题目列表",
    "options": "“A: 文字”这样的键值或列表",
    "blanks": "列表，每项写 answers",
    "kind": " text、number 或 date",
    "match": " exact 或 contains",
    "status": " draft、active 或 retired",
}
FORMS = {"F1": "题干放进说明", "F2": "按字母投票、选项放进说明", "F3": "先单发题目、再按字母投票"}
FORMATS = {
    "doc": "旧版 Word",
    "xlsx": "Excel",
    "docx": "Word",
    "zip": "压缩包",
    "json": "JSON",
    "xml": "XML",
    "html": "网页",
    "csv": "CSV 表格",
    "text": "文本题单",
    "unknown": "其他格式",
}
JUDGEMENTS = {"right": "对", "wrong": "错"}
TEXTS = yamlfile.TEXTS | {
    "E011": "超过上限：文件 8 MB、10000 题。",
    "E012": "缺少“{key}”。",
    "E014": "schema 写的是“{v}”，本程序只认识 1。",
    "E015": "“{key}”应写成{kind}。",
    "E101": "题号“{id}”已在第 {n} 行用过。",
    "E102": "题号“{id}”只能用小写字母、数字、“-”“_”，1–40 位。",
    "E103": "不认识的键“{key}”。{near}",
    "E104": "不认识的题型“{v}”。{near}",
    "E105": "题干是空的。",
    "E106": "选项 {L} 是空的。",
    "E107": "选项要有 2–12 个，这里有 {n} 个。",
    "E108": "选项字母应从 A 起连续，“{k}”不对（英文逗号会把“3,000”拆开，请加引号）。",
    "E110": "选项字母“{L}”重复（上一次在第 {n} 行第 {c} 列）。",
    "E111": "选项 {L} 和 {M} 文字相同。",
    "E112": "答案“{x}”不在选项 {letters} 里。",
    "E113": "多选题至少要有 2 个正确答案；只有 1 个请改成单选或不定项。",
    "E114": "单选题只能有 1 个正确答案，这里有 {n} 个。",
    "E115": "判断题答案看不懂：“{v}”。请写 对 或 错。",
    "E116": "题干有 {n} 处空，blanks 写了 {m} 个。",
    "E117": "题干加选项超过 3500 字，放不进一条消息。",
    "E118": "“{key}”应在 {lo}–{hi} 之间，这里是“{v}”。",
    "E119": "不认识的计分规则“{v}”。可用：all、half、each、prop、minus。",
    "E120": "规则 each 要写 each_score。",
    "E121": "出处“{ref}”没有在 sources 里登记。",
    "E122": "知识点“{t}”没有在 topics 里登记。",
    "E123": "lock 里的“{L}”不是选项字母。",
    "E124": "日期“{v}”不存在，请写成 2022-10-22。",
    "E125": "{type}题不能写“{key}”。",
    "E126": "与第 {n} 行的“{id}”是同一道题（题干和选项都相同）。",
    "E127": "题库编号“{slug}”已属于“{owner}”，请换一个编号。",
    "E129": "层级太深，题目应是“- ”开头的列表。",
    "E201": "这是旧版 .xls，请用 Excel 或 WPS 另存为 .xlsx 再发。",
    "E202": "文件有密码，请去掉密码再发。",
    "E217": "文件识别为{kind}，本版支持 YAML。",
    "W201": "超过投票长度：现场答题将{form}。",
    "W202": "解析超过 200 字，投票里只显示前 199 字，公布答案时显示全文。",
    "W203": "选项里提到别的选项字母，本题不打乱选项。",
    "W204": "“{text}”已自动固定在最后。",
    "W206": "“#”后面的字被当作注释丢掉了。",
    "W301": "{n} 道题没有写出处：{ids}。",
    "W302": "单选答案偏向 {L}（{p}%）。",
    "W303": "判断题答案全是“{v}”。",
    "W305": "引用的《{title}》{edition}已被{new}取代，请核对；随机抽题不再抽到。",
    "W307": "{n} 道题没有解析：{ids}。",
    "W308": "{n} 道题的出处待核：{ids}。",
}
WORD = "题库"  # typed in private, it opens the list
EVERYBODY = "全体支部"
PRINTED = 50  # lines of one file on the command line
SHOWN = 10  # in chat, each cut to FAULT_UNITS so that they always fit one message
FAULT_UNITS = 300
IDS = 5
QUOTED = 250  # units of what an author wrote that a fault repeats; five numbers of 40 fit
PAGE = 6
REASONS: dict[type[OSError], str] = {
    FileNotFoundError: "没有这个文件或目录",
    PermissionError: "没有权限",
    IsADirectoryError: "这是一个目录",
}


def describe(issue: Issue) -> str:
    """The text of a fault or hint, without its place; the same in chat and on the command line."""
    params = {name: cut(value, QUOTED) if isinstance(value, str) else value for name, value in issue.params.items()}
    worded = {"near": _nearest(issue), "form": FORMS.get(str(params.get("form")), "")}
    if issue.code == "E015":
        worded["kind"] = KINDS[str(params["kind"])]
    elif issue.code == "E118":
        worded["key"] = f"选项 {params['key']}" if str(params["key"]) in LETTERS else str(params["key"])
        worded["v"] = f"{params['chars']} 字" if "chars" in params else str(params["v"])
    elif issue.code == "E125":
        worded["type"] = TYPES[QuestionType(str(params["type"]))]
    elif issue.code == "E127":
        worded["owner"] = str(params["owner"]) or EVERYBODY
    elif issue.code == "E217":
        worded["kind"] = FORMATS[str(params["kind"])]
    elif issue.code == "W303":
        worded["v"] = JUDGEMENTS[str(params["v"])]
    elif issue.code.startswith("W3") and "ids" in params:
        worded["ids"] = f"{params['ids']} 等" if int(params["n"]) > IDS else str(params["ids"])
    return TEXTS[issue.code].format(**params | worded)


def _nearest(issue: Issue) -> str:
    near = str(issue.params.get("near", ""))
    if not near:
        return ""
    name = TYPES[QuestionType(near)] if issue.code == "E104" else KEYS[near]
    return f"是不是“{near}”（{name}）？"


def line(issue: Issue) -> str:
    return f"{issue.file}{place(issue.place)} {issue.code} {describe(issue)}"


def place(at: At) -> str:
    """Where a fault stands, as it is joined to the name of its file."""
    match at:
        case Cell():
            return f"[{at.sheet}]!{cell_name(at.row, at.column)}"
        case Paragraph():
            return f" 第{at.number}段"
        case Line():
            return f":{at.line}"
        case Place():
            return "" if at == WHOLE else f":{at.line}:{at.column}"


def cell_name(row: int, column: int) -> str:
    """`C12`, `AA3`: columns count in letters, without a zero."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return f"{letters}{row}"


def counts(bank: Bank) -> str:
    """`4 题（单选 1、多选 1、判断 1、填空 1）`"""
    return f"{len(bank.questions)} 题（{by_type(Counter(question.type for question in bank.questions))}）"


def by_type(numbers: Mapping[QuestionType, int]) -> str:
    return "、".join(f"{name} {numbers.get(kind, 0)}" for kind, name in TYPES.items())


def last_line(checked: Checked) -> str:
    if checked.bank is None:
        return f"共 {checked.errors} 处错误、{checked.hints} 处提醒；没有写入题库。修好后再发一次即可。"
    return f"{checked.file}：{counts(checked.bank)}，0 处错误、{checked.hints} 处提醒。"


def report(checked: Checked, most: int | None = PRINTED) -> list[str]:
    """The printed lines of one checked file: faults in order, then the last line."""
    shown = checked.issues if most is None else checked.issues[:most]
    left = len(checked.issues) - len(shown)
    more = [f"另有 {left} 处没有列出，加 --all 全部列出。"] if left else []
    return [*map(line, shown), *more, last_line(checked)]


def difference_line(difference: Difference, number: int) -> str:
    if difference.is_same:
        return f"内容没有变化（版本 {difference.number}）。"
    numbers = (
        f"新增 {difference.added}，修改 {difference.changed}，未变 {difference.unchanged}，停用 {difference.retired}"
    )
    return f"已导入：{numbers}。题库版本 {number}。"


def dry_lines(bank: Bank, file: str, difference: Difference) -> list[str]:
    """What an import would do, without its faults."""
    state = f"版本 {difference.number}" if difference.number else "新建"
    total = len(bank.questions)
    kinds = by_type(Counter(question.type for question in bank.questions))
    numbers = f"新增 {difference.added}、修改 {difference.changed}、未变 {difference.unchanged}"
    lines = [
        f"试读：{file} → 题库“{bank.title}”（{state}）",
        f"读到 {total} 行：可导入 {total} 道（{kinds}），其中{numbers}；略去重复 0；出错 0 行。",
    ]
    if difference.retired:
        lines.append(f"文件里没有的 {difference.retired} 道将停用。")
    return lines


def outcome_lines(outcome: Outcome, *, is_dry: bool) -> list[str]:
    """`ketang bank import`: the faults and hints, then what was done."""
    checked, difference = outcome.checked, outcome.difference
    lines = report(checked)
    if difference is None or checked.bank is None:
        return lines
    if is_dry and not difference.is_same:
        return [*lines, *dry_lines(checked.bank, checked.file, difference)]
    return [*lines, difference_line(difference, outcome.number)]


def unusable(error: OSError) -> str:
    return f"读写不了 {error.filename}：{REASONS.get(type(error), '系统不允许')}。"


def no_files(folder: Path) -> str:
    return f"{folder} 里没有 .yaml 文件。"


def exported(slug: str, output: Path) -> str:
    return f"题库 {slug} 已导出到 {output}。"


def previewed(preview: Preview) -> tuple[Message | Document, ...]:
    """The answer to a sent file; faults that do not fit come as a text file."""
    checked, difference = preview.checked, preview.difference
    if difference is not None and difference.is_same:
        return (Message(escape(difference_line(difference, difference.number))),)
    faults = [*map(line, checked.issues)]
    shown = [cut(fault, FAULT_UNITS) for fault in faults[:SHOWN]]
    if checked.bank is None or difference is None:
        message = Message(escape("\n".join([*shown, last_line(checked)])))
    else:
        text = "\n".join([*dry_lines(checked.bank, checked.file, difference), *shown])
        message = Message(escape(text), _confirm(preview.token or "", len(checked.bank.questions)))
    listing = Document(f"{checked.file}.出错清单.txt", "\n".join(faults).encode("utf-8-sig"))
    return (message, listing) if len(faults) > SHOWN else (message,)


def _confirm(token: str, count: int) -> Buttons:
    apply = Button(f"导入 {count} 道，跳过 0 行", press("banks", "apply", token), style="success")
    return ((apply,), (Button("取消", press("banks", "discard", token)),))


def applied(result: Applied) -> Message:
    undo = Button("撤销本次导入", press("banks", "undo", result.token))
    return Message(escape(difference_line(result.difference, result.number)), ((undo,),))


def discarded() -> Message:
    return Message("已取消，没有写入题库。")


def undone(number: int) -> Message:
    return Message(f"已撤销，题库内容回到版本 {number}。" if number else "已撤销，这个题库的题目已全部停用。")


def left_alone(loaded: Loaded) -> Message:
    """To the admins: a shipped file that was not taken over at the start."""
    if loaded.ready is not None:
        return Message(fill("随程序的题库文件 {file} 有新内容，但这个题库在本机改过，没有覆盖。", file=loaded.name))
    faults = [cut(line(issue), FAULT_UNITS) for issue in loaded.checked.issues if issue.is_error]
    text = "\n".join([f"题库文件 {loaded.name} 有错，仍用上一个版本：", *faults[:SHOWN], last_line(loaded.checked)])
    return Message(escape(text))


def scope_name(scope: Scope) -> str:
    return scope.unit.name if scope.unit else EVERYBODY


def bank_list(banks: Sequence[Summary], page: int) -> Message:
    """One page of the list in chat; each bank can be had as a file."""
    last = max(0, (len(banks) - 1) // PAGE)
    page = min(max(page, 0), last)
    shown = banks[page * PAGE : (page + 1) * PAGE]
    entries = "\n\n".join(map(_entry, shown)) or "还没有题库。"
    export = [(Button(f"导出 {bank.slug}", press("banks", "export", bank.id)),) for bank in shown]
    turns = [Button("上一页", press("banks", "list", page - 1))] if page else []
    turns += [Button("下一页", press("banks", "list", page + 1))] if page < last else []
    text = f"题库共 {len(banks)} 个。\n\n{entries}\n\n把题库文件（.yaml）发到这里，先试读，再确认导入。"
    return Message(escape(text), (*export, *([tuple(turns)] if turns else [])))


def _entry(bank: Summary) -> str:
    stale = f"；待核对 {bank.stale} 道" if bank.stale else ""
    kinds = by_type(bank.counts)
    return (
        f"{bank.title}（{bank.slug}）\n{sum(bank.counts.values())} 题：{kinds}\n"
        f"版本 {bank.number}，归属 {scope_name(bank.scope)}{stale}"
    )


HEADINGS = ("编号", "题库", "题数（单/多/判/填）", "版本", "归属", "依据", "待核对")


def bank_table(banks: Sequence[Summary]) -> list[str]:
    """`ketang bank list`."""
    return table(HEADINGS, map(_row, banks)) if banks else ["还没有题库。"]


def _row(bank: Summary) -> tuple[str, ...]:
    numbers = "/".join(str(bank.counts.get(kind, 0)) for kind in TYPES)
    sources = f"《{bank.sources[0]}》" if bank.sources else "—"
    more = f"等 {len(bank.sources)} 件" if len(bank.sources) > 1 else ""
    count = f"{sum(bank.counts.values())}（{numbers}）"
    return (bank.slug, bank.title, count, str(bank.number), scope_name(bank.scope), sources + more, str(bank.stale))


def bank_json(banks: Sequence[Summary]) -> str:
    """`ketang bank list --json`: names of keys as in the tables."""
    rows = [
        {
            "slug": bank.slug,
            "title": bank.title,
            "revision": bank.number,
            "questions": {kind.value: bank.counts.get(kind, 0) for kind in TYPES},
            "scope": {"kind": bank.scope.kind.name.lower(), "unit_id": bank.scope.unit_id},
            "sources": list(bank.sources),
            "stale": bank.stale,
        }
        for bank in banks
    ]
    return json.dumps(rows, ensure_ascii=False, indent=2)


def table(headings: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """Columns aligned for a terminal, where a Chinese character is two wide."""
    cells = [list(headings), *map(list, rows)]
    widths = [max(map(_width, column)) for column in zip(*cells, strict=True)]
    return ["  ".join(map(_pad, row, widths)).rstrip() for row in cells]


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WFA" else 1 for c in text)


def _pad(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
