"""Form basics: Chinese messages from WTForms and CSRF from Flask-WTF."""

from __future__ import annotations

from typing import Any

from flask_wtf import FlaskForm


class Form(FlaskForm):  # type: ignore[misc]
    """The base of every form: Chinese messages, white space stripped from texts."""

    class Meta:
        locales = ("zh_CN", "zh")

        def bind_field(self, form: Any, unbound_field: Any, options: dict[str, Any]) -> Any:
            filters = list(unbound_field.kwargs.get("filters", ()))
            field_class = unbound_field.field_class
            if getattr(field_class, "strips", field_class.__name__ in _STRIPPED):
                filters.append(_strip)
            return unbound_field.bind(form=form, filters=filters, **options)


_STRIPPED = frozenset({"StringField", "TextAreaField", "EmailField", "TelField"})


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value
