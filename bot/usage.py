"""How commands explain themselves and name what was typed wrong, in Chinese: typer's own words are English."""

import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from pydantic import ValidationError

# typer keeps its copy of click to itself; only here are its mistakes told apart, and a test makes each of them.
from typer._click import Command as Parsed
from typer._click import exceptions as mistakes
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from bot.yamlfile import nearest

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter, Parameter

WRONG_USE = 2


class _Explained(Parsed):
    """Of a command and of a group alike."""

    allow_extra_args = True  # looked at below: typer tells them only inside a sentence

    def format_help(self, ctx: "Context", formatter: "HelpFormatter") -> None:
        formatter.write("\n".join(_help(self, ctx)))

    def get_usage(self, ctx: "Context") -> str:
        words = [_written(param) for param in self.params if isinstance(param, TyperArgument)]
        words += ["命令"] if isinstance(self, TyperGroup) else []
        return " ".join(["用法：" + ctx.command_path, "[选项]", *words])

    def parse_args(self, ctx: "Context", args: list[str]) -> list[str]:
        with _telling(ctx):
            rest = super().parse_args(ctx, args)
        if rest and not isinstance(self, TyperGroup):
            raise _wrong(ctx, f"多了“{' '.join(rest)}”，请去掉；文件名里有空格时，用引号括起来。")
        return rest


class Command(_Explained, TyperCommand):
    pass


class Group(_Explained, TyperGroup):
    def invoke(self, ctx: "Context") -> object:
        with _telling(ctx):
            return super().invoke(ctx)

    def resolve_command(self, ctx: "Context", args: list[str]) -> tuple[str | None, Parsed | None, list[str]]:
        if args[0] not in self.commands:
            near = nearest(args[0], self.commands)
            raise _wrong(ctx, f"没有命令“{args[0]}”，" + (f"是否想写“{near}”？" if near else _choice(self)))
        return super().resolve_command(ctx, args)


def _help(command: Parsed, ctx: "Context") -> list[str]:
    params = command.get_params(ctx)
    lines = [command.get_usage(ctx), "", command.help or ""]
    if isinstance(command, TyperGroup):
        lines += _table("命令", [(name, below.help or "") for name, below in command.commands.items()])
    arguments = [param for param in params if isinstance(param, TyperArgument)]
    lines += _table("参数", [(_written(argument), argument.help or "") for argument in arguments])
    return lines + _table("选项", [_row(param) for param in params if isinstance(param, TyperOption)])


def _table(title: str, rows: list[tuple[str, str]]) -> list[str]:
    if not rows:
        return []
    wide = max(_width(first) for first, _ in rows)
    return ["", f"{title}：", *(f"  {first}{' ' * (wide - _width(first))}  {second}" for first, second in rows)]


def _row(option: TyperOption) -> tuple[str, str]:
    if option.name == "help":
        return "--help", "显示这份说明。"
    return _written(option), f"{'必填。' if option.required else ''}{option.help or ''}"


def _written(param: "Parameter") -> str:
    """As it is to be typed."""
    if isinstance(param, TyperArgument):
        return f"{param.metavar}{' …' if param.nargs == -1 else ''}"
    names = ", ".join(sorted([*param.opts, *param.secondary_opts], key=lambda name: name.startswith("--")))
    return f"{names} {param.metavar}" if param.metavar else names


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(character) in "WF" else 1 for character in text)


@contextmanager
def _telling(ctx: "Context") -> Iterator[None]:
    """What typer finds wrong ends the command with our words."""
    try:
        yield
    except mistakes.NoArgsIsHelpError:
        typer.echo(ctx.get_help(), err=True)
        raise typer.Exit(WRONG_USE) from None
    except mistakes.UsageError as mistake:
        raise _wrong(ctx, _told(ctx, mistake)) from None


def _wrong(ctx: "Context", text: str) -> typer.Exit:
    shown = "".join(character if character.isprintable() else "?" for character in text)
    typer.echo("\n".join([shown, ctx.get_usage(), f"说明：{ctx.command_path} --help"]), err=True)
    return typer.Exit(WRONG_USE)


def _told(ctx: "Context", mistake: mistakes.UsageError) -> str:
    if isinstance(mistake, mistakes.NoSuchOption):
        params = ctx.command.get_params(ctx)
        near = nearest(mistake.option_name, [name for param in params for name in (*param.opts, *param.secondary_opts)])
        return f"没有选项“{mistake.option_name}”" + (f"，是否想写“{near}”？" if near else "。")
    if isinstance(mistake, mistakes.BadOptionUsage):
        return _half_an_option(ctx, mistake.option_name)
    if isinstance(mistake, mistakes.MissingParameter) and isinstance(mistake.param, TyperArgument | TyperOption):
        return f"缺少{_named(mistake.param)}：{mistake.param.help}"
    if isinstance(mistake, mistakes.BadParameter) and isinstance(mistake.param, TyperArgument | TyperOption):
        return _unfit(mistake.param, mistake.__cause__)
    if isinstance(ctx.command, TyperGroup):
        return f"缺少命令，{_choice(ctx.command)}"
    return f"命令写得不对（{mistake.message}）。"


def _choice(group: TyperGroup) -> str:
    return f"可用的有 {'、'.join(group.commands)}。"


def _half_an_option(ctx: "Context", name: str) -> str:
    option = next(param for param in ctx.command.get_params(ctx) if name in (*param.opts, *param.secondary_opts))
    if option.metavar is None:
        return f"选项“{name}”后面不写值，请去掉等号和它后面的内容。"
    return f"选项“{name}”缺少值，写法：{name} {option.metavar}。"


def _unfit(param: TyperArgument | TyperOption, reason: BaseException | None) -> str:
    """A value that is not what the parameter takes."""
    value = reason.errors()[0]["input"] if isinstance(reason, ValidationError) else ""
    wrong = f"{_named(param)}的值“{value}”不对"
    if choices := param.type_descriptor.choices:
        return f"{wrong}，只能是 {' 或 '.join(map(str, choices))}。"
    if param.min is not None and param.max is not None:
        return f"{wrong}，应是 {param.min}～{param.max} 的整数。"
    return f"{wrong}。"


def _named(param: TyperArgument | TyperOption) -> str:
    return f"参数“{param.metavar}”" if isinstance(param, TyperArgument) else f"选项“{param.opts[0]}”"
