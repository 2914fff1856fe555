"""Promises of the design system that no page may break, checked on files and style guide."""

from __future__ import annotations

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from flask import Flask, render_template
from flask_wtf.csrf import CSRFProtect
from jinja2 import StrictUndefined
from wtforms import (
    BooleanField,
    DateField,
    DateTimeLocalField,
    DecimalField,
    FieldList,
    FileField,
    Form,
    FormField,
    IntegerField,
    PasswordField,
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.fields import SelectChoice
from wtforms.validators import DataRequired, Length, Optional

from jiebang.web import filters

WEB = Path(filters.__file__).parent
TEMPLATES = sorted(WEB.parent.rglob("templates/**/*.html"))
STYLES = sorted((WEB / "static" / "css").glob("*.css"))
COLOUR = re.compile(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(")


def _choices(*values: str) -> list[SelectChoice]:
    return [SelectChoice(value) for value in values]


class _Row(Form):
    name = StringField("指标", [DataRequired("请填写指标名称。")])
    comparator = SelectField("关系", choices=_choices("≥", "≤"))
    value = StringField("数值", [DataRequired("请填写数值。")])
    unit = StringField("单位", [Optional()])


class _Money(Form):
    low = IntegerField("最低", [Optional()], render_kw={"unit": "万元"})
    negotiable = BooleanField("面议")


class _Sample(Form):
    title = StringField("标题", [DataRequired("请写一个标题。"), Length(max=60)])
    need_kind = RadioField("需求类型", choices=_choices("research", "scenario"))
    problem = TextAreaField("问题", [DataRequired("请写出问题。"), Length(max=300)])
    indicators = FieldList(FormField(_Row), "目标指标", min_entries=1, max_entries=3)
    modes = SelectMultipleField("合作方式", choices=_choices("技术开发", "技术转让"))
    money = FormField(_Money, "预算")
    deadline = DateField("期望完成日期", [Optional()])
    closes_at = DateTimeLocalField("截止时间", [Optional()])
    trl = IntegerField("技术成熟度", [Optional()], render_kw={"unit": "级"})
    price = DecimalField("最高限价", [Optional()])
    attachment = FileField("附件", render_kw={"accept": ".docx,.pdf"})
    password = PasswordField("密码", [DataRequired("请输入密码。")])
    agree = BooleanField("我确认")
    reason = TextAreaField("原因", [Length(max=200)])


class _Filters(Form):
    keyword = StringField("关键词")
    region = SelectField("地区", choices=_choices("", "济南市"))
    need_kind = SelectField("类型", choices=_choices("", "技术攻关"))
    deadline = DateField("截止不早于", [Optional()])


@pytest.fixture
def app() -> Flask:
    app = Flask("sample", template_folder=str(WEB / "templates"), static_folder=None)
    app.config.update(SECRET_KEY="for this test", TESTING=True)
    app.jinja_env.undefined = StrictUndefined
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    CSRFProtect(app)
    filters.register(app)
    for endpoint in ("static", "accounts.sign_in", "accounts.sign_out", "discovery.ask"):
        app.add_url_rule(f"/{endpoint}", endpoint, str)
    app.context_processor(
        lambda: {
            "current_user": SimpleNamespace(is_authenticated=True, display_name="王工"),
            "csp_nonce": lambda: "nonce",
            "demo_mode": True,
            "navigation": [
                SimpleNamespace(label="我的待办", url="/", active=True, badge=3, group=""),
                SimpleNamespace(label="赛道规则", url="/r", active=True, badge=None, group="管理"),
            ],
            "account_menu": [],
        }
    )
    return app


def _style_guide(app: Flask, form: _Sample) -> str:
    page = SimpleNamespace(number=2, pages=9, total=170, url_for_page=lambda n: f"?page={n}")
    with app.test_request_context():
        return render_template(
            "styleguide.html", form=form, filters=_Filters(prefix="f-"), page=page
        )


def test_every_component_renders_with_nothing_undefined(app: Flask) -> None:
    html = _style_guide(app, _Sample())
    assert "演示环境：数据与账号均为示例" in html
    assert "请先改正下面的问题" not in html


def test_every_error_is_said_once_at_its_field_and_linked_from_the_summary(app: Flask) -> None:
    form = _Sample()
    assert not form.validate()
    html = _style_guide(app, form)
    summary = html.split('class="error-summary__list"')[1].split("</ul>")[0]
    targets = re.findall(r'href="#([^"]+)"', summary)
    assert "indicators-0-name" in targets
    for target in targets:
        assert f'id="{target}"' in html
    assert 'aria-describedby="title-error' in html


def test_labels_and_ids_are_unique(app: Flask) -> None:
    html = _style_guide(app, _Sample())
    ids = re.findall(r'\sid="([^"]+)"', html)
    assert sorted(ids) == sorted(set(ids))
    assert set(re.findall(r'<label[^>]*\sfor="([^"]+)"', html)) <= set(ids)


def test_enter_in_a_form_with_rows_never_removes_a_row(app: Flask) -> None:
    html = _style_guide(app, _Sample())
    rows = html.split('data-rows="indicators"')[1]
    first = re.search(r'<button[^>]*type="submit"[^>]*>', rows)
    assert first is not None
    assert "name=" not in first.group()


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: path.name)
def test_templates_keep_to_the_content_security_policy(path: Path) -> None:
    text = path.read_text("utf-8")
    assert not re.search(r"<[^>{]*\sstyle\s*=", text)
    assert not re.search(r"<[^>{]*\son[a-z]+\s*=", text)
    assert "<style" not in text
    assert "javascript:" not in text
    assert not re.search(r"(src|href)=\"(https?:)?//", text)
    for script in re.findall(r"<script[^>]*>", text):
        assert 'nonce="{{ csp_nonce() }}"' in script
        assert "src=" in script


def test_every_icon_that_is_used_has_been_drawn() -> None:
    drawn = set(re.findall(r'id="([^"]+)"', (WEB / "static/img/icons.svg").read_text("utf-8")))
    used = {
        name
        for path in TEMPLATES
        for name in re.findall(r'\bicon\("([a-z0-9-]+)"\s*[,)]', path.read_text("utf-8"))
    }
    assert used <= drawn


@pytest.mark.parametrize("path", STYLES, ids=lambda path: path.name)
def test_only_the_tokens_name_colours(path: Path) -> None:
    if path.name not in {"tokens.css", "print.css"}:
        assert not COLOUR.search(path.read_text("utf-8"))


def test_every_token_that_is_used_is_defined() -> None:
    text = "".join(path.read_text("utf-8") for path in STYLES)
    defined = set(re.findall(r"(--[a-z0-9-]+)\s*:", text))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", text)) <= defined
