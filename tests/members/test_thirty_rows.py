"""A branch's whole roster with two mistakes: refused, mended, applied, and the same file once more."""

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from bot.db import Base
from bot.members import roster
from bot.members.models import Member
from tests.make import NOW, Make
from tests.members.test_roster import HEAD, bring_in, cast_rows, look, person, told


def test_thirty_rows_are_mended_applied_and_then_unchanged(make: Make) -> None:
    cast, phone = make.cast(), "13800001234"
    head = [*HEAD, "手机"]
    rows = [[*cells, *[None] * (len(HEAD) - len(cells)), phone] for cells in cast_rows()]
    rows += [[*person(f"党员{number}"), None, phone] for number in range(25)]
    wrong = [list(cells) for cells in rows]
    wrong[9][6], wrong[19][8] = "群众", "2026年7月"
    preview = look(make, cast.li, *wrong, head=head)
    assert [line for line in told(preview) if line.startswith("问题")] == [
        "问题 第 11 行类别“群众”不能识别，只能是正式党员或预备党员。",
        "问题 第 21 行起始日期“2026年7月”缺少日期，请写 2026-07-01。",
    ]
    import_id = make.database.run(roster.keep_preview, cast.li.sender(), preview, "0" * 64, now=NOW)
    with pytest.raises(roster.HasProblems):
        make.database.run(roster.apply_roster, cast.li.sender(), import_id, now=NOW)
    assert make.database.look(lambda s: s.scalar(select(func.count()).select_from(Member))) == 7
    assert bring_in(make, cast.li, *rows, head=head)["new"] == 25
    again = look(make, cast.li, *rows, head=head)
    assert (again.plan.is_empty, again.plan.counts["same"]) == (True, 30)

    def everything(session: Session) -> str:
        return "\n".join(str(row) for table in Base.metadata.sorted_tables for row in session.execute(select(table)))

    kept = make.database.look(everything)
    assert "党员24" in kept
    assert phone not in kept
