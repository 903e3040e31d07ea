"""Bank files as authors write them: the one of the specification, and files with one mistake each."""

from datetime import date

from bot.banks import reading, service, views
from bot.banks.lint import Checked
from bot.banks.service import Loaded

ON = date(2026, 3, 2)

GOOD = """\
schema: 1
bank: zhibu-basics
title: 支部工作应知应会
sources:
  zb: {title: 中国共产党支部工作条例（试行）, edition: 2018年10月, effective: 2018-10-28}
  dz: {title: 中国共产党章程, edition: 二十大修改, effective: 2022-10-22}
defaults: {score: 2, rule: half}
questions:
  - id: zb-001
    type: single
    stem: 支部党员大会一般多久召开一次？
    options: {A: 每月, B: 每季度, C: 每半年, D: 每年}
    answer: B
    explain: 一般每季度召开一次。
    source: {ref: zb, article: 第十一条}
  - {id: zb-002, type: multiple, stem: “三会一课”中的“三会”包括（　）。, options: [支部党员大会, 支部委员会会议, 党小组会, 民主生活会], answer: ABC, score: 4, explain: “一课”指党课。, source: {ref: zb}}
  - {id: zb-003, type: 判断, stem: 预备党员有表决权。, answer: 错, explain: 预备党员没有表决权、选举权和被选举权。, source: {ref: dz, article: 第七条}}
  - {id: zb-004, type: blank, stem: 有正式党员____人以上的，应当成立党支部；党员人数一般不超过____人。, blanks: [{answers: [三], kind: number}, {answers: [五十], kind: number}], explain: 见支部的设置。, source: {ref: zb, article: 第四条}}
"""  # noqa: E501  # the file of the specification, to the letter
LAST = "    source: {ref: zb, article: 第十一条}\n"

HEAD = """\
schema: 1
bank: demo
title: 演示题库
sources:
  zb: {title: 条例, edition: 2018年}
topics: [频次]
questions:
"""
SINGLE = """\
  - id: q-1
    type: single
    stem: 多久一次？
    options: {A: 每月, B: 每季度}
    answer: B
    explain: 每季度。
    source: {ref: zb}
"""
FIRST = HEAD.count("\n") + 1  # the line of the first question's id


def bank(*questions: str) -> str:
    return HEAD + "".join(questions)


def changed(old: str, new: str, text: str = SINGLE) -> str:
    """A bank of one question, `old` in it replaced; both must be there exactly once."""
    assert text.count(old) == 1
    return bank(text.replace(old, new))


def check(text: str | bytes, name: str = "demo.yaml") -> Checked:
    return reading.check(text.encode() if isinstance(text, str) else text, name, on=ON)


def load(text: str, name: str = "demo.yaml") -> Loaded:
    return service.load(text.encode(), name, on=ON)


def lines(text: str | bytes) -> list[str]:
    """Faults and hints without the name of the file."""
    return [views.line(issue).removeprefix("demo.yaml:") for issue in check(text).issues]
