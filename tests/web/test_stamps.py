"""Static files are kept by browsers under addresses that change with their content."""

from __future__ import annotations

import re
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient

from jiebang.web import stamps


def test_what_a_page_needs_may_be_kept(client: FlaskClient) -> None:
    page = client.get("/").text
    found = set(re.findall(r"""(?:href|src)="(/static/[^"#]+)""", page))
    assert any(".css" in each for each in found) and any(".js" in each for each in found)
    assert any("icons.svg" in each for each in found)
    for address in found:
        response = client.get(address, buffered=True)
        assert response.status_code == 200, address
        assert response.headers["Cache-Control"] == stamps.KEPT, address


def test_an_old_or_missing_stamp_is_answered_but_not_kept(client: FlaskClient) -> None:
    for address in ("/static/css/base.css", "/static/css/base.css?v=0123456789"):
        response = client.get(address, buffered=True)
        assert response.status_code == 200
        assert "immutable" not in response.headers["Cache-Control"]
    assert client.get("/static/css/nothing.css?v=0123456789").status_code == 404


def test_a_changed_file_gets_another_address(app: Flask, tmp_path: Path) -> None:
    app.static_folder = str(tmp_path)
    file = tmp_path / "a.css"
    file.write_text("a{}")
    first = stamps.stamp(app, "a.css")
    file.write_text("bb{}")
    assert stamps.stamp(app, "a.css") not in (None, first)
    assert stamps.stamp(app, "nothing.css") is None
