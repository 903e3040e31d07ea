"""What is kept where and who may change it: transactions, SQL, time, chance, memory (rules 3 to 7, 10)."""

import ast
from collections.abc import Iterator

from tests.house.source import Rule, Source, Violation, name_of, owner_of, parameters

# Modules that only bring the word Session into their signatures.
SESSION_FILES = frozenset({"bot/context.py", "bot/gate.py", "bot/app.py", "bot/schedule.py"})
DOORS = frozenset({"jobs", "commandline"})

OWN_TIME = {
    "datetime": {"now", "utcnow", "today"},
    "date": {"today"},
    "time": {"time", "time_ns", "monotonic", "monotonic_ns", "perf_counter", "localtime", "gmtime", "sleep"},
}
# APScheduler compares with the machine's time, so there a moment of ours is turned into one of the machine's.
# The page of the local Telegram shows how long a call really took, and that world may not know our clock.
MACHINE_TIME = {
    "bot/clock.py": OWN_TIME,
    "bot/schedule.py": {"datetime": {"now"}},
    "bot/demo/api.py": {"time": {"perf_counter"}},
    "bot/demo/server.py": {"time": {"perf_counter"}},
}
ZONE_FILES = frozenset({"bot/periods.py", "bot/config.py"})  # config only asks whether a zone exists
# How long a process waits before it tries again is no chance that anybody's figures rest on.
JITTER_FILES = frozenset({"bot/db.py", "bot/polling.py"})

CONTAINERS = frozenset({"dict", "list", "set", "defaultdict", "deque"})
FORBIDDEN_MODULES = (
    "pickle",
    "cPickle",
    "cloudpickle",
    "dill",
    "shelve",
    "marshal",
    "jsonpickle",
    "apscheduler.jobstores",
)
FORBIDDEN_NAMES = frozenset(
    {
        "PicklePersistence",
        "DictPersistence",
        "BasePersistence",
        "ConversationHandler",
        "JobQueue",
        "CallbackDataCache",
        "AIORateLimiter",
        "arbitrary_callback_data",
        "user_data",
        "chat_data",
        "add_jobstore",
        "drop_pending_updates",
        "run_repeating",
    }
)


def asynchrony(source: Source) -> Iterator[Violation]:
    if source.feature is None or source.is_handlers:
        return
    for kind in (ast.AsyncFunctionDef, ast.Await, ast.AsyncWith, ast.AsyncFor):
        for node in source.of(kind):
            yield source.found("async", node, "in a feature only handlers are asynchronous")


def commits(source: Source) -> Iterator[Violation]:
    for call in source.of(ast.Call) if source.path != "bot/db.py" else ():
        if isinstance(call.func, ast.Attribute) and call.func.attr == "commit":
            yield source.found("commit", call, "only db commits")


def use_cases(source: Source) -> Iterator[Violation]:
    """`session` first, a service's `now` last or by name; a use case that is told its sender asks who that is."""
    for function in source.tree.body if source.feature is not None else ():
        if not isinstance(function, ast.FunctionDef):
            continue
        places = [arg.arg for arg in [*function.args.posonlyargs, *function.args.args]]
        if "session" in places[1:]:
            yield source.found("session", function, f"{function.name} does not take session first")
        if source.house_file == "service" and "now" in places[:-1]:
            yield source.found("now", function, f"{function.name} takes now in the middle")
        if "session" in places and "sender" in places and not _uses(function, "sender"):
            yield source.found("actor", function, f"{function.name} never asks who its sender is")


def _uses(function: ast.FunctionDef, name: str) -> bool:
    return any(isinstance(node, ast.Name) and node.id == name for node in ast.walk(function))


def moments(source: Source) -> Iterator[Violation]:
    for function in source.functions():
        for arg in parameters(function):
            if arg.arg == "now" and (arg.annotation is None or name_of(arg.annotation) != "datetime"):
                yield source.found("now", function, f"{function.name}: now is no datetime")


def plain_data(source: Source) -> Iterator[Violation]:
    """What services and rules hand out cannot be changed by whoever gets it."""
    if source.feature is None or source.name not in {"rules", "service"}:
        return
    for made in source.of(ast.ClassDef):
        for mark in made.decorator_list:
            is_frozen = isinstance(mark, ast.Call) and any(key.arg == "frozen" for key in mark.keywords)
            if name_of(mark.func if isinstance(mark, ast.Call) else mark) == "dataclass" and not is_frozen:
                yield source.found("frozen", made, f"{made.name} is not frozen")


def sql(source: Source) -> Iterator[Violation]:
    for call in source.of(ast.Call):
        if _is_sql(call.func) and any(_is_put_together(argument) for argument in call.args[:1]):
            yield source.found("sql", call, "SQL put together from strings")
    for statement, module, name in source.imports():
        if module.startswith("sqlalchemy.dialects") and source.path != "bot/db.py":
            yield source.found("dialect", statement, "only db knows which database it is")
        if module.split(".")[0] == "sqlalchemy" and _knows_sessions_only(source) and name != "Session":
            yield source.found("sql", statement, f"{name or module}: only the word Session is known here")


def _is_sql(function: ast.expr) -> bool:
    by_name = isinstance(function, ast.Name) and function.id == "text"
    of_library = name_of(function) == "text" and owner_of(function) in {"sa", "sqlalchemy"}
    return by_name or of_library or name_of(function) == "exec_driver_sql"


def _is_put_together(argument: ast.expr) -> bool:
    is_formatted = isinstance(argument, ast.Call) and name_of(argument.func) in {"format", "join"}
    return isinstance(argument, ast.JoinedStr | ast.BinOp) or is_formatted


def _knows_sessions_only(source: Source) -> bool:
    return source.path in SESSION_FILES or source.is_handlers or (source.feature is not None and source.name in DOORS)


def own_time(source: Source) -> Iterator[Violation]:
    allowed = MACHINE_TIME.get(source.path, {})
    for node in source.of(ast.Attribute):
        owner, name = owner_of(node), name_of(node)
        if name in OWN_TIME.get(owner, ()) and name not in allowed.get(owner, ()):
            yield source.found("time", node, f"{owner}.{name}: only clock reads the time")
    for statement, module, name in source.imports():
        if module == "time" and name and source.path != "bot/clock.py":
            yield source.found("time", statement, f"{name} of time: only clock reads the time")
        if module == "zoneinfo" and source.path not in ZONE_FILES:
            yield source.found("zone", statement, "zones stand in periods")


def chance(source: Source) -> Iterator[Violation]:
    if source.path in JITTER_FILES:
        return
    for node in source.of(ast.Attribute):
        if owner_of(node) == "random" and node.attr != "Random":
            yield source.found("chance", node, f"random.{node.attr}: take an rng")
    for statement, module, name in source.imports():
        if module == "random" and name not in {"", "Random"}:
            yield source.found("chance", statement, f"{name} of random: take an rng")


def memory(source: Source) -> Iterator[Violation]:
    """Nothing that matters may live in a module's variable."""
    for node in source.of(ast.Global):
        yield source.found("memory", node, "a module's variable that changes")
    for statement in source.tree.body if source.feature is not None else ():
        if isinstance(statement, ast.Assign | ast.AnnAssign) and _is_empty_container(statement.value):
            yield source.found("memory", statement, "an empty container of a module is meant to be filled")


def _is_empty_container(value: ast.expr | None) -> bool:
    if isinstance(value, ast.Call):
        return name_of(value.func) in CONTAINERS and not value.args
    return (isinstance(value, ast.Dict) and not value.keys) or (isinstance(value, ast.List) and not value.elts)


def foreign_state(source: Source) -> Iterator[Violation]:
    """State belongs into rows: no pickles, no job stores, nothing of a library's own memory."""
    for statement, module, name in source.imports():
        if any(f"{module}.{name}.".startswith(f"{forbidden}.") for forbidden in FORBIDDEN_MODULES):
            yield source.found("state", statement, f"{module} is not used")
        elif name in FORBIDDEN_NAMES:
            yield source.found("state", statement, f"{name} is not used")
    for node in source.names():
        if name_of(node) in FORBIDDEN_NAMES:
            yield source.found("state", node, f"{name_of(node)} is not used")
    for key in source.of(ast.keyword):
        if key.arg in FORBIDDEN_NAMES:
            yield source.found("state", key.value, f"{key.arg} is not used")


RULES: tuple[Rule, ...] = (
    asynchrony,
    commits,
    use_cases,
    moments,
    plain_data,
    sql,
    own_time,
    chance,
    memory,
    foreign_state,
)
