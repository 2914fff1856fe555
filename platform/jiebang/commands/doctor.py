"""`jiebang doctor`."""

from __future__ import annotations

import click


@click.command(help="检查设置、数据目录、数据库、模型、索引、任务与邮件，并说明如何修复。")
@click.option("--json", "as_json", is_flag=True, help="输出 JSON。")
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    from jiebang import doctor

    report = doctor.examine()
    if as_json:
        click.echo(report.as_json())
    else:
        click.echo("设置")
        for value in report.values:
            click.echo(f"  {value.name:<26}{value.value}    {value.meaning}")
        click.echo("\n检查")
        for finding in report.findings:
            click.echo(f"  [{doctor.MARKS[finding.state]}] {finding.part}：{finding.text}")
            if finding.advice:
                click.echo(f"         处理办法：{finding.advice}")
        click.echo("\n一切正常。" if report.healthy else "\n发现问题，请按上面的办法处理。")
    ctx.exit(0 if report.healthy else 1)
