"""The workbook that authors fill in: headings, drop-downs, one example of each type. It imports without an error."""

from io import BytesIO

COLUMNS = (
    ("题号", 10),
    ("题型", 10),
    ("题干", 52),
    *((letter, 18) for letter in "ABCDEFGH"),
    ("答案", 14),
    ("分值", 8),
    ("解析", 40),
    ("知识点", 16),
    ("难度", 8),
    ("出处", 28),
    ("条款", 12),
)
EXAMPLES = (
    {
        "题型": "单选",
        "题干": "支部党员大会一般多久召开一次？",
        **dict(zip("ABCD", ("每月", "每季度", "每半年", "每年"), strict=True)),
        "答案": "B",
        "解析": "支部党员大会一般每季度召开一次。",
        "出处": "中国共产党支部工作条例（试行）",
    },
    {
        "题型": "多选",
        "题干": "“三会一课”中的“三会”包括（　）。",
        **dict(zip("ABCD", ("支部党员大会", "支部委员会会议", "党小组会", "民主生活会"), strict=True)),
        "答案": "ABC",
        "解析": "“一课”指党课。",
        "出处": "中国共产党支部工作条例（试行）",
    },
    {"题型": "判断", "题干": "预备党员有表决权。", "答案": "错", "解析": "预备党员没有表决权、选举权和被选举权。"},
    {
        "题型": "填空",
        "题干": "有正式党员____人以上的，应当成立党支部；党员人数一般不超过____人。",
        "答案": "三|五十",
        "出处": "中国共产党支部工作条例（试行）",
    },
)
GUIDE = (
    "一行一题。题型、题干、答案必填；单选、多选还要填选项，从 A 起，中间不要空。",
    "单选答案写一个字母，多选写几个字母，例如 ABC；判断写 对 或 错。",
    "填空题在题干里用 ____ 或（　）标出空。几个空的答案用 | 隔开；一个空的几种写法用；隔开，例如 三；3。",
    "题号可以不填。填了题号，以后修改同一道题时按题号对应；不填则按题干和选项对应。",
    "分值、难度（1–5）可以不填，默认 1 分、难度 3。知识点最多 5 个，用、隔开。",
    "示例四题请删去或改写。最多 20000 行、10 MB。",
)
TYPES = ["单选", "多选", "不定项", "判断", "填空"]
LAST_ROW = 20_000


def template() -> bytes:
    from xlsxwriter import Workbook  # noqa: PLC0415  # slow to import, seldom asked for

    data = BytesIO()
    with Workbook(data, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}) as book:
        sheet = book.add_worksheet("题目")
        head = book.add_format({"bold": True, "bg_color": "#E7E6E6", "border": 1, "align": "center"})
        text = book.add_format({"num_format": "@", "text_wrap": True, "valign": "top"})
        for place, (name, width) in enumerate(COLUMNS):
            sheet.set_column(place, place, width, text)
            sheet.write_string(0, place, name, head)
        for row, example in enumerate(EXAMPLES, start=1):
            for place, (name, _) in enumerate(COLUMNS):
                if name in example:
                    sheet.write_string(row, place, example[name], text)
        sheet.freeze_panes(1, 0)
        places = {name: place for place, (name, _) in enumerate(COLUMNS)}
        lists = {"题型": TYPES, "难度": ["1", "2", "3", "4", "5"]}
        for name, values in lists.items():
            place = places[name]
            sheet.data_validation(1, place, LAST_ROW, place, {"validate": "list", "source": values})
        guide = book.add_worksheet("说明")
        guide.set_column(0, 0, 90, book.add_format({"text_wrap": True}))
        for row, line in enumerate(GUIDE):
            guide.write_string(row, 0, line)
    return data.getvalue()
