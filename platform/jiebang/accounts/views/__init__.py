"""Pages of the accounts: sign-in, registration, passwords, roles."""

from __future__ import annotations

from flask import Flask

from jiebang.core.permissions import Permission
from jiebang.web import navigation
from jiebang.web.navigation import Entry

from .. import sessions
from . import account, confirm, legal, passwords, registration, roles, sign_in
from .blueprint import blueprint


def register(app: Flask) -> None:
    """Adds the accounts' routes and menu entries, and the sessions that all areas rely on."""
    assert all((account, confirm, legal, passwords, registration, roles, sign_in))
    sessions.install(app)
    app.register_blueprint(blueprint)
    navigation.add(
        app,
        Entry(90, "登录", "accounts.sign_in", lambda who: who.user_id is None, account=True),
        Entry(91, "注册", "accounts.register", lambda who: who.user_id is None, account=True),
        Entry(
            80, "账号设置", "accounts.account", lambda who: who.user_id is not None, account=True
        ),
        Entry(60, "账号与角色", "accounts.roles", lambda who: who.can(Permission.ROLES_ASSIGN)),
    )
