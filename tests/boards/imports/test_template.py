"""Templates: what people fill in imports, the example does not."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest

from jiebang.boards.imports import KINDS, Summary, write_template
from jiebang.boards.imports.template import columns_of, example, heading

from .conftest import MemoryStore


@pytest.mark.parametrize("kind", KINDS)
def test_a_filled_template_imports(
    kind: str, tmp_path: Path, run: Callable[..., Summary], store: MemoryStore
) -> None:
    path = tmp_path / "模板.xlsx"
    write_template(kind, path)
    book = openpyxl.load_workbook(path)
    sheet = book.worksheets[0]
    columns = columns_of(kind)
    assert [cell.value for cell in sheet[1]] == [heading(field) for field in columns]
    assert sheet.freeze_panes == "B2"
    assert book.worksheets[1].title == "填写说明"
    manual = {row[0] for row in book.worksheets[1].iter_rows(min_row=5, values_only=True)}
    assert manual == {heading(field) for field in columns}
    assert len(sheet.data_validations.dataValidation) >= 3
    for position, field in enumerate(columns, 1):
        value = "A-001" if field.name == "external_id" else example(kind, field)
        if field.name == "credit_code":
            value = "91370100MAE55TH28E"
        sheet.cell(3, position, value)
    book.save(path)
    summary = run(kind, path)
    assert summary.errors == []
    assert (summary.created, summary.skipped, summary.unused) == (1, 1, [])
    row = store.rows[0]
    assert row.number == 3
    assert row.missing == ()
    filled = {name for name, value in row.values.items() if value not in (None, [])}
    required = {field.name for field in columns if field.required}
    assert required <= filled


def test_only_the_example_is_left_out(
    tmp_path: Path, run: Callable[..., Summary], store: MemoryStore
) -> None:
    path = tmp_path / "模板.xlsx"
    write_template("need", path)
    summary = run("need", path)
    assert (summary.read, summary.skipped, store.kept) == (1, 1, {})
    assert "示例行已跳过" in summary.notes
