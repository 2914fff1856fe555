"""Form basics: Chinese messages from WTForms and CSRF from Flask-WTF."""

from __future__ import annotations

from collections.abc import Mapping
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

    def refuse(self, errors: Mapping[str, str]) -> None:
        """Shows what a service refused at the fields it names, the rest above the form."""
        for name, message in errors.items():
            if name in self:
                self[name].errors = [*self[name].errors, message]
            else:
                self.form_errors.append(message)


_STRIPPED = frozenset({"StringField", "TextAreaField", "EmailField", "TelField"})


def _strip(value: object) -> object:
    return value.strip() if isinstance(value, str) else value
