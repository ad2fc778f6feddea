"""${message}."""

import sqlalchemy as sa
import sqlmodel.sql.sqltypes
from alembic import op
${imports if imports else ""}
revision = ${repr(up_revision)}
down_revision = ${repr(down_revision)}
branch_labels = ${repr(branch_labels)}
depends_on = ${repr(depends_on)}


def upgrade() -> None:
<% lines = [line for line in (upgrades or "pass").splitlines() if not line.strip().startswith("# ###")] %>\
    ${"\n".join(lines).strip()}
