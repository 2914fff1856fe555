"""Links of a list keep its filters and nothing else of the address."""

from __future__ import annotations

from flask import Flask

from jiebang.web.pagination import Page, address, page_number


def test_filters_are_kept_and_the_page_is_replaced() -> None:
    app = Flask(__name__)
    with app.test_request_context("/boards/need?q=焊接 变形&mode=技术开发&page=2&trl="):
        url = Page(2, 90, 20).url_for_page(3)
        assert url == (
            "/boards/need?q=%E7%84%8A%E6%8E%A5+%E5%8F%98%E5%BD%A2"
            "&mode=%E6%8A%80%E6%9C%AF%E5%BC%80%E5%8F%91&page=3"
        )
        assert address("q", "page") == "/boards/need?mode=%E6%8A%80%E6%9C%AF%E5%BC%80%E5%8F%91"
        assert address("q", "mode", "page") == "/boards/need"


def test_an_address_cannot_choose_another_scheme_or_host() -> None:
    app = Flask(__name__)
    evil = "/boards/need?_scheme=javascript&_external=1&_anchor=x&board_name=outcome"
    with app.test_request_context(evil):
        url = Page(1, 90, 20).url_for_page(2)
    assert url.startswith("/boards/need?")
    assert "javascript:" not in url


def test_an_unreadable_page_is_the_first() -> None:
    app = Flask(__name__)
    for text in ("", "x", "-1", "0", "²", "9" * 40):
        with app.test_request_context(f"/?page={text}"):
            assert page_number() == 1
