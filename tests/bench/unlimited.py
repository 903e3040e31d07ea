"""`ketang run` with the limiter off: what sending costs by itself."""

import asyncio

from bot import config as configuration
from bot import logs
from bot.app import build, prepare
from bot.clock import SystemClock
from bot.db import Database


async def main() -> None:
    settings = configuration.load()
    logs.set_up()
    clock, database = SystemClock(), Database(settings.database.url)
    await asyncio.to_thread(prepare, settings, database, now=clock.now())
    house = build(settings, configuration.require_token(settings), database=database, clock=clock, has_limits=False)
    await house.start()
    house.run()
    await house.wait()


if __name__ == "__main__":
    asyncio.run(main())
