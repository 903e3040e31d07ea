"""The commands of everybody: the lists beside the text field, at most eight entries each, and all of them for /help."""

from collections.abc import Sequence

from bot.members.rules import OFFICERS, Actor, Grant, Right, Role
from bot.message import Html, lines

_LABELS = {
    "today": "今日事项",
    "meetings": "会议与请假",
    "exam": "我的考试",
    "mistakes": "错题本",
    "me": "我的记录",
    "settings": "提醒设置",
    "help": "帮助",
    "plan": "安排会议",
    "roster": "名册",
    "quiz": "出题与考试",
    "bank": "题库与导入",
    "orgs": "组织与角色",
}
Menu = tuple[tuple[str, str], ...]


def _menu(*names: str) -> Menu:
    return tuple((name, _LABELS[name]) for name in names)


MEMBER_MENU = _menu("today", "meetings", "exam", "mistakes", "me", "settings", "help")
OFFICER_MENU = _menu("today", "plan", "meetings", "quiz", "roster", "help")
ADMIN_MENU = _menu("today", "quiz", "bank", "orgs", "help")
GROUP_MENU: Menu = (("meetings", "近期会议"), ("help", "帮助"))
GROUP_OFFICER_MENU: Menu = (("meetings", "近期会议"), ("round", "现场答题"), ("help", "帮助"))
GROUP_ADMIN_MENU: Menu = (*GROUP_MENU, ("bind", "绑定本群"))

_ENGLISH = {
    "today": "Today",
    "meetings": "Meetings and leave",
    "exam": "My exams",
    "mistakes": "My mistakes",
    "me": "My record",
    "settings": "Reminders",
    "help": "Help",
    "plan": "Plan a meeting",
    "roster": "Roster",
    "quiz": "Quizzes and exams",
    "round": "Live quiz",
    "bank": "Question banks",
    "orgs": "Units and roles",
    "bind": "Bind this group",
}


def in_english(menu: Menu) -> Menu:
    """The same list for an app that is set to English."""
    return tuple((name, _ENGLISH[name]) for name, _ in menu)


def menu_for(grants: Sequence[Grant]) -> Menu:
    """The private command list that goes with somebody's roles."""
    roles = {grant.role for grant in grants}
    if Role.ADMIN in roles:
        return ADMIN_MENU
    return OFFICER_MENU if roles & OFFICERS else MEMBER_MENU


# -- /help ------------------------------------------------------------------------------------------------------------

_FOR_ALL = (
    ("today", "今天要参加和要处理的事"),
    ("meetings", "近期会议、参加与请假"),
    ("exam", "我的考试"),
    ("mistakes", "错题本"),
    ("daily", "每日一题"),
    ("me", "我的记录，导出或删除我的数据"),
    ("settings", "提醒设置：免打扰时段"),
    ("help", "本说明"),
)
_BY_RIGHT = (  # of several lines on one command the first that fits
    (Right.PLAN, "plan", "安排会议，例如 /plan 下周五15点 主题党日"),
    (Right.PLAN, "series", "周期会议：每月、每周的固定会议"),
    (Right.CORRECT, "roll", "考勤表：谁到会、谁请假；点名、更正"),
    (Right.PLAN, "roll", "考勤表：谁到会、谁请假；点名"),
    (Right.SEE_NAMES, "roll", "考勤表：谁到会、谁请假"),
    (Right.MINUTES, "minutes", "会议记录"),
    (Right.EXPORT, "export", "导出考勤：签到表、明细、统计"),
    (Right.RUN_QUIZ, "quiz", "出题与考试"),
    (Right.RUN_QUIZ, "round", "在支部群里开始现场答题"),
    (Right.BANKS, "bank", "题库；直接发送题库文件可导入"),
    (Right.ROSTER, "roster", "名册；直接发送名册文件可导入"),
    (Right.ROSTER, "invite", "给还没有激活的党员生成加入链接"),
    (Right.BIND_CHAT, "bind", "把支部群与机器人绑定"),
    (Right.EXEMPT, "orgs", "组织与角色：任免、不计入应到"),
    (Right.CALENDAR, "orgs", "组织与角色：任免管理员"),
    (Right.GRANT, "orgs", "组织与角色：任免党小组长"),
    (Right.CALENDAR, "calendar", "工作日历；直接发送放假安排可导入"),
)


def commands(who: Actor) -> Html:
    """What /help lists: everybody's own, then what one's roles add."""
    own = [("您可以用这些命令：", _FOR_ALL)] if who.member_id else []
    more: dict[str, str] = {}
    for right, name, text in _BY_RIGHT:
        if who.may(right):
            more.setdefault(name, text)
    title = "负责人还可以用：" if own else "您可以用这些命令："
    blocks = [*own, (title, tuple(more.items()))] if more else own
    told = [lines(title, *(f"/{name} {text}" for name, text in known)) for title, known in blocks]
    words = ["也可以直接发送：签到、请假、考试、错题、我的、帮助、取消。"] if who.member_id else []
    return Html("\n\n".join([*told, *words]))
