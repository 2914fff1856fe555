"""`jiebang match`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

from . import Failed, Unusable, load_settings, open_database

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from jiebang.discovery.engine import Discovery, Found

KINDS = ("need", "outcome", "demand", "product", "order", "programme")


@click.command(
    help="为一条榜单内容或一段文字找对方，按相关程度排列并说明理由。\n\n"
    "ID 可以是榜单编号（如 XQ26000012）、导入时的外部编号，或数据库里的数字编号。\n\n"
    "只显示所有人都能看到的内容。退出码：0 正常（没有合适的也算）；1 找不到这条内容；2 用法错误。"
)
@click.argument("id_", metavar="[ID]", required=False)
@click.option("--text", help="直接给一段文字，代替 ID。")
@click.option("--to", "kind", required=True, type=click.Choice(KINDS), help="在哪个榜单里找。")
@click.option(
    "-k", "count", default=10, show_default=True, type=click.IntRange(1, 200), help="条数。"
)
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
def command(id_: str | None, text: str | None, kind: str, count: int, as_json: bool) -> None:
    if (id_ is None) == (text is None):
        raise click.UsageError("请给出 ID 或 --text 其中之一。")
    settings = load_settings()
    from jiebang import wiring
    from matching.encoder import ModelInvalid, ModelMissing

    with open_database(settings) as database:
        door = wiring.discovery(settings, database)
        try:
            with database.reading() as session:
                found = _find(session, door, id_, text, kind, count)
        except (ModelMissing, ModelInvalid) as error:
            raise Unusable(str(error)) from error
    if as_json:
        from jiebang.discovery.presenting import match_json

        click.echo(json.dumps([match_json(each) for each in found], ensure_ascii=False, indent=2))
    else:
        _show(found)


def _find(
    session: Session, door: Discovery, id_: str | None, text: str | None, kind: str, count: int
) -> list[Found]:
    from jiebang.boards import queries
    from jiebang.boards.documents import indexable
    from jiebang.core.boards import Board
    from jiebang.core.permissions import ANONYMOUS
    from matching.text import has_content

    board = Board(kind)
    if text is not None:
        if not has_content(text):
            raise click.UsageError("--text 里没有文字内容，请写出难题、成果或需求。")
        return door.search_text(session, text, board, ANONYMOUS, count)
    assert id_ is not None
    listings = queries.by_any_id(session, id_, board.opposite)
    if not listings:
        raise Failed(f"没有找到“{id_}”：请用榜单编号（列表页可见）或导入时的外部编号。")
    if len(listings) > 1:
        codes = "、".join(listing.code for listing in listings[:5])
        raise Failed(f"外部编号“{id_}”对应多条内容（{codes}），请改用榜单编号。")
    return door.search_listing(session, indexable(listings[0]), board, ANONYMOUS, count)


def _show(found: list[Found]) -> None:
    if not found:
        click.echo("没有合适的。换一种说法，写出材料、工艺、指标或岗位，往往就能对上。")
        return
    for number, each in enumerate(found, 1):
        why = each.explanation
        assert why is not None
        click.echo(
            f"{number:>2}. [{each.match.level}] {each.card.title}"
            f"（{each.card.org_name}，{each.card.code}，{each.match.score:.2f}）"
        )
        for reason in why.reasons:
            click.echo(f"      ＋ {reason}")
        for gap in why.gaps:
            click.echo(f"      － {gap}")
