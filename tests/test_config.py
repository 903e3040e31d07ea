"""Settings from file and environment, and what is said of each mistake in them: line, reason, remedy."""

import os
from datetime import time
from pathlib import Path

import pytest
from pydantic import BaseModel, SecretStr

from bot import config, yamlfile
from bot.config import Config, ConfigError

ROOT = Path(__file__).parent.parent
TOKEN = "7123456789:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawQ"
NO_SERVER = "看不懂 Bot API 服务器地址，应像 http://主机:端口/bot，以 /bot 结尾。"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder to start in, and none of our variables set."""
    for name in [name for name in os.environ if name.startswith("KETANG_")]:
        monkeypatch.delenv(name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def load(folder: Path, text: str | bytes) -> Config:
    file = folder / "config.yaml"
    file.write_bytes(text if isinstance(text, bytes) else text.encode())
    return config.load(file)


def told(folder: Path, text: str | bytes) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        load(folder, text)
    return str(caught.value).splitlines()


def test_without_file_and_variables_everything_has_its_default() -> None:
    assert config.load() == Config()


def test_an_empty_file_says_nothing(folder: Path) -> None:
    assert load(folder, "") == load(folder, "# 只有说明\n") == Config()


def test_a_file_that_is_named_must_be_there(folder: Path) -> None:
    with pytest.raises(ConfigError) as caught:
        config.load(Path("config.yaml"))
    assert str(caught.value) == (
        "找不到配置文件 config.yaml。可复制 config.example.yaml 后再启动，或先运行 ketang demo。"
    )


def test_the_file_of_the_folder_is_found(folder: Path) -> None:
    load(folder, "web:\n  port: 9000\n")
    assert config.load().web.port == 9000


def test_every_kind_of_value_is_read(folder: Path) -> None:
    read = load(
        folder,
        f'bot: {{token: "{TOKEN}", proxy: "socks5://127.0.0.1:1080"}}\nroot_user_ids: [1003, 1004]\n'
        "log: {format: json}\nmembers:\n  invite_hours: 168\n",
    )
    assert read.bot.token == SecretStr(TOKEN)
    assert read.root_user_ids == (1003, 1004)
    assert (read.log.format, read.members.invite_hours) == ("json", 168)


@pytest.mark.parametrize(
    "text", ["1003, 1004", "[1003, 1004]", "\n  - 1003\n  - 1004", "'1003 1004'", "1003，1004", "1003；1004"]
)
def test_administrators_are_written_in_any_usual_way(folder: Path, text: str) -> None:
    assert load(folder, f"root_user_ids: {text}\n").root_user_ids == (1003, 1004)


def test_a_key_without_a_value_means_the_default(folder: Path) -> None:
    assert load(folder, "bot:\n  token:\nweb:\n  port:\n") == Config()


def test_the_environment_stands_above_the_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETANG_BOT__TOKEN", TOKEN)
    monkeypatch.setenv("KETANG_ROOT_USER_IDS", "1003")
    monkeypatch.setenv("KETANG_WEB__PORT", "")
    read = load(folder, "bot:\n  token: ''\n  proxy: http://127.0.0.1:1\nroot_user_ids: 1004\nweb:\n  port: 9000\n")
    assert read.bot.token.get_secret_value() == TOKEN
    assert (read.bot.proxy, read.root_user_ids, read.web.port) == ("http://127.0.0.1:1", (1003,), 9000)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("bot:\n\tproxy: x\n", "第 2 行用了制表符缩进，请改成空格。"),
        ("# a\nbot:\n  token：测试\n", "第 3 行“token：测试”用了中文冒号，请改成英文冒号加空格。"),
        (
            "timezone: Asia/Shanghai\nweb:\n  port: 1\n\ntimezone: Asia/Shanghai\n",
            "第 5 行“timezone”重复（第 1 行已写过），请删掉一处。",
        ),
        ("# a\nmenbers:\n  invite_hours: 1\n", "第 2 行不认识“menbers”，是否想写“members”？"),
        ("web:\n  host: 127.0.0.1\n  prot: 1\n", "第 3 行不认识“prot”，是否想写“port”？"),
        ("web:\n  颜色: 1\n", "第 2 行不认识“颜色”。"),
        ("bot:\n  token: 12345\n", "第 2 行机器人令牌格式不对，应为“数字:字母数字”。"),
        ("timezone: Asia/Beijing\n", "第 1 行没有时区“Asia/Beijing”，中国请写 Asia/Shanghai。"),
        ("timezone: Europe/Berlin\n", "第 1 行目前只支持 Asia/Shanghai。"),
        ("log:\n  format: xml\n", "第 2 行“format”只能是 console 或 json。"),
        ("web:\n  port: 99999\n", "第 2 行“port”超出范围。"),
        ("web:\n  port: abc\n", "第 2 行“port”的值不对，这里应填数字。"),
        ("web: 8080\n", "第 1 行“web”下面应另起一行，缩进写各项设置。"),
        ("exports: 文件夹\n", "第 1 行“exports”只能是 chat 或 folder。"),
        ("export_folder: .\n", "第 1 行导出文件夹要是一个单独的目录，例如 data/exports。"),
        ("export_days: 0\n", "第 1 行“export_days”超出范围。"),
        ("export_days: 一周\n", "第 1 行“export_days”的值不对，这里应填数字。"),
        ("quiz:\n  admin_sees_names: 也许\n", "第 2 行“admin_sees_names”只能是 true 或 false。"),
        ("database:\n  url: 我的数据库\n", "第 2 行看不懂数据库地址，应为 sqlite:///… 或 postgresql://…。"),
        ("database:\n  url: mysql://x/y\n", "第 2 行看不懂数据库地址，应为 sqlite:///… 或 postgresql://…。"),
        ("database:\n  url: 'sqlite:///:memory:'\n", "第 2 行看不懂数据库地址，应为 sqlite:///… 或 postgresql://…。"),
        ("database:\n  url: postgresql://u:p@h:x/k\n", "第 2 行看不懂数据库地址，应为 sqlite:///… 或 postgresql://…。"),
        ("bot:\n  base_url: http://h:1\n", f"第 2 行{NO_SERVER}"),
        ("bot:\n  base_url: localhost\n", f"第 2 行{NO_SERVER}"),
        ("bot:\n  proxy: socks5://\n", "第 2 行看不懂代理地址，应像 socks5://主机:端口 或 http://主机:端口。"),
        ("bot:\n  proxy: 127.0.0.1:1080\n", "第 2 行看不懂代理地址，应像 socks5://主机:端口 或 http://主机:端口。"),
        ("bot:\n  webhook_secret: 密 钥\n", "第 2 行webhook 的密钥只能用字母、数字、下划线、连字符，最长 256 个。"),
        ("- web\n- bot\n", "config.yaml 应是“名称: 值”的列表。"),
    ],
)
def test_a_mistake_is_told_with_line_reason_and_remedy(folder: Path, text: str, line: str) -> None:
    assert told(folder, text) == [line]


@pytest.mark.parametrize(
    ("value", "line", "shown"),
    [
        ("@wang", 1, "@wang"),
        ("[1004, @wang]", 1, "@wang"),
        ("\n  - 1004\n  - @wang", 3, "@wang"),
        ('"@wang"', 1, "@wang"),
        ("王五", 1, "王五"),
        ("-1001000000001", 1, "-1001000000001"),
        ("12345678901234567890", 1, "12345678901234567890"),
    ],
)
def test_an_administrator_is_a_number_and_no_name(folder: Path, value: str, line: int, shown: str) -> None:
    remedy = f"管理员要填数字编号，不能填“{shown}”；私聊机器人发 /id 可得到。"
    assert told(folder, f"root_user_ids: {value}\n") == [f"第 {line} 行{remedy}"]


def test_a_gbk_file_is_recognised(folder: Path) -> None:
    (line,) = told(folder, "bot:\n  proxy: 代理\n".encode("gbk"))
    assert line == "config.yaml 不是 UTF-8 编码（像是 GBK）。请用记事本“另存为”，编码选 UTF-8。"


def test_all_mistakes_are_told_at_once(folder: Path) -> None:
    assert told(folder, "web:\n  port: x\nlog:\n  format: xml\ncolour: red\n") == [
        "第 2 行“port”的值不对，这里应填数字。",
        "第 4 行“format”只能是 console 或 json。",
        "第 5 行不认识“colour”。",
    ]


def test_a_variable_of_no_section_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETANG_DATABSE__URL", "sqlite:///a.db")
    with pytest.raises(ConfigError) as caught:
        config.load()
    assert str(caught.value) == "环境变量 KETANG_DATABSE__URL 不认识“databse”，是否想写“database”？"


def test_a_slash_behind_the_servers_address_does_no_harm(folder: Path) -> None:
    assert load(folder, "bot:\n  base_url: http://127.0.0.1:8081/bot/\n").bot.base_url == "http://127.0.0.1:8081/bot"


def test_a_mistake_in_a_variable_names_the_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KETANG_WEB__PORT", "x")
    with pytest.raises(ConfigError) as caught:
        config.load()
    assert str(caught.value) == "环境变量 KETANG_WEB__PORT “port”的值不对，这里应填数字。"


@pytest.mark.parametrize(
    "token", ["12345", "１２３４５:abc", "abc:def", f"{TOKEN} x", "7123456789：AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsawQ"]
)
def test_a_wrong_token_is_never_shown(monkeypatch: pytest.MonkeyPatch, token: str) -> None:
    monkeypatch.setenv("KETANG_BOT__TOKEN", token)
    with pytest.raises(ConfigError) as caught:
        config.load()
    assert str(caught.value) == "环境变量 KETANG_BOT__TOKEN 机器人令牌格式不对，应为“数字:字母数字”。"


def test_a_token_is_not_printed_with_the_settings(folder: Path) -> None:
    assert TOKEN not in repr(load(folder, f'bot: {{token: "{TOKEN}", webhook_secret: "geheim-7"}}\n'))
    assert "geheim" not in repr(load(folder, "bot: {webhook_secret: geheim-7}\n"))


@pytest.mark.parametrize(
    ("token", "line"),
    [
        ("", "还没有填写机器人令牌。请设置环境变量 KETANG_BOT__TOKEN，或运行 ketang demo 先体验。"),
        (
            "7000000001:DEMO-x",
            "这是演示用的令牌，只能用于 ketang demo；请向 @BotFather 申请自己的令牌。",
        ),
    ],
)
def test_a_real_start_needs_a_real_token(folder: Path, token: str, line: str) -> None:
    with pytest.raises(ConfigError) as caught:
        config.require_token(load(folder, f'bot: {{token: "{token}"}}\n'))
    assert str(caught.value) == line
    assert config.require_token(load(folder, f'bot: {{token: "{TOKEN}"}}\n')) == TOKEN


@pytest.mark.parametrize("url", ["sqlite:///data/ketang.db", "sqlite:////var/lib/k.db", "sqlite+pysqlite:///k.db"])
def test_a_file_is_taken_with_any_path(folder: Path, url: str) -> None:
    assert load(folder, f"database:\n  url: {url}\n").database.url == url


@pytest.mark.parametrize("rest", ["//ketang@/k?host=/run/postgresql", "///k", "//ketang:x@h:5432/k"])
def test_a_postgresql_by_its_socket_or_by_its_host_is_taken(folder: Path, rest: str) -> None:
    read = load(folder, f"database:\n  url: 'postgresql:{rest}'\n")
    assert read.database.url == f"postgresql+psycopg:{rest}"


@pytest.mark.parametrize("name", ["postgresql", "postgres", "postgresql+psycopg"])
def test_a_postgresql_address_is_taken_as_it_is_usually_written(folder: Path, name: str) -> None:
    read = load(folder, f"database:\n  url: {name}://ketang:x@db/ketang\n")
    assert read.database.url == "postgresql+psycopg://ketang:x@db/ketang"


# -- the example ------------------------------------------------------------------------------------------------------


def defaults(model: type[BaseModel]) -> yamlfile.Plain:
    """Every setting with its default, as YAML text has it."""
    found: dict[str, yamlfile.Plain] = {}
    for name, about in model.model_fields.items():
        if isinstance(about.annotation, type) and issubclass(about.annotation, BaseModel):
            found[name] = defaults(about.annotation)
            continue
        value = about.default
        if isinstance(value, tuple):
            found[name] = [str(part) for part in value]
        else:
            found[name] = value.strftime("%H:%M") if isinstance(value, time) else _text(value)
    return found


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return value.get_secret_value() if isinstance(value, SecretStr) else str(value)


def test_the_example_names_every_setting_with_its_default() -> None:
    document = yamlfile.read((ROOT / "config.example.yaml").read_bytes())
    assert document.faults == ()
    assert document.root is not None
    assert yamlfile.plain(document.root) == defaults(Config)


def test_the_example_can_be_used_as_it_is(folder: Path) -> None:
    assert load(folder, (ROOT / "config.example.yaml").read_bytes()) == Config()


def test_every_setting_of_the_example_is_explained() -> None:
    lines = (ROOT / "config.example.yaml").read_text(encoding="utf-8").splitlines()
    settings = [number for number, line in enumerate(lines) if ": " in line and not line.lstrip().startswith("#")]
    assert len(settings) >= 10
    for number in settings:
        assert lines[number - 1].lstrip().startswith("# "), lines[number]
