"""What a form of rules holds, read from a request, and what its page needs to draw it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date
from typing import Any

from jiebang.core.errors import Invalid
from jiebang.core.money import parse_money

from .. import forms
from ..compute import Outcome, compute
from ..rules import INPUT_LABELS, MOST, ROUNDING_LABELS, WHEN_LABELS, Input, parse
from ..services import Values

RULES_LIMIT = 20_000
"""Characters of a table as JSON."""


def pasted(form: Mapping[str, str]) -> dict[str, str]:
    """The form with its rules taken from the JSON field; Invalid says on `json` what is wrong."""
    text = form.get("json", "")
    if len(text) > RULES_LIMIT:
        raise Invalid({"json": f"规则最多 {RULES_LIMIT} 字。"})
    try:
        found = json.loads(text)
        parse(found)
    except Invalid as error:
        raise Invalid({"json": "规则有误：" + "".join(error.errors.values())}) from error
    except (ValueError, RecursionError) as error:
        place = f"（第 {error.lineno} 行）" if isinstance(error, json.JSONDecodeError) else ""
        raise Invalid({"json": f"规则不是完整的 JSON{place}，请检查逗号、引号和括号。"}) from error
    kept = {key: value for key, value in form.items() if not forms.of_rules(key)}
    return {**kept, **forms.flat(found)}


def tried(form: Mapping[str, str]) -> Outcome:
    """What the rules as typed grant for the numbers typed beside them."""
    rules = parse(forms.read(form))
    return compute(rules, inputs(form, rules.inputs))


def values(form: Mapping[str, str]) -> Values:
    """A version as typed; Invalid names every field that is wrong."""
    errors: dict[str, str] = {}
    days = {name: day(form, name, errors) for name in ("valid_from", "valid_to")}
    rules: dict[str, Any] = {}
    try:
        rules = forms.read(form)
    except Invalid as error:
        errors |= error.errors
    if errors:
        raise Invalid(errors)
    return Values(
        form.get("source", ""), days["valid_from"], days["valid_to"],
        form.get("verified") == "1", rules,
    )  # fmt: skip


def day(form: Mapping[str, str], name: str, errors: dict[str, str]) -> date | None:
    """A date; None where nothing was typed or it is none, which `errors` then says."""
    text = form.get(name, "").strip()
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        errors[name] = "请填写日期，例如 2026-11-28。"
        return None


def inputs(form: Mapping[str, str], wanted: tuple[Input, ...]) -> dict[Input, int]:
    """The numbers of the preview in fen (months in months); Invalid for what is no number."""
    found: dict[Input, int] = {}
    errors: dict[str, str] = {}
    for each in wanted:
        text = form.get(each.value, "").strip()
        if not text:
            continue  # said by the rules themselves
        try:
            if each is Input.MONTHS:
                found[each] = int(text) if text.isascii() and len(text) < 6 else -1
            else:
                asked = parse_money(text)
                if asked.low is None or asked.low != asked.high:
                    raise ValueError("请填一个金额，例如 500万元")
                found[each] = asked.low
        except ValueError as error:
            errors[each.value] = f"{INPUT_LABELS[each]}：{error}。".replace("。。", "。")
    if errors:
        raise Invalid(errors)
    return found


def drawn(typed: Mapping[str, str], focus: str = "") -> dict[str, Any]:
    """What the form's template needs beside what was typed."""
    return {
        "groups": {name: forms.rows(typed, name) for name in forms.GROUPS},
        "added": forms.ADDED,
        "most": MOST,
        "all_inputs": forms.choices(amounts=False),
        "amounts": forms.choices(amounts=True),
        "whens": [(each.value, label) for each, label in WHEN_LABELS.items()],
        "roundings": [(each.value, label) for each, label in ROUNDING_LABELS.items()],
        "needed": forms.asked(typed),
        "input_labels": INPUT_LABELS,
        "focus": focus,
    }
