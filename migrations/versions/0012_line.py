"""A split carried over to a new response is a draft until it is saved.

Revision 0012, after 0011.
"""

from __future__ import annotations

from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def _allow(table: str, column: str, name: str, *values: str) -> None:
    """Puts an enum's guard anew."""
    listed = ", ".join(f"'{value}'" for value in values)
    with op.batch_alter_table(table) as batch:
        batch.drop_constraint(op.f(f"ck_{table}_{name}"), type_="check")
        batch.create_check_constraint(op.f(f"ck_{table}_{name}"), f"{column} IN ({listed})")


MEMBER = ("asked", "confirmed", "refused")


def upgrade() -> None:
    _allow("response_member", "state", "member_state", "draft", *MEMBER)


def downgrade() -> None:
    op.execute("DELETE FROM response_member WHERE state = 'draft'")
    _allow("response_member", "state", "member_state", *MEMBER)
