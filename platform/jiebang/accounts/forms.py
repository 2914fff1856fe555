"""What people type about themselves."""

from __future__ import annotations

from wtforms import (
    BooleanField,
    EmailField,
    PasswordField,
    SelectField,
    StringField,
)
from wtforms.validators import DataRequired, InputRequired, Length, Optional, ValidationError
from wtforms.widgets import SearchInput

from jiebang.core.permissions import ROLE_LABELS
from jiebang.web.wtf import Form

from .identifiers import MESSAGE, Identifier, email, parse
from .passwords import RULE, problem


class IdentifierField(StringField):  # type: ignore[misc]
    """An e-mail address or a mobile number; `identifier` is the normalised value."""

    strips = True
    identifier: Identifier | None = None

    def pre_validate(self, form: object) -> None:
        """Reads what was typed."""
        self.identifier = parse(self.data or "")
        if self.data and self.identifier is None:
            raise ValidationError(MESSAGE)


def _identifier(label: str = "邮箱或手机号", hint: str = "") -> IdentifierField:
    return IdentifierField(
        label,
        validators=[DataRequired(MESSAGE)],
        description=hint,
        render_kw={"autocomplete": "username", "inputmode": "email", "autocapitalize": "none"},
    )


def _new_password(label: str) -> PasswordField:
    return PasswordField(
        label,
        validators=[InputRequired("请设置密码。")],
        description=RULE,
        render_kw={"autocomplete": "new-password"},
    )


class SignInForm(Form):
    """Name and password."""

    identifier = _identifier()
    password = PasswordField(
        "密码",
        validators=[InputRequired("请输入密码。")],
        render_kw={"autocomplete": "current-password"},
    )


class RegisterForm(Form):
    """A new account."""

    name = StringField(
        "姓名",
        validators=[DataRequired("请填写姓名。"), Length(2, 40, "姓名应为 2–40 个字。")],
        description="同事和对接方看到的名字。",
        render_kw={"autocomplete": "name"},
    )
    identifier = _identifier(hint="登录时用，也用来接收办理通知；推荐填写单位邮箱。")
    password = _new_password("密码")
    consent = BooleanField(
        "我已阅读并同意《用户协议》和《个人信息保护说明》",
        validators=[InputRequired("请先阅读并勾选同意，才能注册。")],
    )

    def validate_password(self, field: PasswordField) -> None:
        """The policy, so that all problems are told at once; the service has the last word."""
        own = self.identifier.identifier or Identifier()
        if message := problem(field.data or "", own.email, own.phone):
            raise ValidationError(message)


class ForgottenForm(Form):
    """Who wants a new password."""

    identifier = _identifier("注册时用的邮箱或手机号")


class ResetForm(Form):
    """The new password, from the mailed link."""

    password = _new_password("新密码")


class PasswordForm(Form):
    """The old password and the new one."""

    current = PasswordField(
        "现在的密码",
        validators=[InputRequired("请输入现在的密码。")],
        render_kw={"autocomplete": "current-password"},
    )
    password = _new_password("新密码")


class ProfileForm(Form):
    """One's own name and address."""

    name = StringField(
        "姓名", validators=[DataRequired("请填写姓名。"), Length(2, 40, "姓名应为 2–40 个字。")]
    )
    email = EmailField(
        "邮箱",
        validators=[Optional(), Length(max=254, message="邮箱过长，请检查。")],
        description="更换邮箱后需要重新确认。",
        render_kw={"autocomplete": "email"},
    )

    def validate_email(self, field: EmailField) -> None:
        """The format; whether it is free is the service's question."""
        if field.data and email(field.data) is None:
            raise ValidationError("邮箱格式不对，应如 name@example.com。")


class PeopleFilter(Form):
    """The search above the list of accounts."""

    class Meta:
        csrf = False

    q = StringField(
        "姓名、邮箱或手机号",
        widget=SearchInput(),
        render_kw={"placeholder": "姓名，或完整邮箱、手机号"},
    )
    role = SelectField(
        "角色",
        choices=[("", "全部"), *((role.value, label) for role, label in ROLE_LABELS.items())],
        validate_choice=False,
    )
