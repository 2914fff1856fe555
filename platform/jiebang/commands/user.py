"""`jiebang user`: the first accounts of a platform that has no default ones."""

from __future__ import annotations

import sys

import click

from . import Failed, load_settings, open_database

ROLES = (
    "operator",
    "specialist",
    "expert",
    "system_administrator",
    "security_administrator",
    "auditor",
)


@click.group(help="平台账号。平台没有默认账号，第一个运营与管理员由这里建立。")
def command() -> None:
    """The sub-commands on accounts."""


@command.command(
    help="建立账号并授予平台角色；密码在提示时输入两次，或从标准输入读取（--password-stdin）。\n\n"
    "角色：operator 运营、specialist 服务专员、expert 专家、system_administrator 系统管理员、"
    "security_administrator 安全管理员、auditor 审计管理员；后三种不能由同一人兼任。"
)
@click.option("--email", help="登录邮箱。")
@click.option("--phone", help="登录手机号。")
@click.option("--name", required=True, help="姓名。")
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), help="角色，可多次。")
@click.option("--password-stdin", is_flag=True, help="从标准输入读一行作为密码。")
def add(
    *, email: str | None, phone: str | None, name: str, roles: tuple[str, ...], password_stdin: bool
) -> None:
    if not email and not phone:
        raise click.UsageError("请给出 --email 或 --phone。")
    from jiebang.accounts import services
    from jiebang.core.errors import DomainError
    from jiebang.core.permissions import ROLE_LABELS, SYSTEM, Role

    with open_database(load_settings()) as database:
        if password_stdin:
            password = sys.stdin.readline().rstrip("\r\n")
        else:
            password = click.prompt("密码", hide_input=True, confirmation_prompt="再输入一次")
        try:
            with database.transaction() as session:
                services.create_user(
                    session,
                    SYSTEM,
                    name=name,
                    email=email,
                    phone=phone,
                    password=password,
                    roles=[Role(role) for role in roles],
                )
        except DomainError as error:
            raise Failed(error.message) from error
    labels = "、".join(ROLE_LABELS[Role(role)] for role in roles) or "无平台角色"
    click.echo(f"已建立账号：{name}（{email or phone}，{labels}）")
