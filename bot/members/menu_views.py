"""The command lists of everybody, in private and in groups: at most eight entries, only commands that exist."""

from collections.abc import Sequence

from bot.members.rules import OFFICERS, Grant, Role

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
