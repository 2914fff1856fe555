"""Organisations: unclaimed when new, theirs once claimed."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from jiebang.boards.imports import Summary, import_file
from jiebang.boards.imports.organisations import save_organisations
from jiebang.core import audit
from jiebang.core.base import Base
from jiebang.core.permissions import SYSTEM
from jiebang.db import Database
from jiebang.orgs.models import Category, Organisation

CODE = "91370100MAE55TH28E"


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    found = Database(f"sqlite:///{tmp_path}/o.db")
    tables = [Base.metadata.tables[name] for name in ("organisation", "audit_entry", "audit_head")]
    Base.metadata.create_all(found.engine, tables=tables)
    with found.transaction() as session:
        if session.get(audit.AuditHead, 1) is None:
            session.add(audit.AuditHead(id=1, last_id=0, last_hash=audit.GENESIS))
    yield found
    found.dispose()


@pytest.fixture
def bring(database: Database, tmp_path: Path) -> Callable[[str], Summary]:
    def go(text: str) -> Summary:
        path = tmp_path / "单位.csv"
        path.write_text(text, "utf-8")
        return import_file(
            database, SYSTEM, "organisation", path, path.name, save=save_organisations
        )

    return go


def test_new_then_unchanged_then_updated(
    database: Database, bring: Callable[[str], Summary]
) -> None:
    head = "单位名称,单位类别,信用代码,职工人数,链主\n"
    assert bring(f"{head}示例机械有限公司,企业,{CODE},80人,是\n示例大学,高校,,,\n").created == 2
    assert bring(f"{head}示例机械有限公司,企业,{CODE},80人,是\n示例大学,高校,,,\n").unchanged == 2
    assert bring(f"{head}示例机械股份有限公司,企业,{CODE},90,是\n").updated == 1
    with database.reading() as session:
        found = session.scalars(select(Organisation).order_by(Organisation.id)).all()
        assert [each.name for each in found] == ["示例机械股份有限公司", "示例大学"]
        assert (found[0].staff, found[0].chain_leader, found[0].claimed) == (90, True, False)
        assert found[1].category is Category.UNIVERSITY
        assert list(audit.verify(session)) == []


def test_claimed_ones_are_only_completed(
    database: Database, bring: Callable[[str], Summary]
) -> None:
    head = "单位名称,单位类别,信用代码,职工人数\n"
    bring(f"{head}示例机械有限公司,企业,{CODE},80\n")
    with database.transaction() as session:
        found = session.scalars(select(Organisation)).one()
        found.claimed = True
        found.region = "济南市章丘区"
    text = "单位名称,单位类别,职工人数,地区,产业链\n示例机械有限公司,企业,90,外地,机器人\n"
    assert bring(text).updated == 1
    with database.reading() as session:
        found = session.scalars(select(Organisation)).one()
        assert (found.staff, found.region, found.chain) == (80, "济南市章丘区", "机器人")


def test_refusals(bring: Callable[[str], Summary]) -> None:
    head = "单位名称,单位类别,信用代码\n"
    bring(f"{head}示例机械有限公司,企业,{CODE}\n")
    wrong = bring(f"{head}另一公司,企业,91370100MAE55TH28F\n第三公司,,\n第四公司,俱乐部,\n")
    assert [error.column for error in wrong.errors] == ["信用代码", "单位类别", "单位类别"]
    assert "校验位" in wrong.errors[0].message
