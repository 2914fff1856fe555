"""What people type about organisations, members and requests."""

from __future__ import annotations

from typing import Any

from flask_wtf.file import FileField
from wtforms import (
    RadioField,
    SelectField,
    SelectMultipleField,
    StringField,
    TextAreaField,
)
from wtforms.validators import InputRequired, Length, Optional, Regexp
from wtforms.widgets import CheckboxInput, ListWidget, NumberInput

from jiebang.core import terms, uploads
from jiebang.core.permissions import LINE_LABELS, Line, OrganisationRole
from jiebang.web.wtf import Form

from .models import Category, Organisation, Size
from .services.claims import NOTE_LIMIT
from .services.organisations import INTRO_LIMIT, NAME_LIMIT, Profile
from .services.verification import REASON_LIMIT
from .terms import CATEGORY_LABELS, ROLE_LABELS, SIZE_LABELS

ACCEPT = uploads.accept_of(uploads.PAPERS)


def _breaks(value: Any) -> Any:
    return value.replace("\r\n", "\n") if isinstance(value, str) else value


def _at_most(limit: int) -> Length:
    return Length(max=limit, message=f"最多 {limit} 字，请缩短。")


class LinesField(SelectMultipleField):  # type: ignore[misc]
    """Any of the three lines."""

    widget = ListWidget(prefix_label=False)
    option_widget = CheckboxInput()


class ProfileForm(Form):
    """An organisation's profile."""

    name = StringField(
        "单位名称",
        validators=[
            InputRequired("请填写单位名称，与营业执照或法人证书一致。"),
            _at_most(NAME_LIMIT),
        ],
        description="写全称，与营业执照或法人证书一致。",
        render_kw={"autocomplete": "organization"},
    )
    category = RadioField(
        "单位类别",
        choices=[(kind.value, label) for kind, label in CATEGORY_LABELS.items()],
        validators=[InputRequired("请选择单位类别。")],
    )
    size = SelectField(
        "企业规模",
        choices=[
            ("", "不清楚 / 不适用"),
            *((kind.value, text) for kind, text in SIZE_LABELS.items()),
        ],
        validators=[Optional()],
        description="按《中小企业划型标准规定》；高校、院所不用填。",
    )
    region = StringField(
        "所在地区",
        validators=[_at_most(40)],
        description="可从列表选择，也可自行填写。",
        render_kw={"list": "region-options"},
    )
    industry = SelectField(
        "产业领域",
        choices=[("", "请选择"), *terms.INDUSTRY_LABELS.items()],
        validators=[Optional()],
    )
    chain = StringField(
        "产业链",
        validators=[_at_most(40)],
        description="如“工业母机”“中医药”；可从列表选择，也可自行填写。",
        render_kw={"list": "chain-options"},
    )
    staff = StringField(
        "职工人数",
        validators=[
            Optional(),
            Regexp(r"^\d{1,7}$", message="职工人数请填整数，例如 60。"),
        ],
        widget=NumberInput(min=0),
        render_kw={"unit": "人"},
    )
    intro = TextAreaField(
        "单位简介",
        filters=[_breaks],
        validators=[_at_most(INTRO_LIMIT)],
        description="主营业务、研发方向、主要产品或优势学科，对外公开。",
    )
    contact_name = StringField(
        "联系人", validators=[_at_most(40)], description="不公开，只供平台运营联系。"
    )
    contact_phone = StringField(
        "联系电话",
        validators=[
            Optional(),
            Regexp(r"^[\d+\- ()（）转#]{6,20}$", message="请填 6–20 位数字，可带区号、分机。"),
        ],
        description="不公开，只供平台运营联系。",
        render_kw={"autocomplete": "tel", "inputmode": "tel"},
    )

    def keep_identity(self) -> None:
        """Leaves out what was handed in for verification."""
        del self.name
        del self.category

    def profile(self, kept: Organisation | None = None) -> Profile:
        """The typed values, once the form is valid; name and category of `kept` stay."""
        return Profile(
            name=kept.name if kept else self.name.data,
            category=kept.category if kept else Category(self.category.data),
            size=Size(self.size.data) if self.size.data else None,
            region=self.region.data or "",
            industry=self.industry.data or "",
            chain=self.chain.data or "",
            intro=self.intro.data or "",
            staff=int(self.staff.data) if self.staff.data else None,
            contact_name=self.contact_name.data or "",
            contact_phone=self.contact_phone.data or "",
        )

    def fill(self, found: Organisation) -> None:
        """Shows what is kept."""
        for name in ("name", "region", "industry", "chain", "intro", "contact_name"):
            self[name].data = getattr(found, name)
        self.contact_phone.data = found.contact_phone
        self.category.data = found.category.value
        self.size.data = found.size.value if found.size else ""
        self.staff.data = "" if found.staff is None else str(found.staff)


class MemberForm(Form):
    """Role and lines of a member."""

    role = RadioField(
        "角色",
        choices=[(role.value, label) for role, label in reversed(ROLE_LABELS.items())],
        default=OrganisationRole.AGENT.value,
        validators=[InputRequired("请选择角色。")],
    )
    scopes = LinesField(
        "经办业务线",
        choices=[(line.value, label) for line, label in LINE_LABELS.items()],
        description="经办人只能办理选中的业务线；管理员不受限制。",
    )

    @property
    def lines(self) -> list[Line]:
        return [Line(value) for value in self.scopes.data or []]

    @property
    def chosen_role(self) -> OrganisationRole:
        return OrganisationRole(self.role.data)


class InviteForm(MemberForm):
    """Somebody to invite."""

    identifier = StringField(
        "对方的邮箱或手机号",
        validators=[InputRequired("请填写对方的邮箱地址或 11 位手机号。"), _at_most(254)],
        description="对方须用这个邮箱或手机号登录或注册。",
        render_kw={"inputmode": "email", "autocapitalize": "none"},
    )


def _file(label: str, hint: str) -> FileField:
    return FileField(label, description=hint, render_kw={"accept": ACCEPT})


class VerificationForm(Form):
    """Code and papers."""

    credit_code = StringField(
        "统一社会信用代码",
        validators=[InputRequired("请填写营业执照或法人证书上的 18 位统一社会信用代码。")],
        description="18 位，字母不含 I、O、S、V、Z。",
        render_kw={"autocapitalize": "characters", "spellcheck": "false"},
    )
    licence = _file("营业执照或法人证书", "清晰的扫描件或照片。")
    authorisation = _file("加盖公章的授权书", "写明授权您代表本单位在平台办理业务，加盖单位公章。")


class ClaimForm(Form):
    """Why an organisation is ours."""

    evidence = _file("认领证明", "加盖公章的授权书，或能证明您代表该单位的文件。")
    note = TextAreaField(
        "说明",
        filters=[_breaks],
        validators=[_at_most(NOTE_LIMIT)],
        description="您的部门、职务，便于核实的单位电话。只有平台运营能看到。",
        render_kw={"rows": 3},
    )


class ReasonForm(Form):
    """An operator's reason."""

    reason = TextAreaField(
        "退回原因",
        filters=[_breaks],
        validators=[_at_most(REASON_LIMIT)],
        description="写清哪里不符、怎样补正；对方会看到原文。",
        render_kw={"rows": 3},
    )


class SuspendForm(Form):
    """Why an organisation may not act for now."""

    reason = TextAreaField(
        "暂停原因",
        filters=[_breaks],
        validators=[_at_most(REASON_LIMIT)],
        description="该单位管理员会看到原文。",
        render_kw={"rows": 3},
    )


class SearchForm(Form):
    """A name to look for; read from the address."""

    class Meta:
        csrf = False

    q = StringField("单位名称", validators=[_at_most(NAME_LIMIT)])
