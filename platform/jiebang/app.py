"""The web application: every area's routes behind one door, one commit a request."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from flask import Flask, Response, g, request
from flask_wtf.csrf import CSRFProtect
from jinja2 import FileSystemBytecodeCache, StrictUndefined
from structlog.contextvars import bound_contextvars
from werkzeug.middleware.proxy_fix import ProxyFix

from . import config, wiring
from .core import logs
from .db import Database
from .web import access, errors, filters, navigation, stamps
from .web.keys import Key

if TYPE_CHECKING:
    from .discovery.engine import Discovery

ROOT = Path(__file__).resolve().parent
CSP = (
    "default-src 'none'; script-src 'nonce-{nonce}'; style-src 'self'; img-src 'self' data:; "
    "font-src 'self'; connect-src 'self'; form-action 'self'; frame-ancestors 'none'; "
    "base-uri 'none'; manifest-src 'self'"
)


@dataclass(frozen=True, slots=True)
class Platform:
    """What the areas find under `app.extensions["jiebang"]`."""

    settings: config.Settings
    database: Database
    discovery: Discovery


class Application(Flask):
    """Flask with one commit a request, after the view and before the answer is sent."""

    def dispatch_request(self) -> Response:
        """Commits what the view changed when it succeeded, rolls back otherwise.

        An answer that says "saved" is only sent after it is; a failing commit is an error page.
        """
        with bound_contextvars(route=request.endpoint):
            response = self.make_response(super().dispatch_request())
            session = g.get("db")
            if session is not None:
                if response.status_code < 400:
                    session.commit()
                else:
                    session.rollback()
        return response


def _close(_error: BaseException | None) -> None:
    session = g.pop("db", None)
    if session is not None:
        session.rollback()
        session.close()


def create_app(settings: config.Settings | None = None, database: Database | None = None) -> Flask:
    """Makes the application; SettingsError names every setting that is wrong.

    The schema must exist (`jiebang init`); the index is loaded at the first question.
    """
    logs.configure()
    settings = settings or config.load()
    settings.prepare_home()
    database = database or Database(settings.database_url)
    app = Application(
        "jiebang.web",
        instance_path=str(settings.home),
        root_path=str(ROOT / "web"),
        template_folder="templates",
        static_folder="static",
    )
    app.config.update(
        SECRET_KEY=settings.secret_key(),
        MAX_CONTENT_LENGTH=settings.upload_limit + 1024 * 1024,
        MAX_FORM_MEMORY_SIZE=4 * 1024 * 1024,
        MAX_FORM_PARTS=5000,
        SESSION_COOKIE_NAME="__Host-jiebang" if settings.tls else "jiebang",
        SESSION_COOKIE_SECURE=settings.tls,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        WTF_CSRF_TIME_LIMIT=None,
        WTF_I18N_ENABLED=False,  # WTForms brings its own Chinese messages
        WTF_CSRF_SSL_STRICT=settings.tls,
    )
    if settings.proxies:
        app.wsgi_app = ProxyFix(  # type: ignore[method-assign]
            app.wsgi_app, x_for=settings.proxies, x_proto=settings.proxies, x_host=0
        )
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    # compiled templates are kept: compiling them would double the time to the first page
    app.jinja_env.bytecode_cache = FileSystemBytecodeCache(str(settings.cache))
    app.extensions["jiebang"] = Platform(settings, database, wiring.discovery(settings, database))
    app.url_map.converters["int"] = Key
    _headers(app)  # first: a form refused for its token is answered by a page with a nonce, too
    CSRFProtect(app)
    filters.register(app)
    stamps.install(app)
    navigation.register(app, demo=settings.demo)
    wiring.areas(app)
    app.teardown_request(_close)
    errors.install(app)
    access.install(app)
    return app


def _headers(app: Flask) -> None:
    @app.before_request
    def _nonce() -> None:
        g.csp_nonce = secrets.token_urlsafe(18)

    @app.context_processor
    def _context() -> dict[str, Any]:
        return {"csp_nonce": lambda: g.csp_nonce}

    @app.after_request
    def _secure(response: Response) -> Response:
        nonce = g.get("csp_nonce") or secrets.token_urlsafe(18)
        response.headers["Content-Security-Policy"] = CSP.format(nonce=nonce)
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Referrer-Policy"] = "same-origin"
        response.headers["X-Frame-Options"] = "DENY"
        response.headers["Cross-Origin-Opener-Policy"] = "same-origin"
        response.headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()"
        if app.config["SESSION_COOKIE_SECURE"]:
            response.headers["Strict-Transport-Security"] = "max-age=31536000"
        if request.endpoint != "static" and not response.cache_control.no_store:
            response.headers["Cache-Control"] = "no-store"
        return response
