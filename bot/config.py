"""Every setting, from a YAML file and the environment above it, with errors that say line, reason and remedy."""

import os
import re
from pathlib import Path
from typing import Annotated, ClassVar, Literal, Never, cast
from urllib.parse import urlsplit
from zoneinfo import available_timezones

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, ValidationError
from pydantic_core import ErrorDetails, PydanticCustomError
from pydantic_settings import BaseSettings, NoDecode, PydanticBaseSettingsSource, SettingsConfigDict

from bot import yamlfile
from bot.errors import UserError
from bot.reasons import why

TOKEN = re.compile(r"[0-9]+:[A-Za-z0-9_-]+")
DEMO_TOKEN = re.compile(r"[0-9]+:DEMO-")
PREFIX = "KETANG_"
ZONE = "Asia/Shanghai"

_TEXTS = {
    "E001": "{file} 不是 UTF-8 编码（像是 GBK）。请用记事本“另存为”，编码选 UTF-8。",
    "E002": "第 {line} 行“{text}”用了中文冒号，请改成英文冒号加空格。",
    "E003": "第 {line} 行用了制表符缩进，请改成空格。",
    "E013": "第 {line} 行“{key}”重复（第 {n} 行已写过），请删掉一处。",
}


class ConfigError(UserError):
    """Everything wrong with the settings, one line each."""

    text: ClassVar[str] = "{problems}"


NO_NUMBER = "管理员要填数字编号，不能填“{value}”；私聊机器人发 /id 可得到。"


def _ids(value: object) -> object:
    """`1, 2`, `[1, 2]` or a YAML list."""
    if isinstance(value, int):
        return [value]
    parts = re.findall(r"[^\s,，、;；\[\]]+", value) if isinstance(value, str) else value
    for part in parts if isinstance(parts, list | tuple) else (parts,):
        if not re.fullmatch(r"[0-9]{1,15}", str(part)):
            raise PydanticCustomError("ids", NO_NUMBER, {"value": str(part)})
    return parts


def _token(value: SecretStr) -> SecretStr:
    token = value.get_secret_value()
    if token and not DEMO_TOKEN.match(token) and not TOKEN.fullmatch(token):
        raise PydanticCustomError("token", "机器人令牌格式不对，应为“数字:字母数字”。")
    return value


def _zone(value: str) -> str:
    if value != ZONE:
        known = value in available_timezones()
        text = "目前只支持 Asia/Shanghai。" if known else "没有时区“{value}”，中国请写 Asia/Shanghai。"
        raise PydanticCustomError("zone", text, {"value": value})
    return value


def _server(value: str) -> str:
    """Where the methods are: the token and their name follow directly."""
    address = value.rstrip("/")
    if not (_has_host(address, ("http", "https")) and address.endswith("/bot")):
        raise PydanticCustomError("server", "看不懂 Bot API 服务器地址，应像 http://主机:端口/bot，以 /bot 结尾。")
    return address


def _proxy(value: str) -> str:
    if value and not (_has_host(value, ("http", "socks4", "socks5")) and urlsplit(value).port):
        raise PydanticCustomError("proxy", "看不懂代理地址，应像 socks5://主机:端口 或 http://主机:端口。")
    return value


def _secret(value: SecretStr) -> SecretStr:
    if not re.fullmatch(r"[A-Za-z0-9_-]{0,256}", value.get_secret_value()):
        raise PydanticCustomError("secret", "webhook 的密钥只能用字母、数字、下划线、连字符，最长 256 个。")
    return value


def _has_host(address: str, schemes: tuple[str, ...]) -> bool:
    try:
        parts = urlsplit(address)
        return parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError:  # a port that is no number
        return False


def _database(value: str) -> str:
    """As SQLAlchemy wants it; PostgreSQL is usually written without a driver."""
    url = re.sub(r"^postgres(ql)?:", "postgresql+psycopg:", value)
    is_file = re.match(r"sqlite(\+pysqlite)?:///.", url) is not None and ":memory:" not in url
    is_by_socket = re.match(r"postgresql\+psycopg://([^/@]*@)?/.", url) is not None
    if not (is_file or is_by_socket or _has_host(url, ("postgresql+psycopg",))):
        raise PydanticCustomError("database", "看不懂数据库地址，应为 sqlite:///… 或 postgresql://…。")
    return url


def _export_folder(value: str) -> str:
    if "\0" in value or Path(value) in (Path(), Path("/")):
        raise PydanticCustomError("folder", "导出文件夹要是一个单独的目录，例如 data/exports。")
    return value


Ids = Annotated[tuple[int, ...], NoDecode, BeforeValidator(_ids)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Bot(_Section):
    token: Annotated[SecretStr, AfterValidator(_token)] = SecretStr("")
    base_url: Annotated[str, AfterValidator(_server)] = "https://api.telegram.org/bot"
    proxy: Annotated[str, AfterValidator(_proxy)] = ""
    webhook_secret: Annotated[SecretStr, AfterValidator(_secret)] = SecretStr("")


class DatabaseSection(_Section):
    url: Annotated[str, AfterValidator(_database)] = "sqlite:///data/ketang.db"


class Web(_Section):
    host: str = "127.0.0.1"
    port: Annotated[int, Field(ge=0, le=65535)] = 8080


class Members(_Section):
    invite_hours: Annotated[int, Field(ge=1, le=168)] = 24


class Quiz(_Section):
    top_names_allowed: bool = False
    admin_sees_names: bool = False


class Log(_Section):
    format: Literal["console", "json"] = "console"


class Config(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    bot: Bot = Bot()
    database: DatabaseSection = DatabaseSection()
    root_user_ids: Ids = ()
    timezone: Annotated[str, AfterValidator(_zone)] = ZONE
    web: Web = Web()
    members: Members = Members()
    quiz: Quiz = Quiz()
    exports: Literal["chat", "folder"] = "chat"
    export_folder: Annotated[str, AfterValidator(_export_folder)] = "data/exports"
    export_days: Annotated[int, Field(ge=1, le=365)] = 7
    log: Log = Log()


class _Layered(Config, BaseSettings):
    """The environment (`KETANG_BOT__TOKEN`) above the file."""

    model_config = SettingsConfigDict(
        frozen=True, extra="forbid", env_prefix=PREFIX, env_nested_delimiter="__", env_ignore_empty=True
    )

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return env_settings, init_settings


def load(path: Path | None = None) -> Config:
    """The settings of `path` (or `config.yaml` if it is there) and the environment; raises ConfigError."""
    file = path or Path("config.yaml")
    root = _read(file, is_needed=path is not None)
    _refuse_unknown_variables()
    values = yamlfile.plain(root) if root is not None else {}
    if not isinstance(values, dict):
        raise ConfigError(problems=f"{file.name} 应是“名称: 值”的列表。")
    try:
        layered = _Layered(**cast("dict[str, Never]", _without_empty(values)))  # pydantic judges the types
        return Config.model_validate(layered.model_dump())
    except ValidationError as error:
        raise ConfigError(problems="\n".join(_worded(detail, root) for detail in error.errors())) from None


def require_token(config: Config) -> str:
    """The token for a real start; raises ConfigError without one, or with the demo's."""
    token = config.bot.token.get_secret_value()
    if not token:
        raise ConfigError(
            problems="还没有填写机器人令牌。请设置环境变量 KETANG_BOT__TOKEN，或运行 ketang demo 先体验。"
        )
    if DEMO_TOKEN.match(token):
        raise ConfigError(problems="这是演示用的令牌，只能用于 ketang demo；请向 @BotFather 申请自己的令牌。")
    return token


def _refuse_unknown_variables() -> None:
    """Of a section that does not exist; those of a section that does are judged with its keys."""
    problems = []
    for variable in sorted(name for name in os.environ if name.startswith(PREFIX)):
        name = variable.removeprefix(PREFIX).partition("__")[0].lower()
        if name not in Config.model_fields:
            near = yamlfile.nearest(name, Config.model_fields)
            problems.append(f"环境变量 {variable} 不认识“{name}”" + (f"，是否想写“{near}”？" if near else "。"))
    if problems:
        raise ConfigError(problems="\n".join(problems))


def _without_empty(values: dict[str, yamlfile.Plain]) -> dict[str, yamlfile.Plain]:
    """`key:` with nothing behind it means the default."""
    kept = {name: _without_empty(v) if isinstance(v, dict) else v for name, v in values.items()}
    return {name: value for name, value in kept.items() if value != ""}


def _read(file: Path, *, is_needed: bool) -> yamlfile.Node | None:
    words = yamlfile.Words(keys=frozenset(_known()))
    try:
        data = file.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        if not is_needed:
            return None
        raise ConfigError(
            problems=f"找不到配置文件 {file}。可复制 config.example.yaml 后再启动，或先运行 ketang demo。"
        ) from None
    except OSError as error:
        raise ConfigError(problems=f"读不了配置文件 {file}：{why(error)}。") from None
    document = yamlfile.read(data, words)
    if document.faults:
        lines = data.decode(errors="replace").splitlines()
        raise ConfigError(problems="\n".join(_described(fault, file, lines) for fault in document.faults))
    return document.root


def _described(fault: yamlfile.Fault, file: Path, lines: list[str]) -> str:
    text = lines[fault.line - 1].strip() if fault.line <= len(lines) else ""
    if fault.code in {"E005", "E009"} and (name := re.search(r"@\w*", text)):  # no YAML value begins with it
        return f"第 {fault.line} 行{NO_NUMBER.format(value=name[0])}"
    if (told := _TEXTS.get(fault.code)) is None:
        return f"第 {fault.line} 行：{yamlfile.describe(fault)}"
    return told.format(file=file.name, line=fault.line, text=text, **fault.params)


def _known() -> dict[str, object]:
    known: dict[str, object] = {}
    for name, field in Config.model_fields.items():
        known[name] = field
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            known |= dict(field.annotation.model_fields)
    return known


_OUR_ERRORS = {"ids", "token", "zone", "database", "server", "proxy", "secret", "folder"}


def _worded(error: ErrorDetails, root: yamlfile.Node | None) -> str:
    path = [part for part in error["loc"] if isinstance(part, str)]
    name = path[-1] if path else ""
    where = f"环境变量 KETANG_{'__'.join(path).upper()} "
    if root is not None and (line := _line(root, path, of_key=error["type"] == "extra_forbidden")):
        where = f"第 {line} 行"
    if error["type"] == "extra_forbidden":
        near = yamlfile.nearest(name, _known())
        return f"{where}不认识“{name}”" + (f"，是否想写“{near}”？" if near else "。")
    if error["type"] in _OUR_ERRORS:
        return f"{where}{error['msg']}"
    if error["type"] == "literal_error":
        return f"{where}“{name}”只能是 {error['ctx']['expected'].replace(' or ', ' 或 ').replace(chr(39), '')}。"
    if error["type"] == "model_type":
        return f"{where}“{name}”下面应另起一行，缩进写各项设置。"
    if error["type"].startswith("bool"):
        return f"{where}“{name}”只能是 true 或 false。"
    bounds = error.get("ctx", {})
    if "ge" in bounds or "le" in bounds:
        return f"{where}“{name}”超出范围。"
    return f"{where}“{name}”的值不对，这里应填{'数字' if 'int' in error['type'] else '文字'}。"


def _line(root: yamlfile.Node, path: list[str], *, of_key: bool) -> int | None:
    """Where a setting stands in the file, if it does: its value, or its name."""
    node: yamlfile.Node | None = root
    line = None
    for step in path:
        above, node = node, node.get(step) if isinstance(node, yamlfile.Mapping) else None
        if node is None:
            return None
        line = above.keys[step].line if of_key and isinstance(above, yamlfile.Mapping) else node.line
    return line
