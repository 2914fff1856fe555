"""Tracks as data, notices, and threads between a listing's owner and who answers it.

Revision 0003, after 0002.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("url", sa.String(length=200), nullable=False),
        sa.Column("read_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("mailed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("title <> ''", name=op.f("ck_notice_title")),
        sa.CheckConstraint("url LIKE '/%'", name=op.f("ck_notice_url")),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_notice_user_id_user"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_notice")),
    )
    op.create_index("ix_notice_user_id", "notice", ["user_id", "read_at", "id"], unique=False)
    op.create_table(
        "notice_setting",
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column(
            "mail",
            sa.Enum(
                "at_once",
                "digest",
                "never",
                name="mail_mode",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["user_id"],
            ["user.id"],
            name=op.f("fk_notice_setting_user_id_user"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("user_id", name=op.f("pk_notice_setting")),
    )
    op.create_table(
        "track_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column(
            "track",
            sa.Enum(
                "market",
                "competition",
                name="track",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column(
            "related",
            sa.Enum(
                "barred",
                "disclosed",
                name="related",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("formality", sa.Boolean(), nullable=False),
        sa.Column("shortlist", sa.Boolean(), nullable=False),
        sa.Column("joint", sa.Boolean(), nullable=False),
        sa.Column("several", sa.Boolean(), nullable=False),
        sa.Column("one_each", sa.Boolean(), nullable=False),
        sa.Column(
            "decision_from",
            sa.Enum(
                "filing",
                "closing",
                name="decision_from",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("interest_days", sa.Integer(), nullable=False),
        sa.Column("answer_days", sa.Integer(), nullable=False),
        sa.Column("idle_days", sa.Integer(), nullable=False),
        sa.Column("formality_days", sa.Integer(), nullable=False),
        sa.Column("return_days", sa.Integer(), nullable=False),
        sa.Column("decision_days", sa.Integer(), nullable=False),
        sa.Column("introduction_days", sa.Integer(), nullable=False),
        sa.Column("escalate_days", sa.Integer(), nullable=False),
        sa.Column("source", sa.Text(), nullable=False),
        sa.Column("created_by", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("source <> ''", name=op.f("ck_track_version_source")),
        sa.CheckConstraint(
            "answer_days BETWEEN 1 AND 60", name=op.f("ck_track_version_answer_days")
        ),
        sa.CheckConstraint(
            "decision_days BETWEEN 1 AND 60", name=op.f("ck_track_version_decision_days")
        ),
        sa.CheckConstraint(
            "escalate_days BETWEEN 1 AND 60", name=op.f("ck_track_version_escalate_days")
        ),
        sa.CheckConstraint(
            "formality_days BETWEEN 1 AND 60", name=op.f("ck_track_version_formality_days")
        ),
        sa.CheckConstraint("idle_days BETWEEN 1 AND 60", name=op.f("ck_track_version_idle_days")),
        sa.CheckConstraint(
            "interest_days BETWEEN 1 AND 60", name=op.f("ck_track_version_interest_days")
        ),
        sa.CheckConstraint(
            "introduction_days BETWEEN 1 AND 60", name=op.f("ck_track_version_introduction_days")
        ),
        sa.CheckConstraint(
            "return_days BETWEEN 1 AND 60", name=op.f("ck_track_version_return_days")
        ),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user.id"], name=op.f("fk_track_version_created_by_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_track_version")),
    )
    op.create_index(
        "uq_track_version_track_number", "track_version", ["track", "number"], unique=True
    )
    op.create_table(
        "thread",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("issuer_id", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Integer(), nullable=False),
        sa.Column("own_listing_id", sa.Integer(), nullable=True),
        sa.Column("track_version_id", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "interested",
                "talking",
                "declined",
                "withdrawn",
                "ended",
                name="thread_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("opened_by", sa.Integer(), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "holder",
            sa.Enum(
                "issuer",
                "responder",
                "operator",
                "specialist",
                name="holder",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("due", sa.Date(), nullable=True),
        sa.Column("escalated", sa.Integer(), nullable=False),
        sa.Column(
            "ended_by",
            sa.Enum(
                "issuer",
                "responder",
                name="ended_by",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column(
            "reason_code",
            sa.Enum(
                "too_early",
                "route_unclear",
                "below_indicators",
                "too_expensive",
                "rights",
                "too_late",
                "conditions",
                "solved",
                "unclear",
                "price",
                "lead_time",
                "qualification",
                "capacity",
                "specification",
                "major",
                "headcount",
                "pay",
                "time",
                "another_chosen",
                "listing_ended",
                "other",
                name="reason_code",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(state IN ('interested', 'talking')) = (holder IS NOT NULL) AND (state IN ('interested', 'talking')) = (due IS NOT NULL)",
            name=op.f("ck_thread_waiting"),
        ),
        sa.CheckConstraint(
            "state <> 'declined' OR (reason_code IS NOT NULL AND reason <> '')",
            name=op.f("ck_thread_declined"),
        ),
        sa.CheckConstraint("state <> 'ended' OR reason <> ''", name=op.f("ck_thread_ended")),
        sa.CheckConstraint("issuer_id <> organisation_id", name=op.f("ck_thread_two_sides")),
        sa.ForeignKeyConstraint(
            ["issuer_id"], ["organisation.id"], name=op.f("fk_thread_issuer_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_thread_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(["opened_by"], ["user.id"], name=op.f("fk_thread_opened_by_user")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_thread_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["own_listing_id"], ["listing.id"], name=op.f("fk_thread_own_listing_id_listing")
        ),
        sa.ForeignKeyConstraint(
            ["track_version_id"],
            ["track_version.id"],
            name=op.f("fk_thread_track_version_id_track_version"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread")),
    )
    op.create_index("ix_thread_due", "thread", ["state", "due"], unique=False)
    op.create_index("ix_thread_issuer_id", "thread", ["issuer_id", "state"], unique=False)
    op.create_index(
        "ix_thread_organisation_id", "thread", ["organisation_id", "state"], unique=False
    )
    op.create_index(
        "uq_thread_live",
        "thread",
        ["listing_id", "organisation_id"],
        unique=True,
        sqlite_where=sa.text("state IN ('interested', 'talking')"),
        postgresql_where=sa.text("state IN ('interested', 'talking')"),
    )
    op.create_table(
        "access_entry",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owner_id", sa.Integer(), nullable=False),
        sa.Column("listing_id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=True),
        sa.Column("organisation_id", sa.Integer(), nullable=True),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("what", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"],
            ["listing.id"],
            name=op.f("fk_access_entry_listing_id_listing"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("fk_access_entry_organisation_id_organisation"),
        ),
        sa.ForeignKeyConstraint(
            ["owner_id"], ["organisation.id"], name=op.f("fk_access_entry_owner_id_organisation")
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
            name=op.f("fk_access_entry_thread_id_thread"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_access_entry_user_id_user")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_access_entry")),
    )
    op.create_index(
        "ix_access_entry_owner_id", "access_entry", ["owner_id", "listing_id", "id"], unique=False
    )
    op.create_table(
        "thread_agreement",
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "issuer",
                "responder",
                name="side",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("user_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("text_version", sa.String(length=20), nullable=False),
        sa.Column("text_hash", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
            name=op.f("fk_thread_agreement_thread_id_thread"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_thread_agreement_user_id_user")
        ),
        sa.PrimaryKeyConstraint("thread_id", "side", name=op.f("pk_thread_agreement")),
    )
    op.create_table(
        "thread_contact",
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "issuer",
                "responder",
                name="side",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("person", sa.String(length=40), nullable=False),
        sa.Column("reach", sa.String(length=120), nullable=False),
        sa.Column("user_id", sa.Integer(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("person <> '' AND reach <> ''", name=op.f("ck_thread_contact_complete")),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
            name=op.f("fk_thread_contact_thread_id_thread"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user.id"], name=op.f("fk_thread_contact_user_id_user")
        ),
        sa.PrimaryKeyConstraint("thread_id", "side", name=op.f("pk_thread_contact")),
    )
    op.create_table(
        "thread_meeting",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column(
            "proposed_by",
            sa.Enum(
                "issuer",
                "responder",
                name="proposed_by",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "proposed",
                "agreed",
                "cancelled",
                "held",
                name="meeting_state",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("minutes", sa.Text(), nullable=False),
        sa.Column(
            "minutes_by",
            sa.Enum(
                "issuer",
                "responder",
                name="minutes_by",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("minutes_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state = 'held') = (minutes <> '' AND minutes_at IS NOT NULL AND minutes_by IS NOT NULL)",
            name=op.f("ck_thread_meeting_minutes"),
        ),
        sa.CheckConstraint("place <> ''", name=op.f("ck_thread_meeting_place")),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
            name=op.f("fk_thread_meeting_thread_id_thread"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_meeting")),
    )
    op.create_index(
        op.f("ix_thread_meeting_thread_id"), "thread_meeting", ["thread_id"], unique=False
    )
    op.create_table(
        "thread_message",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("thread_id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "side",
            sa.Enum(
                "issuer",
                "responder",
                name="side",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.Column("author_id", sa.Integer(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "interest",
                "message",
                "step",
                name="message_kind",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=False,
        ),
        sa.Column("asks", sa.Boolean(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=True),
        sa.Column(
            "level",
            sa.Enum(
                "both",
                "agreement",
                name="file_level",
                native_enum=False,
                create_constraint=True,
                length=24,
            ),
            nullable=True,
        ),
        sa.CheckConstraint(
            "text <> '' OR upload_id IS NOT NULL", name=op.f("ck_thread_message_says_something")
        ),
        sa.CheckConstraint(
            "(upload_id IS NULL) = (level IS NULL)", name=op.f("ck_thread_message_level")
        ),
        sa.ForeignKeyConstraint(
            ["author_id"], ["user.id"], name=op.f("fk_thread_message_author_id_user")
        ),
        sa.ForeignKeyConstraint(
            ["thread_id"],
            ["thread.id"],
            name=op.f("fk_thread_message_thread_id_thread"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["upload_id"], ["upload.id"], name=op.f("fk_thread_message_upload_id_upload")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_thread_message")),
        sa.UniqueConstraint("upload_id", name=op.f("uq_thread_message_upload_id")),
    )
    op.create_index(
        op.f("ix_thread_message_thread_id"), "thread_message", ["thread_id"], unique=False
    )


def downgrade() -> None:
    op.drop_index(op.f("ix_thread_message_thread_id"), table_name="thread_message")
    op.drop_table("thread_message")
    op.drop_index(op.f("ix_thread_meeting_thread_id"), table_name="thread_meeting")
    op.drop_table("thread_meeting")
    op.drop_table("thread_contact")
    op.drop_table("thread_agreement")
    op.drop_index("ix_access_entry_owner_id", table_name="access_entry")
    op.drop_table("access_entry")
    op.drop_index(
        "uq_thread_live",
        table_name="thread",
        sqlite_where=sa.text("state IN ('interested', 'talking')"),
        postgresql_where=sa.text("state IN ('interested', 'talking')"),
    )
    op.drop_index("ix_thread_organisation_id", table_name="thread")
    op.drop_index("ix_thread_issuer_id", table_name="thread")
    op.drop_index("ix_thread_due", table_name="thread")
    op.drop_table("thread")
    op.drop_index("uq_track_version_track_number", table_name="track_version")
    op.drop_table("track_version")
    op.drop_table("notice_setting")
    op.drop_index("ix_notice_user_id", table_name="notice")
    op.drop_table("notice")
