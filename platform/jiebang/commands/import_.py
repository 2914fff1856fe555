"""`jiebang import`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from . import Failed, Unusable, load_settings, open_database

if TYPE_CHECKING:
    from jiebang.boards.imports import SaveMany, Summary
    from jiebang.config import Settings
    from jiebang.db import Database

KINDS = ("organisation", "need", "outcome", "demand", "product", "order", "programme")
SHOWN = 50
STEP = 500
SOME_FAILED = 1


@click.command(
    help="从 Excel、CSV 或 JSONL 文件导入单位或榜单内容。\n\n"
    "种类：organisation 单位、need 技术需求、outcome 科技成果、demand 采购需求、"
    "product 产品供给、order 订单班需求、programme 专业供给。\n\n"
    "正确的行会保存，有错误的行逐条说明；再次导入同一文件不会产生重复内容。"
    "退出码：0 全部成功；1 有的行没有导入；2 用法错误；3 设置有误。"
)
@click.argument("kind", metavar="种类", type=click.Choice(KINDS))
@click.argument(
    "file",
    metavar="[文件]",
    required=False,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
)
@click.option(
    "--template",
    metavar="OUT.xlsx",
    type=click.Path(dir_okay=False, path_type=Path),
    help="写出该种类的 Excel 模板，不导入。",
)
@click.option(
    "--org", "organisation", metavar="单位全称", help="文件没有“所属单位”列时归哪个单位。"
)
@click.option("--publish", is_flag=True, help="导入后直接发布（默认存为草稿）。")
@click.option("--strict", is_flag=True, help="有任何一行出错就全部不导入。")
@click.option(
    "--map",
    "pairs",
    metavar="列名=项目",
    multiple=True,
    help="指定某一列填哪一项，可多次使用，例如 --map 难题=problem；不导入写 --map 列名=-。",
)
@click.option("--json", "as_json", is_flag=True, help="结果以 JSON 输出（含全部错误）。")
def command(
    *,
    kind: str,
    file: Path | None,
    template: Path | None,
    organisation: str | None,
    publish: bool,
    strict: bool,
    pairs: tuple[str, ...],
    as_json: bool,
) -> None:
    if template is not None:
        _write_template(kind, template)
        if file is None:
            return
    if file is None:
        raise click.UsageError("请给出要导入的文件，或用 --template OUT.xlsx 取得模板。")
    if kind == "organisation" and (organisation or publish):
        raise click.UsageError("导入单位时不能使用 --org 与 --publish。")
    mapping = _mapping(pairs)
    settings = load_settings()
    with open_database(settings) as database:
        summary = _run(
            settings,
            database,
            kind=kind,
            file=file,
            organisation=organisation,
            publish=publish,
            strict=strict,
            mapping=mapping,
        )
    if as_json:
        import json

        click.echo(json.dumps(summary.as_json(), ensure_ascii=False, indent=2))
    else:
        _report(summary, strict)
    if not summary.ok:
        raise SystemExit(SOME_FAILED)


def _write_template(kind: str, target: Path) -> None:
    from jiebang.boards.imports import write_template

    if target.suffix.lower() != ".xlsx":
        raise click.BadParameter("模板文件名应以 .xlsx 结尾。", param_hint="--template")
    try:
        write_template(kind, target)
    except OSError as error:
        raise click.BadParameter(
            f"写不了 {target}：{error.strerror}", param_hint="--template"
        ) from error
    click.echo(f"模板已写入 {target}", err=True)


def _mapping(pairs: tuple[str, ...]) -> dict[str, str]:
    found = {}
    for pair in pairs:
        heading, mark, name = pair.rpartition("=")
        if not mark or not heading.strip() or not name.strip():
            raise click.BadParameter(f"“{pair}”应写成 列名=项目", param_hint="--map")
        found[heading.strip()] = name.strip()
    return found


def _run(
    settings: Settings,
    database: Database,
    *,
    kind: str,
    file: Path,
    organisation: str | None,
    publish: bool,
    strict: bool,
    mapping: dict[str, str],
) -> Summary:
    from sqlalchemy.exc import DBAPIError

    from jiebang import memory
    from jiebang.boards.imports import ImportRefused, WrongMapping, import_file
    from jiebang.core.permissions import SYSTEM
    from matching.encoder import ModelInvalid, ModelMissing

    save = _store(settings, database, kind)
    memory.collect_seldom()
    database.expect_much()
    try:
        summary = import_file(
            database,
            SYSTEM,
            kind,
            file,
            file.name,
            save=save,
            organisation_name=organisation,
            publish=publish,
            strict=strict,
            mapping=mapping,
            upload_limit=settings.upload_limit,
            progress=_progress,
        )
        if kind != "organisation":
            save.discovery.live.save_snapshot()  # type: ignore[attr-defined]
        return summary
    except WrongMapping as error:
        raise click.UsageError(error.message) from error
    except ImportRefused as error:
        raise Failed(error.message) from error
    except (ModelMissing, ModelInvalid) as error:
        raise Unusable(str(error)) from error
    except DBAPIError as error:
        from . import reason

        raise Unusable(
            f"写入数据库失败：{reason(error)}；已保存的批次不受影响，可重新导入。"
        ) from error
    finally:
        if sys.stderr.isatty():
            click.echo("\r\033[K", nl=False, err=True)


def _store(settings: Settings, database: Database, kind: str) -> SaveMany:
    from jiebang import wiring

    if kind == "organisation":
        from jiebang.boards.imports.organisations import save_organisations

        return save_organisations
    from jiebang.boards.services.imported import BoardStore

    return BoardStore(wiring.discovery(settings, database), beside=True)


def _progress(done: int) -> None:
    if sys.stderr.isatty():
        if done % 20 == 0:
            click.echo(f"\r已读取 {done:,} 行…", nl=False, err=True)
    elif done % STEP == 0:
        click.echo(f"已读取 {done:,} 行", err=True)


def _report(summary: Summary, strict: bool) -> None:
    click.echo(
        f"共读取 {summary.read:,} 行：新增 {summary.created:,}，更新 {summary.updated:,}，"
        f"未变 {summary.unchanged:,}，跳过 {summary.skipped:,}，出错 {summary.failed:,}"
        f"（用时 {summary.seconds:.1f} 秒）"
    )
    for note in summary.notes:
        click.echo(f"说明：{note}")
    for error in summary.errors[:SHOWN]:
        click.echo(str(error), err=True)
    if len(summary.errors) > SHOWN:
        more = len(summary.errors) - SHOWN
        click.echo(f"另有 {more:,} 处错误未列出，加 --json 查看全部。", err=True)
    if strict and summary.errors and not (summary.created or summary.updated):
        click.echo("已使用 --strict：有错误，整个文件都没有导入。", err=True)
