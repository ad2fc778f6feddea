"""In a city the largest radius of a kind, and the contracts without one, are not looked for among all of them."""

from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_contract_radius", "contract", ["radius"])
