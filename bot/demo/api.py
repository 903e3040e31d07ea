"""One call of the Bot API against one world: faults, limits, the method, the check of the answer, the call log."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass

from bot.demo import methods, methods_chat, methods_menu, methods_poll, refusals, wire
from bot.demo.faults import Failure, Way
from bot.demo.journal import Call
from bot.demo.parameters import Parameters
from bot.demo.refusals import Refused
from bot.demo.wire import Arguments, Payload, Upload
from bot.demo.world import World

METHODS: dict[str, methods.Method] = (
    methods.METHODS | methods_poll.METHODS | methods_chat.METHODS | methods_menu.METHODS
)
LIMITED = frozenset(name for name in METHODS if name.startswith(("send", "edit"))) - {"sendchataction"}
STATUS_OF = {Way.BAD_GATEWAY: 502, Way.GARBAGE: 200, Way.LOST_BEFORE: 0, Way.LOST_AFTER: 0, Way.CUT_AFTER: 0}


@dataclass(frozen=True, slots=True)
class Reply:
    """What goes back: a JSON body, or a way to fail without one."""

    status: int
    body: Payload
    way: Way | None = None


def ok(result: object) -> Reply:
    return Reply(200, {"ok": True, "result": result})


def refusal(refused: Refused) -> Reply:
    return Reply(refused.code, refused.body)


def failure(failed: Failure) -> Reply:
    if failed.refusal is not None:
        return refusal(failed.refusal)
    return Reply(STATUS_OF[failed.way], {"ok": False, "description": failed.way.name.lower()}, failed.way)


def decode(world: World, name: str, fields: Mapping[str, object], uploads: Mapping[str, Upload]) -> Arguments:
    """The call's arguments; what the method does not know, or needs and lacks, is kept as a warning."""
    method = wire.methods()[name]
    arguments = wire.decode(method, fields, uploads)
    for unknown in arguments.unknown:
        world.warn(f"{method.name}: unknown parameter {unknown}")
    for missing in arguments.missing:
        world.warn(f"{method.name}: parameter {missing} is missing")
    return arguments


def answer(world: World, name: str, fields: Mapping[str, object], uploads: Mapping[str, Upload]) -> Reply:
    """Answers any method but getUpdates; `name` in lower case."""
    started = time.perf_counter()
    if name not in METHODS:
        return record(world, name, {}, refusal(refusals.method_not_found()), started)
    values = decode(world, name, fields, uploads).values
    return record(world, wire.methods()[name].name, values, _carry_out(world, name, values), started)


def _carry_out(world: World, name: str, values: Payload) -> Reply:
    world.polls.close_due()  # by Telegram's own clock: before anything that the bot says after it
    parameters = Parameters(values)
    chat_id = parameters.number("chat_id")
    struck = world.faults.strike(name, chat_id)
    if struck is not None and not struck.has_effect:
        return failure(struck)
    try:
        if world.has_limits and name in LIMITED:
            world.limits.spend(chat_id or 0, world.now())
        result = METHODS[name](world, parameters)
    except Refused as refused:
        return refusal(refused)
    if world.has_checks:
        wire.check_result(name, result)
    return failure(struck) if struck is not None else ok(result)


def record(world: World, method: str, values: Payload, reply: Reply, started: float) -> Reply:
    """Writes the call into the journal."""
    body = reply.body
    world.journal.write_call(
        Call(
            at=world.now(),
            method=method,
            chat_id=Parameters(values).number("chat_id"),
            status=reply.status,
            description=str(body.get("description", "")),
            latency=(time.perf_counter() - started) * 1000,
            parameters=values,
            result=body.get("result"),
        )
    )
    return reply
