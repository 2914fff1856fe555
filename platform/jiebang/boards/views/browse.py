"""Boards as lists: filter, sort, search, page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask import render_template, request, url_for
from wtforms import Form as PlainForm
from wtforms import SelectField, StringField
from wtforms.widgets import DateInput, SearchInput

from jiebang.core.boards import Board
from jiebang.core.errors import NotFound
from jiebang.core.money import parse_money
from jiebang.core.permissions import LINE_LABELS, Line
from jiebang.web.access import Level, access, actor, db
from jiebang.web.current import platform
from jiebang.web.pagination import Page, address, page_number

from .. import queries
from ..documents import card, search_filter
from ..fields import fields_of
from ..fields.shared import CHAINS, INDUSTRIES, REGIONS
from .blueprint import blueprint

FOUND_AT_MOST = 200
"""So many ranked results are paged through; further ones are too far off to be of use."""
QUERY_LIMIT = 200
NAMES = ("q", "industry", "chain", "region", "mode", "trl", "money", "until")


class FilterForm(PlainForm):  # type: ignore[misc]
    """The filters of a list page; all of them travel in the address, so links can be shared."""

    q = StringField(
        "关键词", widget=SearchInput(), render_kw={"placeholder": "材料、工艺、指标、岗位…"}
    )
    industry = SelectField("产业领域", validate_choice=False)
    chain = StringField("产业链", render_kw={"list": "chain-options"})
    region = StringField("地区", render_kw={"list": "region-options"})
    mode = SelectField("合作方式", validate_choice=False)
    trl = SelectField("技术成熟度", validate_choice=False)
    money = StringField("金额不高于", render_kw={"placeholder": "如 100万元"})
    until = StringField("截止不早于", widget=DateInput())
    sort = SelectField("排序", validate_choice=False)


@blueprint.get("/boards/")
@access(Level.ANYONE)
def index() -> str:
    """The boards at a glance, all six or those of one line."""
    session, who = db(), actor()
    chosen = request.args.get("line", "")
    lines = [line for line in Line if chosen in ("", line.value)] or list(Line)
    boards = [board for board in Board if board.line in lines]
    latest = {}
    for board in boards:
        rows, _ = queries.page(session, queries.BoardFilter(board), who, 1)
        latest[board] = [card(listing, owner, who) for listing, owner in rows[:3]]
    tabs = [("全部", "")] + [(LINE_LABELS[line], line.value) for line in Line]
    return render_template(
        "boards/index.html",
        tabs_items=[
            {
                "label": label,
                "url": url_for("boards.index", line=value or None),
                "active": value == (chosen if len(lines) < len(Line) else ""),
            }
            for label, value in tabs
        ],
        lines=[(LINE_LABELS[line], [b for b in boards if b.line is line]) for line in lines],
        counts=platform().discovery.provider.counts(session),
        latest=latest,
    )


@blueprint.get("/boards/<board_name>")
@access(Level.ANYONE)
def browse(board_name: str) -> str:
    """One board."""
    if board_name not in {board.value for board in Board}:
        raise NotFound("没有这个榜单，请从“榜单”页选择。")
    board = Board(board_name)
    session, who = db(), actor()
    form = FilterForm(request.args)
    _choices(form, board)
    where, problems = _read(form, board)
    number = page_number()
    if where.text:
        items, total = _searched(where, number)
    else:
        rows, total = queries.page(session, where, who, number)
        items = [card(listing, owner, who) for listing, owner in rows]
    page = Page(number, total, queries.PAGE_SIZE)
    return render_template(
        "boards/browse.html",
        board=board,
        boards=list(Board),
        form=form,
        items=items,
        page=page,
        problems=problems,
        active=_active(form),
        names=[n for n in NAMES if n in form and _applies(board, n)],
        chains=sorted({*CHAINS, *queries.chains_in_use(session, board)}),
        regions=REGIONS,
        ranked=bool(where.text) and where.sort == "fit",
    )


def asked(
    board: Board, typed: Mapping[str, str]
) -> tuple[queries.BoardFilter, dict[str, str], str]:
    """A search as a form or a saved one names it: the filter, what was typed, and it in words.

    Needs no request: what cannot be read has no effect, as on the page.
    """
    kept = {n: str(typed[n]).strip() for n in NAMES if str(typed.get(n) or "").strip()}
    form = FilterForm(data=kept)
    _choices(form, board)
    where, _ = _read(form, board)
    words = [text.partition("：")[2] for text in _said(form)]
    return where, kept, "，".join(words)


def _choices(form: FilterForm, board: Board) -> None:
    form.industry.choices = [("", "全部"), *((o.value, o.label) for o in INDUSTRIES)]
    modes = next((f.options for f in fields_of(board) if f.name == "modes"), ())
    form.mode.choices = [("", "全部"), *((o.value, o.label) for o in modes)]
    form.trl.choices = [("", "不限"), *((str(n), f"{n} 级及以上") for n in range(1, 10))]
    sorts = [("fit", "最相关")] if form.q.data else []
    form.sort.choices = [*sorts, *queries.SORTS.items()]


def _applies(board: Board, name: str) -> bool:
    names = {field.name for field in fields_of(board)}
    return {"mode": "modes", "until": "deadline"}.get(name, name) in names or name == "q"


def _read(form: FilterForm, board: Board) -> tuple[queries.BoardFilter, list[str]]:
    problems = []
    text = (form.q.data or "").strip()
    if len(text) > QUERY_LIMIT:
        problems.append(f"关键词最多 {QUERY_LIMIT} 字，已按前 {QUERY_LIMIT} 字查找。")
        text = text[:QUERY_LIMIT]
    money = None
    if form.money.data:
        try:
            asked = parse_money(form.money.data)
            money = asked.high if asked.high is not None else asked.low
        except ValueError as error:
            problems.append(f"金额：{error}，这一项没有起作用。")
    until = None
    if form.until.data:
        try:
            until = date.fromisoformat(form.until.data)
            if not 1900 < until.year < 2200:
                raise ValueError(until)
        except ValueError:
            until = None
            problems.append("截止日期应形如 2027-06-30，这一项没有起作用。")
    trl = form.trl.data or ""
    sorts = {value for value, _ in form.sort.choices}
    sort = form.sort.data if form.sort.data in sorts else ("fit" if text else "new")
    form.sort.data = sort
    where = queries.BoardFilter(
        board=board,
        text=text,
        industry=_known(form.industry),
        chain=(form.chain.data or "").strip(),
        region=(form.region.data or "").strip(),
        mode=_known(form.mode),
        trl=int(trl) if trl in {str(n) for n in range(1, 10)} else None,
        money=money,
        until=until,
        sort=sort,
    )
    return where, problems


def _known(field: Any) -> str:
    return field.data if field.data in {value for value, _ in field.choices} else ""


def _searched(where: queries.BoardFilter, number: int) -> tuple[list[Any], int]:
    found = platform().discovery.search_text(
        db(),
        where.text,
        where.board,
        actor(),
        FOUND_AT_MOST,
        search_filter(where),
        explain=False,
    )
    cards = [each.card for each in found]
    if where.sort == "deadline":
        cards.sort(key=lambda c: (c.deadline is None, c.deadline or date.max))
    elif where.sort == "new":
        cards.sort(key=lambda c: -c.id)
    elif where.sort == "money":
        cards.sort(key=lambda c: -(c.money or 0))
    start = (number - 1) * queries.PAGE_SIZE
    return cards[start : start + queries.PAGE_SIZE], len(cards)


def _active(form: FilterForm) -> list[tuple[str, str]]:
    """What the list was narrowed to, each with the address without it."""
    filled = [name for name in NAMES if form[name].data]
    return [(text, address(n, "page")) for text, n in zip(_said(form), filled, strict=True)]


def _said(form: FilterForm) -> list[str]:
    """Each condition in words, in the order of NAMES."""
    found = []
    for name in NAMES:
        value = form[name].data
        if value:
            label = dict(getattr(form[name], "choices", None) or []).get(value, value)
            found.append(f"{form[name].label.text}：{label}")
    return found
