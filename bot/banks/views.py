"""All Chinese texts of banks: faults and hints, last lines, previews, lists."""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

from bot import yamlfile
from bot.banks.lint import Checked
from bot.banks.reading import Loaded
from bot.banks.rules import LETTERS, RIGHT, WHOLE, WRONG, At, Bank, Cell, Issue, Line, Paragraph, Place, QuestionType
from bot.banks.scopes import Scope
from bot.banks.service import Summary
from bot.message import Button, Message, cut, escape, fill, press

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
    "gift": "GIFT",
    "sql": "SQL 脚本",
    "unknown": "其他格式",
}
JUDGEMENTS = {"right": "对", "wrong": "错"}
TEXTS = yamlfile.TEXTS | {
    "E011": "超过上限：文件 8 MB、10000 题。",
    "E012": "缺少“{key}”。",
    "E014": "schema 写的是“{v}”，本程序只认识 1。",
    "E015": "“{key}”应写成{kind}。",
    "E101": "题号“{id}”已在{where}用过。",
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
    "E203": "没找到题干列和答案列。表头请用：题型、题干、A、B、C、D、答案。",
    "E204": "没有读到题目。",
    "E205": "题干是空的。",
    "E206": "没有答案。",
    "E207": "公式没有算出结果，请在 Excel 里打开并保存一次。",
    "E208": "答案“{x}”超出选项 {letters}。",
    "E209": "答案“{text}”不是任何一个选项。",
    "E210": "题型“{t}”暂不支持，已跳过。",
    "E211": "有答案字母“{x}”，但没有选项。",
    "E212": "题型写的是{t}，答案却有 {n} 个：{x}。",
    "E213": "题干里的答案“{a}”和答案栏“{b}”不一致。",
    "E214": "题干有 {n} 处空，答案有 {m} 段，对不上。",
    "E215": "与{place}是同一题，答案却不同（{a}／{b}）。",
    "E216": "看不懂这一行：“{text}”。",
    "E217": "文件识别为{kind}，本版支持 YAML、Excel、CSV、文本题单、Word、JSON 和 GIFT。",
    "E218": "超过上限：文件 10 MB、20000 行、解压后 64 MB。",
    "E219": "文件不完整或打不开，请用 Excel 或 WPS 另存为 .xlsx 再发。",
    "E221": "这里有图片或音频，导入的只有文字：“{text}”。请改写成文字，或删去这一题。",
    "E222": "这一行有 {n} 格，表头只有 {m} 格：句中的英文逗号请改成中文逗号，或用英文引号把整格括起来。",
    "E220": "请用 Word 或 WPS 打开后另存一次再发。",
    "W201": "超过投票长度：现场答题将{form}。",
    "W202": "解析超过 200 字，投票里只显示前 199 字，公布答案时显示全文。",
    "W203": "选项里提到别的选项字母，本题不打乱选项。",
    "W204": "“{text}”已自动固定在最后。",
    "W206": "“#”后面的字被当作注释丢掉了。",
    "W211": "与{place}完全相同，已略去。",
    "W212": "没写题型，按答案判断为{t}。",
    "W213": "{n} 个选项自带的字母已去掉。",
    "W214": "编码按 {enc} 读取。",
    "W215": "没有表头，按内容推断：题干 {stem}，{options}答案 {answer}，请核对。",
    "W216": "已跳过隐藏的工作表“{s}”。",
    "W217": "只有题干和答案文字、没有选项，按填空题导入。",
    "W221": "没有读到一个答案。颜色、加粗、下划线读不出来，请把答案写成字母，放在“答案”后面。",
    "W220": "答案写的是数字，按“{n} 就是选项 A”读取，请核对。",
    "W219": "难度“{v}”看不懂，按中等（3）导入。",
    "W218": "各选项的权重不同，导入后只分对和错。",
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


def describe(issue: Issue) -> str:
    """The text of a fault or hint, without its place; the same in chat and on the command line."""
    params = {name: cut(value, QUOTED) if isinstance(value, str) else value for name, value in issue.params.items()}
    worded = {"near": _nearest(issue), "form": FORMS.get(str(params.get("form")), "")}
    if issue.twin is not None:
        worded["place"] = worded["where"] = twin(issue.twin)
    elif issue.code == "E101":
        worded["where"] = f"第 {params['n']} 行"
    if (wording := _WORDINGS.get(issue.code)) is not None:
        worded |= wording(issue)
    elif issue.code.startswith("W3") and "ids" in params:
        worded["ids"] = f"{params['ids']} 等" if int(params["n"]) > IDS else str(params["ids"])
    text = TEXTS[issue.code]
    if str(params.get("ids", "")).startswith("i-"):  # numbers that we gave tell nobody anything
        text = text.replace("：{ids}", "")
    return text.format(**params | worded)


def _range(issue: Issue) -> dict[str, str]:
    """E118: in a foreign file a value is called as people call it."""
    key = str(issue.params["key"])
    if key in LETTERS:
        key = f"选项 {key}"
    elif not isinstance(issue.place, Place):
        key = KEYS[key]
    value = f"{issue.params['chars']} 字" if "chars" in issue.params else cut(str(issue.params["v"]), QUOTED)
    return {"key": key, "v": value}


def _misfit(issue: Issue) -> dict[str, str]:
    key = str(issue.params["key"])
    name = _type(issue, "type")["type"]
    return {"type": name, "key": key if isinstance(issue.place, Place) else KEYS[key]}


def _type(issue: Issue, param: str) -> dict[str, str]:
    return {param: TYPES[QuestionType(str(issue.params[param]))]}


def _inference(issue: Issue) -> dict[str, str]:
    names = {key: column_name(int(value)) for key, value in issue.params.items()}
    options = f"选项 {names['first']}–{names['last']}，" if "first" in names else ""
    return {"stem": names["stem"], "answer": names["answer"], "options": options}


def _disputed(issue: Issue) -> dict[str, str]:
    """E215: the two answers; of a judgement in its words."""
    return {
        key: {RIGHT: "对", WRONG: "错"}.get(text := str(issue.params[key]), cut(text, QUOTED)) for key in ("a", "b")
    }


_WORDINGS: Mapping[str, Callable[[Issue], dict[str, str]]] = {
    "E015": lambda issue: {"kind": KINDS[str(issue.params["kind"])]},
    "E118": _range,
    "E125": _misfit,
    "E127": lambda issue: {"owner": str(issue.params["owner"]) or EVERYBODY},
    "E212": lambda issue: _type(issue, "t"),
    "E215": _disputed,
    "E217": lambda issue: {"kind": FORMATS[str(issue.params["kind"])]},
    "W212": lambda issue: {"t": TYPES[QuestionType(str(issue.params["type"]))]},
    "W215": _inference,
    "W303": lambda issue: {"v": JUDGEMENTS[str(issue.params["v"])]},
}


def _nearest(issue: Issue) -> str:
    near = str(issue.params.get("near", ""))
    if not near:
        return ""
    name = TYPES[QuestionType(near)] if issue.code == "E104" else KEYS[near]
    return f"是不是“{near}”（{name}）？"


def line(issue: Issue) -> str:
    """One line, whatever the author's words hold."""
    return " ".join(f"{issue.file}{place(issue.place)} {issue.code} {describe(issue)}".split("\n"))


def place(at: At) -> str:
    """Where a fault stands, as it is joined to the name of its file."""
    match at:
        case Cell():
            return f"[{at.sheet}]!{column_name(at.column)}{at.row}"
        case Paragraph():
            return f" 第{at.number}段"
        case Line():
            return f":{at.line}"
        case Place():
            return "" if at == WHOLE else f":{at.line}:{at.column}"


def twin(at: At) -> str:
    """Another place of the same file, in a sentence."""
    match at:
        case Cell():
            return f"{at.sheet}!{column_name(at.column)}{at.row}"
        case Paragraph():
            return f"第 {at.number} 段"
        case _:
            return f"第 {at[0]} 行"


def column_name(column: int) -> str:
    """`C`, `AA`: columns count in letters, without a zero."""
    letters = ""
    while column:
        column, letter = divmod(column - 1, 26)
        letters = chr(ord("A") + letter) + letters
    return letters


def counts(bank: Bank) -> str:
    """`4 题（单选 1、多选 1、判断 1、填空 1）`"""
    return f"{len(bank.questions)} 题（{by_type(Counter(question.type for question in bank.questions))}）"


def by_type(numbers: Mapping[QuestionType, int]) -> str:
    return "、".join(f"{name} {numbers.get(kind, 0)}" for kind, name in TYPES.items())


def last_line(checked: Checked) -> str:
    if checked.errors or checked.bank is None:
        return f"共 {checked.errors} 处错误、{checked.hints} 处提醒；没有写入题库。修好后再发一次即可。"
    return f"{checked.file}：{counts(checked.bank)}，0 处错误、{checked.hints} 处提醒。"


def report(checked: Checked, most: int | None = PRINTED) -> list[str]:
    """The printed lines of one checked file: faults in order, then the last line."""
    shown = checked.issues if most is None else checked.issues[:most]
    left = len(checked.issues) - len(shown)
    more = [f"另有 {left} 处没有列出，加 --all 全部列出。"] if left else []
    return [*map(line, shown), *more, last_line(checked)]


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
    export = [(Button(f"导出《{cut(bank.title, 30)}》", press("banks", "export", bank.id)),) for bank in shown]
    turns = [Button("上一页", press("banks", "list", page - 1))] if page else []
    turns += [Button("下一页", press("banks", "list", page + 1))] if page < last else []
    how = "把题库文件发到这里，先试读，再确认导入。可以是 Excel、CSV、文本题单、Word、JSON 或 YAML。"
    text = f"题库共 {len(banks)} 个。\n\n{entries}\n\n{how}"
    template = (Button("下载模板", press("banks", "template")),)
    return Message(escape(text), (*export, *([tuple(turns)] if turns else []), template))


def _entry(bank: Summary) -> str:
    stale = f"；待核对 {bank.stale} 道" if bank.stale else ""
    count = sum(bank.counts.values())
    held = f"{count} 题：{by_type(bank.counts)}" if count else "没有在用的题"
    return f"{bank.title}（{bank.slug}）\n{held}\n版本 {bank.number}，归属 {scope_name(bank.scope)}{stale}"
