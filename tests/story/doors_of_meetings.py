"""The doors of meetings, attendance, banks and quizzes: the second half of the table."""

from collections.abc import Iterator
from datetime import date

from bot.attendance.rules import GuestKind, MakeUpHow, ReasonKind
from bot.meetings.facts import MeetingFacts
from bot.members.rules import Case, Right, UnitRef
from bot.message import base36
from tests.stages import BRANCH
from tests.story.entrance import (
    Door,
    Who,
    anybody,
    at,
    belongs,
    due,
    either,
    of_branch,
    on,
    own,
    pressing,
    somewhere,
    unbound,
)
from tests.story.scene import Scene, minute

LECTURED = date(2026, 3, 5)
TIME = 29_590_000  # minutes since 1970: a day in April 2026


# -- meetings ---------------------------------------------------------------------------------------------------------


def _plans(scene: Scene) -> Iterator[Door]:
    """A plan is its planner's alone."""
    mine, plans = own("李四"), scene.plans
    for verb, plan, *args in (
        ("kind", "kind", 4),
        ("unit", "unit", scene.units["第一党小组"].id),
        ("page", "preview", 0),
        ("at", "day", minute(plans["day"])),
        ("place", "place", 0),
        ("who", "people", scene.ids["张三"], 0),
        ("everyone", "people"),
        ("chosen", "people"),
        ("show", "preview"),
        ("ask", "preview", "title"),
        ("edit", "preview"),
        ("redo", "preview", "DAY"),
        ("keep", "preview"),
        ("past", "past", minute(plans["past"])),
        ("pastwhy", "past_reason"),
        ("record", "past_preview"),
        ("drop", "preview"),
        ("ok", "preview"),
        ("rule", "rule", 0),
        ("offs", "series"),
        ("off", "series", "EARLIER"),
        ("begin", "series"),
    ):
        yield pressing(f"meetings:{verb}", mine, plans[str(plan)].draft_id, *args)


def _changes(scene: Scene) -> Iterator[Door]:
    for name in ("planned", "small"):
        meeting = scene.meetings[name]
        may, now = on(Right.PLAN, meeting), (meeting.id, meeting.version)
        for verb in ("move", "cancel", "undo", "wait", "study"):
            yield pressing(f"meetings:{verb}", may, *now)
        yield pressing("meetings:to", may, *now, TIME)
        yield pressing("meetings:agenda", may, meeting.id)
        yield pressing("meetings:topics", may, meeting.id)
        yield pressing("meetings:additems", may, meeting.id)
    meeting = scene.meetings["occurrence"]
    may, now = on(Right.PLAN, meeting), (meeting.id, meeting.version)
    for verb in ("dates", "skip", "sure", "stay", "adopt"):
        yield pressing(f"meetings:{verb}", may, *now)
    yield pressing("meetings:one", may, meeting.id)
    yield pressing("meetings:date", may, *now, TIME)
    may, item = on(Right.PLAN, scene.meetings["planned"]), scene.of["item"]
    yield pressing("meetings:item", may, item)
    yield pressing("meetings:tags", may, item)
    yield pressing("meetings:tag", may, item, 0)
    yield pressing("meetings:votes", may, item)
    yield pressing("meetings:vote", may, item, "NONE")
    yield pressing("meetings:settle", may, item, "DISCUSSED")
    yield pressing("meetings:delitem", may, item)
    yield pressing("meetings:gone", may, item, alone=True)


def _minutes(scene: Scene) -> Iterator[Door]:
    yield pressing("meetings:unfiled", somewhere(Right.MINUTES), 0)
    for name in ("running", "held", "small"):
        meeting = scene.meetings[name]
        may = on(Right.MINUTES, meeting)
        yield pressing("meetings:minutes", may, meeting.id)
        yield pressing("meetings:again", may, meeting.id)
        yield pressing("meetings:post", may, meeting.id, "CHAIR", 0)
        yield pressing("meetings:pick", may, meeting.id, "CHAIR", scene.ids["褚三"], alone=True)
        yield pressing("meetings:write", may, meeting.id, "summary")
        yield pressing("meetings:file", may, meeting.id)
        yield pressing("meetings:seal", may, meeting.id)
        yield pressing("attendance:minutes", may, meeting.id)


def _series(scene: Scene) -> Iterator[Door]:
    planner, series = somewhere(Right.PLAN), scene.of["series"]
    may = at(Right.PLAN, scene.units[BRANCH])
    yield pressing("meetings:serieses", planner, 0)
    yield pressing("meetings:repeat", planner)
    yield pressing("meetings:differences", planner)
    yield pressing("meetings:differ", planner)
    yield pressing("meetings:adopts", planner, 0)
    yield pressing("meetings:series", may, series)
    yield pressing("meetings:stop", may, series)
    yield pressing("meetings:halt", may, series, alone=True)
    yield pressing("meetings:resume", may, scene.of["stopped"], alone=True)
    yield pressing("meetings:alter", may, series)


# -- attendance -------------------------------------------------------------------------------------------------------


def _answers(scene: Scene) -> Iterator[Door]:
    meeting, other = scene.meetings["planned"], scene.meetings["running"]
    may, now = due(meeting), (meeting.id, meeting.version)
    yield pressing("attendance:go", may, *now)
    yield pressing("attendance:go", may, *now, in_group=True)
    yield pressing("attendance:online", may, *now)
    yield pressing("attendance:quit", may, *now)
    yield pressing("attendance:leave", may, *now)
    yield pressing("attendance:kind", may, *now, ReasonKind.SICK.name)
    yield pressing("attendance:stay", either(own("张三"), own("李四")), *now)
    yield pressing("attendance:in", due(other), other.id)
    yield pressing("attendance:in", due(other), other.id, in_group=True)
    yield pressing("attendance:out", due(other), other.id)
    yield pressing("attendance:because", due(other), other.id, ReasonKind.SICK.name)
    seen = either(due(other), on(Right.SEE_NAMES, other))
    yield pressing("attendance:show", seen, other.id)
    yield pressing("attendance:why", seen, other.id)
    for name in ("张三", "李四"):
        case = Case(of_id=scene.ids[name], is_of_secretary=name == "李四")
        may, record = at(Right.APPROVE_LEAVE, scene.units[BRANCH], case), scene.record("planned", name)
        for verb in ("ask", "yes", "no"):
            yield pressing(f"attendance:{verb}", may, record)
    yield pressing("attendance:mine", somewhere(Right.SELF))
    yield pressing("attendance:near", somewhere(Right.SELF), 0)
    yield pressing("attendance:rolls", somewhere(Right.SEE_NAMES), 0)
    yield pressing("attendance:nearby", anybody, 0, in_group=True)
    yield pressing("attendance:open", on(Right.ROLL_CALL, meeting), meeting.id)


def _sheets(scene: Scene) -> Iterator[Door]:
    for name in ("running", "small"):
        meeting = scene.meetings[name]
        may = on(Right.ROLL_CALL, meeting)
        record = scene.record(name, "褚三")
        names = either(on(Right.SEE_NAMES, meeting), _leads_part(meeting))
        yield pressing("attendance:sheet", names, meeting.id)
        yield pressing("attendance:marks", may, meeting.id)
        yield pressing("attendance:turn", may, meeting.id, 0)
        yield pressing("attendance:mark", may, record, "p", 0)
        yield pressing("attendance:leaving", may, meeting.id, 0)
        yield pressing("attendance:left", may, record, 0)
        yield pressing("attendance:rest", may, meeting.id, 0)
        yield pressing("attendance:all", may, meeting.id, 0)
        yield pressing("attendance:end", may, meeting.id)
        yield pressing("attendance:close", may, meeting.id)
        yield pressing("attendance:more", may, meeting.id)
        yield pressing("attendance:reopen", may, meeting.id)
        yield pressing("attendance:true", may, meeting.id)
        yield pressing("attendance:guests", may, meeting.id)
        yield pressing("attendance:guest", may, meeting.id, GuestKind.PUBLIC.name)
    yield pressing("attendance:noguest", on(Right.ROLL_CALL, scene.meetings["running"]), scene.of["guest"], alone=True)
    yield pressing("attendance:back", anybody)


def _leads_part(meeting: MeetingFacts) -> Who:
    """A leader sees the names of his own group in the branch's meeting."""
    return lambda one: (
        one.actor is not None and any(meeting.unit.covers(unit) for unit in one.actor.units_for(Right.SEE_NAMES))
    )


def _corrections(scene: Scene) -> Iterator[Door]:
    meeting, away = scene.meetings["held"], scene.ids["龚䶮"]
    may = on(Right.CORRECT, meeting)
    yield pressing("attendance:fix", may, meeting.id)
    yield pressing("attendance:missing", may, meeting.id)
    yield pressing("attendance:one", may, meeting.id, away)
    yield pressing("attendance:set", may, meeting.id, away, "p")
    yield pressing("attendance:madeup", may, meeting.id, away)
    yield pressing("attendance:how", may, meeting.id, away, MakeUpHow.TALK.name)
    yield pressing("attendance:day", may, meeting.id, away, MakeUpHow.TALK.name, LECTURED.toordinal())
    yield pressing("attendance:trail", may, meeting.id, away)
    yield pressing("attendance:trail", due(meeting), meeting.id)
    yield pressing("attendance:forgot", due(meeting), meeting.id)
    confirm = at(Right.CONFIRM_CORRECTION, scene.units[BRANCH], Case(of_id=scene.ids["孙七"]))
    for verb in ("proposal", "agree", "refuse"):
        yield pressing(f"attendance:{verb}", confirm, scene.of["correction"])


def _votes_and_files(scene: Scene) -> Iterator[Door]:
    branch, meeting, item = scene.units[BRANCH], scene.meetings["running"], scene.of["vote"]
    may = on(Right.MINUTES, meeting)
    yield pressing("attendance:votes", may, meeting.id)
    yield pressing("attendance:vote", may, item)
    yield pressing("attendance:there", may, item)
    yield pressing("attendance:units", somewhere(Right.EXPORT), 0)
    yield pressing("attendance:files", at(Right.EXPORT, branch), branch.id)
    yield pressing("attendance:export", on(Right.EXPORT, scene.meetings["held"]), scene.meetings["held"].id)
    yield pressing("attendance:month", at(Right.EXPORT, branch), branch.id, date(2026, 3, 1).toordinal())


# -- banks and quizzes ------------------------------------------------------------------------------------------------


def _banks(scene: Scene) -> Iterator[Door]:
    anywhere = somewhere(Right.BANKS)
    yield pressing("banks:list", anywhere, 0)
    yield pressing("banks:export", at(Right.BANKS, scene.units[BRANCH]), scene.of["bank"])
    yield pressing("banks:export", anywhere, scene.of["shipped"])
    yield pressing("banks:apply", own("李四"), scene.words["bank"])
    yield pressing("banks:discard", own("李四"), scene.words["bank"])
    yield pressing("banks:undo", own("李四"), scene.words["imported"])
    yield pressing("banks:template", anywhere)
    for verb in ("banks", "back", "source", "faults"):
        yield pressing(f"banks:{verb}", own("李四"), scene.words["sheet"])
    yield pressing("banks:into", own("李四"), scene.words["sheet"], 0)
    yield pressing("banks:mode", own("李四"), scene.words["sheet"], 1)


def _seats(branch: UnitRef, round_id: int) -> Iterator[Door]:
    """Whoever may take part may do so in private."""
    may = of_branch(branch)
    yield pressing("quiz:seat", may, round_id, in_group=True)
    yield Door("links", "qr", f"/start qr_{base36(round_id)}", may)
    for verb in ("say", "tick", "untick"):
        yield pressing(f"quiz:{verb}", may, round_id, 1, 0)
    yield pressing("quiz:sure", may, round_id, 1)


def _quiz(scene: Scene) -> Iterator[Door]:
    branch, round_id = scene.units[BRANCH], scene.of["round"]
    run = at(Right.RUN_QUIZ, branch)
    yield pressing("quiz:live", run, scene.of["paper"], in_group=True)
    yield pressing("quiz:quick", run, 3, in_group=True)
    yield pressing("quiz:leave", run, in_group=True)
    yield pressing("quiz:join", lambda one: one.actor is not None and belongs(one, branch), round_id, in_group=True)
    yield from _seats(branch, round_id)
    yield pressing("quiz:guests", run, round_id)
    yield pressing("quiz:begin", run, round_id)
    yield pressing("quiz:next", run, round_id, 0)
    for verb in ("pause", "resume", "end", "back"):
        yield pressing(f"quiz:{verb}", run, round_id)
    yield pressing("quiz:abort", run, round_id, alone=True)
    yield pressing("quiz:new", somewhere(Right.RUN_QUIZ))
    for verb, paper, *args in (
        ("bank", "draft", 0),
        ("topic", "draft", 0),
        ("count", "draft", 3),
        ("page", "draft", 0),
        ("step", "counted"),
        ("redraw", "counted"),
        ("publish", "counted"),
        ("drop", "draft"),
    ):
        yield pressing(f"quiz:{verb}", own("李四"), scene.of[str(paper)], *args)


# -- texts that were asked for, files ---------------------------------------------------------------------------------


def _reply(name: str, ref: object, text: str, who: Who, *, personal: bool = False) -> Door:
    return Door("replies", name, text, who, prompt=str(ref), is_personal=personal)


def _replies(scene: Scene) -> Iterator[Door]:
    branch, member = scene.units[BRANCH], scene.ids["龚䶮"]
    running, planned, held = (scene.meetings[name] for name in ("running", "planned", "held"))
    ahead = f"{planned.id}:{planned.version}"
    plan, exempt = on(Right.PLAN, planned), at(Right.EXEMPT, branch)
    asked = scene.meetings["occurrence"]
    yield _reply("members:name", base36(branch.id), "张三丰", unbound)
    yield _reply("members:exempt", f"{base36(member)}:DUE", "病休，党委，2026-03-01，2026-03-01", exempt)
    yield _reply("members:suspend", f"{base36(member)}:", "2026-03-01", exempt)
    yield _reply("meetings:plan", f"{scene.plans['preview'].draft_id}:title", "植树造林", own("李四"))
    yield _reply("meetings:past", scene.plans["past_reason"].draft_id, "当时没有登记", own("李四"))
    yield _reply("meetings:time", ahead, "4月3日15点", plan)
    yield _reply("meetings:move", f"{ahead}:{TIME}", "会议室有别的安排", plan)
    yield _reply("meetings:cancel", ahead, "讲师生病", plan)
    yield _reply("meetings:items", planned.id, "其他事项", plan)
    yield _reply("meetings:person", f"{scene.of['vote']}:ELECTION", "张三", on(Right.PLAN, running))
    yield _reply("meetings:minutes", f"{running.id}:summary", "讨论热烈", on(Right.MINUTES, running))
    yield _reply("meetings:dates", f"{asked.id}:{asked.version}", "4月3日15点", on(Right.PLAN, asked))
    yield _reply("banks:source", scene.words["sheet"], "中国共产党章程", own("李四"))
    yield _reply("attendance:reason", scene.record("planned", "张三"), "出差", own("张三"))
    yield _reply("attendance:correct", f"{held.id}:{member}:p", "手机没电", on(Right.CORRECT, held))
    yield _reply("attendance:day", f"{held.id}:{member}:TALK", "3月5日", on(Right.CORRECT, held))
    yield _reply("attendance:note", scene.record("held", "陈九"), "读了党章", own("李四"), personal=True)
    yield _reply("attendance:guests", f"{running.id}:PUBLIC", "3", on(Right.ROLL_CALL, running))
    yield _reply("attendance:vote", scene.of["vote"], "赞成2 反对0 弃权0", on(Right.MINUTES, running))


PARTS = (
    *(_plans, _changes, _minutes, _series, _answers, _sheets, _corrections, _votes_and_files),
    *(_banks, _quiz, _replies),
)
