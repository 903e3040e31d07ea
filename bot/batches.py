"""Calls on their way to the writing thread and back: those that come together share one commit."""

import asyncio
from collections.abc import Callable, Hashable, Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from functools import partial
from queue import Empty, SimpleQueue
from typing import TypeVar, cast

from sqlalchemy.orm import Session

R = TypeVar("R")

GROUP = 64  # calls that share one commit: more would only lengthen the wait of the first


@dataclass(slots=True, eq=False)
class Call:
    """One caller's wish. What many wish at once and `fn` does for all together waits as an item for `fn`."""

    fn: Callable[..., object]
    done: Callable[[object, BaseException | None], None]
    loop: asyncio.AbstractEventLoop | None = None
    args: tuple[object, ...] = ()
    kwargs: dict[str, object] | None = None
    is_item: bool = False
    result: object = None
    error: BaseException | None = None

    @property
    def name(self) -> str:
        return getattr(self.fn, "__qualname__", type(self.fn).__name__)

    @property
    def shared(self) -> Hashable:
        """What calls that are done together have in common."""
        return self.fn if self.is_item else self


def together(batch: Iterable[Call]) -> list[list[Call]]:
    """The transactions of a batch, each where its first call stood."""
    found: dict[Hashable, list[Call]] = {}
    for call in batch:
        found.setdefault(call.shared, []).append(call)
    return list(found.values())


def perform(session: Session, calls: Sequence[Call]) -> None:
    """Do what calls wish that are one transaction."""
    for call in calls:
        call.error = None  # of an attempt before this
    first = calls[0]
    if first.is_item:
        results = cast("Sequence[object]", first.fn(session, [call.args[0] for call in calls]))
        for call, result in zip(calls, results, strict=True):
            call.result = result
    else:
        first.result = first.fn(session, *first.args, **(first.kwargs or {}))


class Waiting:
    """Calls no thread has taken yet."""

    def __init__(self) -> None:
        self._calls: SimpleQueue[Call | None] = SimpleQueue()

    def put(self, call: Call) -> None:
        self._calls.put(call)

    def end(self) -> None:
        """Nothing follows: after what is here, the taker hears None."""
        self._calls.put(None)

    def take(self) -> list[Call] | None:
        """Whatever is there, as soon as anything is."""
        if (call := self._calls.get()) is None:
            return None
        batch = [call]
        while len(batch) < GROUP:
            try:
                call = self._calls.get_nowait()
            except Empty:
                break
            if call is None:  # finish this batch, then hear it again
                self.end()
                break
            batch.append(call)
        return batch


def telling(waiting: asyncio.Future[R] | Future[R]) -> Callable[[object, BaseException | None], None]:
    return partial(_settle, waiting)


def _settle(waiting: asyncio.Future[R] | Future[R], result: object, error: BaseException | None) -> None:
    if waiting.done():  # whoever asked has gone
        return
    if error is not None:
        waiting.set_exception(error)
    else:
        waiting.set_result(result)  # type: ignore[arg-type]  # the result of the caller's fn, which is R


def fail(batch: Iterable[Call], error: BaseException) -> None:
    for call in batch:
        call.result, call.error = None, error


def hand_back(batch: Iterable[Call]) -> None:
    """One wake-up of each loop for the whole batch: waking it once a call costs more than the calls."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Call]] = {}
    for call in batch:
        if call.loop is None:
            call.done(call.result, call.error)
        else:
            by_loop.setdefault(call.loop, []).append(call)
    for loop, calls in by_loop.items():
        if not loop.is_closed():
            loop.call_soon_threadsafe(_tell, calls)


def _tell(calls: list[Call]) -> None:
    for call in calls:
        call.done(call.result, call.error)
