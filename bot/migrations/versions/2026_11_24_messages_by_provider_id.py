"""Messages are found by the provider's id alone

Revision: 40b8c4becccc
Follows: 20bada70e96c
"""

from __future__ import annotations

from alembic import op

revision = '40b8c4becccc'
down_revision = '20bada70e96c'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.create_index('ix_message_provider_message_id', ['provider_message_id'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('message', schema=None) as batch_op:
        batch_op.drop_index('ix_message_provider_message_id')
