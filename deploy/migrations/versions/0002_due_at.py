"""an index on what falls due

Revision: 0002, after 0001
"""

from __future__ import annotations

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_cases_due_at", "cases", ["due_at"])


def downgrade() -> None:
    op.drop_index("ix_cases_due_at", table_name="cases")
