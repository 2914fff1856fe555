"""Error pages that say what happened and what to do."""

from __future__ import annotations

import structlog
from flask import Flask, g, render_template, request
from flask_wtf.csrf import CSRFError
from sqlalchemy.exc import DataError, OperationalError
from sqlalchemy.orm.exc import StaleDataError
from werkzeug.exceptions import HTTPException

from jiebang.core.errors import DomainError, TooMany

log = structlog.get_logger()

TEXTS = {
    400: ("请求无法处理", "提交的内容不完整或格式不对。", "请返回上一页检查后重新提交。"),
    403: ("没有权限", "您的账号不能使用这个页面。", "如需权限，请联系本单位管理员或平台运营。"),
    404: (
        "没有找到",
        "没有找到这项内容，它可能已撤下，或您没有查看的权限。",
        "请检查网址，或回到首页重新查找。",
    ),
    405: ("操作方式不对", "这个网址不支持该操作。", "请从页面上的按钮进入。"),
    409: ("状态已变化", "这项内容的状态已经变化。", "请刷新页面查看最新状态，再决定下一步。"),
    413: ("文件太大", "上传的内容超过了上限。", "请压缩或拆分后重新上传。"),
    422: ("内容有误", "提交的内容没有通过检查。", "请按提示修改后重新提交。"),
    429: ("操作太频繁", "短时间内请求过多。", "请稍候再试。"),
    500: (
        "系统出错了",
        "系统遇到意外情况，这次操作没有生效，已有数据没有丢失。",
        "请稍后重试；若仍出现，请把下方编号告诉运营人员。",
    ),
    503: (
        "暂时不能使用",
        "这项功能暂时不能使用。",
        "请稍后再试，榜单列表等其他页面照常可用；运营人员可运行 jiebang doctor 查看原因。",
    ),
}


def page(code: int, happened: str = "", reference: str = "") -> tuple[str, int]:
    """The error page for a status code, with a more exact sentence where there is one."""
    title, default, advice = TEXTS.get(code, TEXTS[400 if code < 500 else 500])
    session = g.get("db")
    if session is not None:  # the menu asks the database again, which a failed transaction refuses
        session.rollback()
    return (
        render_template(
            "errors/error.html",
            code=code,
            title=title,
            happened=happened or default,
            advice=advice,
            reference=reference,
            actions=[("回到首页", "/")],
        ),
        code,
    )


def install(app: Flask) -> None:
    """Registers the handlers."""

    @app.errorhandler(DomainError)
    def _domain(error: DomainError) -> tuple[str, int] | tuple[str, int, dict[str, str]]:
        body, code = page(error.status, error.message)
        if isinstance(error, TooMany):
            return body, code, {"Retry-After": str(error.retry_after)}
        return body, code

    @app.errorhandler(CSRFError)
    def _csrf(_error: CSRFError) -> tuple[str, int]:
        return page(400, "页面停留太久或登录状态已变化，表单的安全标记失效了，请返回刷新后再提交。")

    @app.errorhandler(StaleDataError)
    def _stale(_error: StaleDataError) -> tuple[str, int]:
        return page(409, "在您编辑期间，其他人修改了这项内容；您的修改没有保存，以免互相覆盖。")

    @app.errorhandler(DataError)
    def _unstorable(_error: DataError) -> tuple[str, int]:
        """PostgreSQL takes no NUL character and no number beyond its column."""
        return page(400, "提交的内容里有无法识别的字符或过大的数字。")

    @app.errorhandler(OperationalError)
    def _busy(error: OperationalError) -> tuple[str, int] | tuple[str, int, dict[str, str]]:
        """SQLite's one write lock was not to be had; any other failure of a database is one."""
        if "database is locked" not in str(error.orig):
            return _unexpected(error)
        log.warning("database.kept_out", route=request.endpoint)
        if "db" in g:  # the menu must not stand in line again
            g.pop("db").close()
            g.db = app.extensions["jiebang"].database.session(write=False)
        body, code = page(
            503, "系统正忙，这次操作没有生效，已有数据没有变化；请稍候返回上一页再提交。"
        )
        return body, code, {"Retry-After": "10"}

    @app.errorhandler(HTTPException)
    def _http(error: HTTPException) -> tuple[str, int] | HTTPException:
        code = error.code or 500
        if code < 400:
            return error
        happened = ""
        if code == 413:
            limit = app.config["MAX_CONTENT_LENGTH"] // (1024 * 1024)
            happened = f"上传的内容超过 {limit} MB 的上限，没有保存任何内容。"
        return page(code, happened)

    @app.errorhandler(Exception)
    def _unexpected(error: Exception) -> tuple[str, int]:
        from uuid import uuid4

        reference = uuid4().hex[:12]
        # the route, not the address: what people type must not reach the log
        log.error("unhandled", reference=reference, route=request.endpoint, exc_info=error)
        return page(500, reference=reference)
