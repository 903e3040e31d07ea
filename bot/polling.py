"""Our own getUpdates loop: raw JSON, stored before the next call confirms it, under a lease that one process holds."""

import asyncio
import contextlib
import json
import os
import random
import secrets
import socket
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from itertools import count
from typing import ClassVar

import structlog
from telegram.error import InvalidToken, NetworkError, RetryAfter

from bot import inbox
from bot.clock import Clock, monotonic
from bot.db import Database, NotSaved
from bot.errors import UserError
from bot.intake import ALLOWED_UPDATES, Intake
from bot.transport import Transport

log = structlog.get_logger()

POLL_TIME, READ_TIME = 25, 35.0  # seconds Telegram waits for updates, and we for its answer
BATCH = 100
BEAT = 5.0  # seconds between renewals of the lease
STAND_BY = 10.0  # seconds between looks of a process that does not receive
REBUILD_AFTER = 60.0  # seconds without a good poll: new connections
GIVE_UP_AFTER = 600.0  # seconds of 401: the token was revoked
BACK_OFF = (1, 2, 4, 8, 16, 25)  # with the jitter at most 30
COMPLAIN_EVERY = 60.0  # seconds between two lines in the log about one trouble


class Fatal(UserError):
    """The process cannot go on: what to do, and the exit code for scripts."""

    code: ClassVar[int]


class UnknownToken(Fatal):
    text = "Telegram 不认识这个令牌，请检查 KETANG_BOT__TOKEN，或向 @BotFather 重新申请。"
    code = 2


class RevokedToken(Fatal):
    text = "令牌已被 Telegram 拒绝 10 分钟，请向 @BotFather 更换令牌后重新启动。"
    code = 3


class ConflictNotice(UserError):
    text = "收不到消息：另有程序在用同一个令牌。请停掉另一个程序。"


class WebhookNotice(UserError):
    text = "收不到消息：这个令牌设置了 webhook。改用轮询请调用 Bot API 的 deleteWebhook，排队的消息不会丢失。"


@dataclass(frozen=True, slots=True)
class Poll:
    """What one getUpdates brought: how many updates, or how long to wait before the next."""

    count: int = 0
    pause: float = 0.0


async def connect(initialize: Callable[[], Awaitable[None]]) -> None:
    """The first call of a start, made until Telegram answers; raises UnknownToken when it refuses the token."""
    for failures in count():
        pause = BACK_OFF[min(failures, len(BACK_OFF) - 1)] * random.uniform(0.8, 1.2)  # noqa: S311  # jitter
        try:
            await initialize()
        except InvalidToken as error:  # its text holds the token
            if "not found" in str(error.__cause__).lower() or failures >= len(BACK_OFF):
                raise UnknownToken from None
            log.warning("token_refused", pause=round(pause, 1))
        except RetryAfter as error:
            after = error.retry_after
            pause = after.total_seconds() if isinstance(after, timedelta) else float(after)
        except NetworkError as error:
            log.warning("start_failed", reason=type(error).__name__, pause=round(pause, 1))
        else:
            return
        await asyncio.sleep(pause)


def own_name() -> str:
    """This process among all that may ever share the database."""
    return f"{socket.gethostname()}:{os.getpid()}:{secrets.token_hex(4)}"


def is_gone(owner: str) -> bool:
    """Whether the process of that name surely lives no more: it was on this machine and its number is free or ours."""
    host, _, rest = owner.rpartition(":")[0].rpartition(":")
    if not rest.isdigit() or host != socket.gethostname():
        return owner == ""
    if int(rest) == os.getpid():
        return True
    try:
        os.kill(int(rest), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


class Poller:
    """Receives by polling. `once` is one call; `run` goes on until cancelled, or Fatal."""

    def __init__(
        self,
        database: Database,
        clock: Clock,
        transport: Transport,
        intake: Intake,
        *,
        url: str,
        on_good: Callable[[], None],
        on_conflict: Callable[[UserError], Awaitable[None]],
        on_stand_by: Callable[[bool], None],
        seconds: Callable[[], float] = monotonic,
    ) -> None:
        self._database, self._clock, self._transport, self._intake = database, clock, transport, intake
        self._url, self._on_good, self._on_conflict = url, on_good, on_conflict
        self._on_stand_by = on_stand_by
        self.is_receiver = False
        self.is_standing_by = False  # another process of ours holds the lease
        self.is_conflict = False
        self._seconds = seconds
        self.last_good = self._rebuilt_at = seconds()
        self._complained_at: float | None = None
        self._refused_since: float | None = None
        self._has_had_good = False
        self._failures = 0
        self._is_drained = False

    async def hold(self) -> bool:
        """Take or renew the lease; the one who newly takes it also takes over what was left unhandled."""
        held = await self._database.transact(inbox.hold, self._intake.owner, is_gone, now=self._clock.now())
        if held.is_ours and (held.is_new or not self.is_receiver):
            self._is_drained = False
            self._intake.last_good_at = held.beat_at
            await self._intake.recover()
        elif held.is_ours:  # the one before us may have lived on for a moment, stored something, and died
            await self._intake.recover(only_lapsed=True)
        if not held.is_ours and self.is_receiver:
            log.warning("receiver_lost", holder=held.holder)
        self.is_receiver = held.is_ours
        if self.is_standing_by == held.is_ours:
            self._stand_by(not held.is_ours)
        return held.is_ours

    def _stand_by(self, is_standing_by: bool) -> None:
        """Do nothing that another process of ours is doing."""
        self.is_standing_by = is_standing_by
        self._on_stand_by(is_standing_by)

    async def after_jump(self) -> None:
        """The clock was set forward: that is no outage of ours."""
        await self._database.transact(inbox.beat, self._intake.owner, now=self._clock.now())
        self._intake.note_good_poll()

    async def run(self) -> None:
        beating = asyncio.get_running_loop().create_task(self._keep_lease())
        try:
            await self._receive()
        finally:
            beating.cancel()

    async def _keep_lease(self) -> None:
        while True:
            await asyncio.sleep(BEAT)
            with contextlib.suppress(NotSaved):
                if self.is_receiver:
                    await self.hold()

    async def _receive(self) -> None:
        while True:
            try:
                if not self.is_receiver and not await self.hold():
                    await asyncio.sleep(BEAT)
                    continue
                # Only an answer that was not waited for says that nothing is left of what came while nobody listened.
                pause = (await self.once(POLL_TIME if self._is_drained else 0)).pause
            except NotSaved:
                pause = 1.0  # nothing was acknowledged: Telegram gives the same updates again
            if pause:
                await self._maybe_rebuild()
                await asyncio.sleep(pause)

    async def once(self, wait: int) -> Poll:
        """One getUpdates; its updates are stored when this returns. Raises NotSaved, Fatal."""
        parameters: dict[str, object] = {"timeout": wait, "limit": BATCH, "allowed_updates": ALLOWED_UPDATES}
        if self._intake.next_update_id is not None:
            parameters["offset"] = self._intake.next_update_id
        try:
            status, body = await self._transport.post_raw(
                self._url + "/getUpdates", parameters, timeout=READ_TIME if wait else 10.0
            )
        except NetworkError as error:
            return self._failed(type(error).__name__)
        try:
            answer = json.loads(body)
        except ValueError:
            return self._failed(f"no json ({status})")
        if status != 200 or not isinstance(answer, dict) or not isinstance(answer.get("result"), list):
            return await self._refused(status, answer if isinstance(answer, dict) else {})
        return await self._good(answer["result"])

    async def _good(self, updates: list[object]) -> Poll:
        await self._intake.accept(updates)
        self.last_good, self._failures, self._refused_since = self._seconds(), 0, None
        self._complained_at = None
        self.is_conflict, self._has_had_good = False, True
        self._on_good()
        if not updates and not self._is_drained:
            await self._intake.drain()
            await self._database.transact(inbox.mark_drained, now=self._clock.now())
            self._is_drained = True
        return Poll(len(updates))

    def _failed(self, reason: str) -> Poll:
        pause = BACK_OFF[min(self._failures, len(BACK_OFF) - 1)]
        self._failures += 1
        now = self._seconds()
        if self._complained_at is None or now - self._complained_at >= COMPLAIN_EVERY:
            self._complained_at = now
            log.warning("poll_failed", reason=reason, failures=self._failures)
        return Poll(pause=pause * random.uniform(0.8, 1.2))  # noqa: S311  # jitter

    async def _refused(self, status: int, answer: dict[str, object]) -> Poll:
        if status == 429:
            parameters = answer.get("parameters")
            wait = parameters.get("retry_after") if isinstance(parameters, dict) else None
            return Poll(pause=float(wait) if isinstance(wait, int) else BACK_OFF[-1])
        if status == 409:
            return await self._conflict(str(answer.get("description", "")))
        if status in (401, 404):
            return self._unauthorized(status)
        return self._failed(f"status {status}")

    async def _conflict(self, description: str) -> Poll:
        """Another program polls with our token, or a webhook is set: stand by, say so once."""
        await self._database.transact(inbox.let_go, self._intake.owner, now=self._clock.now())
        self.is_receiver = False
        if not self.is_conflict:
            self.is_conflict = True
            log.warning("poll_conflicted", description=description)
            await self._on_conflict(WebhookNotice() if "webhook" in description else ConflictNotice())
        return Poll(pause=STAND_BY)

    def _unauthorized(self, status: int) -> Poll:
        if not self._has_had_good and status == 404:
            raise UnknownToken
        now = self._seconds()
        self._refused_since = now if self._refused_since is None else self._refused_since
        if now - self._refused_since > GIVE_UP_AFTER:
            raise RevokedToken
        return self._failed(f"status {status}")

    async def _maybe_rebuild(self) -> None:
        now = self._seconds()
        if now - self.last_good > REBUILD_AFTER and now - self._rebuilt_at > REBUILD_AFTER:
            self._rebuilt_at = now
            log.warning("transport_rebuilt", seconds_silent=round(now - self.last_good))
            await self._transport.rebuild()

    async def stop(self) -> None:
        with contextlib.suppress(NotSaved):
            await self._database.transact(inbox.let_go, self._intake.owner, now=self._clock.now())
