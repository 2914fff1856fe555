"""The audit trail's hashes are no longer indexed.

A hash is told apart by the row's number, which it covers, and `audit.verify` reckons every one of
them anew; nothing looks a row up by it. Its index stood in random order: each audited step changed
a page of its own, and an import of 100,000 listings some 300,000.

Revision 0014, after 0013.
"""

from __future__ import annotations

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("audit_entry") as batch:
        batch.drop_constraint(op.f("uq_audit_entry_hash"), type_="unique")


def downgrade() -> None:
    with op.batch_alter_table("audit_entry") as batch:
        batch.create_unique_constraint(op.f("uq_audit_entry_hash"), ["hash"])
