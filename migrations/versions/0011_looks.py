"""Who looked at what is hidden, as what, and why.

Revision 0011, after 0008.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0008"
branch_labels = None
depends_on = None


def _enum(name: str, *values: str) -> sa.Enum:
    return sa.Enum(
        *values,
        name=name,
        native_enum=False,
        create_constraint=True,
        length=max(24, *(len(value) for value in values)),
    )


LOOKER = ("counterpart", "specialist", "operator", "expert")


def upgrade() -> None:
    with op.batch_alter_table("access_entry") as batch:
        # rows without a thread are looks by specialists: nobody else could look until now
        batch.add_column(
            sa.Column(
                "looker",
                _enum("looker", *LOOKER),
                nullable=False,
                server_default="counterpart",
            )
        )
        batch.add_column(sa.Column("reason", sa.Text(), nullable=False, server_default=""))
    op.execute("UPDATE access_entry SET looker = 'specialist' WHERE thread_id IS NULL")
    with op.batch_alter_table("access_entry") as batch:
        batch.alter_column("looker", server_default=None)
        batch.alter_column("reason", server_default=None)
        batch.create_check_constraint(
            op.f("ck_access_entry_reason"), "looker <> 'operator' OR reason <> ''"
        )


def downgrade() -> None:
    with op.batch_alter_table("access_entry") as batch:
        batch.drop_constraint(op.f("ck_access_entry_reason"), type_="check")
        batch.drop_constraint(op.f("ck_access_entry_looker"), type_="check")
        batch.drop_column("reason")
        batch.drop_column("looker")
