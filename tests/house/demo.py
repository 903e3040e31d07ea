"""The local Telegram is a world of its own: whatever of `demo/` does not stand on the bot knows nothing of it."""

from collections.abc import Iterator

from tests.house.source import Rule, Source, Violation

# What drives the real bot inside that world, or fills it; everything else of the folder is the world.
ON_THE_BOT = frozenset(
    {"stepping", "stage", "seed", "history", "crowd", "run", "transcript", "facts", "year", "replay"}
)


def own_world(source: Source) -> Iterator[Violation]:
    if not source.path.startswith("bot/demo/") or source.name in ON_THE_BOT:
        return
    for statement, module, name in source.imports():
        path = (f"{module}.{name}" if name else module).split(".")
        if path[0] == "bot" and (path[1:2] != ["demo"] or ON_THE_BOT & set(path[2:3])):
            yield source.found("demo", statement, f"{'.'.join(path)}: the local Telegram knows nothing of the bot")


RULES: tuple[Rule, ...] = (own_world,)
