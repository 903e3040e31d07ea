"""An office that lets no file with names go through Telegram: who exports reads where it lies, and only that."""

from pathlib import Path

from bot.demo.world import World
from bot.outbox import OutboxRow
from tests import stages
from tests.quiz.test_exam_conversation import labels


async def test_files_go_into_the_folder_and_from_there_when_somebody_named_is_erased(
    telegram_server: tuple[dict[str, World], str], stage_url: str, tmp_path: Path
) -> None:
    settings = {"exports": "folder", "export_folder": str(tmp_path / "exports"), "export_days": 3}
    async with stages.opened(*telegram_server, stage_url, settings=settings) as stage:
        li = stage.actor("李四")
        months = labels((await li.say("/export")).message)
        told = (await li.press(next(month for month in months if "年" in month))).message
        files = sorted((tmp_path / "exports").rglob("*.*"))
        names = [file.relative_to(tmp_path / "exports").as_posix() for file in files]
        assert sorted(name.rpartition(".")[2] for name in names) == ["csv", "xlsx"]
        assert sorted(told.text.splitlines()[1:-1]) == names
        assert told.text.splitlines()[0] == "已存入服务器的导出文件夹："
        assert told.text.splitlines()[-1] == "3 天后自动删除。领取请联系系统管理员。"
        assert str(tmp_path) not in told.text
        await stage.settle()
        assert li.last().file is None
        sent = stage.session(lambda session: session.query(OutboxRow).where(OutboxRow.key.like("export:%")).count())
        assert sent == 0
        await stage.actor("张三").say("/me")
        await stage.actor("张三").press("删除我的数据")
        await stage.actor("张三").press("提交申请")
        await stage.actor("王五").press("查看")
        await stage.actor("王五").press("确认删除")
        assert list((tmp_path / "exports").rglob("*.*")) == []
