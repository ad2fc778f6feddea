"""Whose given name may be read in two ways is found by the initials of either: 邓重桂 by dzg and dcg."""

import json
from collections.abc import Iterator

import sqlalchemy as sa
from alembic import op

revision = "0048"
down_revision = "0047"
branch_labels = None
depends_on = None

_BEGINNINGS = {
    "重": "zc",
    "长": "cz",
    "朝": "cz",
    "传": "cz",
    "盛": "sc",
    "晟": "sc",
    "乐": "ly",
    "行": "xh",
    "曾": "zc",
    "单": "ds",
    "解": "jx",
    "藏": "cz",
    "茜": "qx",
    "省": "sx",
    "奇": "qj",
    "校": "xj",
    "莘": "xs",
    "筠": "yj",
    "澄": "cd",
    "调": "td",
    "参": "cs",
    "禅": "cs",
}
_LIKELY = 12  # the weight of initials in the likeliest reading


def upgrade() -> None:
    connection = op.get_bind()
    bearing = sa.text(
        "SELECT resident.id, resident.name, initials.token FROM resident"
        " JOIN search_token initials ON initials.resident_id = resident.id"
        " WHERE initials.token >= 'i:' AND initials.token < 'i;' AND initials.weight = :likely AND resident.id IN"
        " (SELECT resident_id FROM search_token WHERE token IN :characters)"
    ).bindparams(sa.bindparam("characters", expanding=True))
    characters = [f"n:{character}" for character in _BEGINNINGS]
    found = [
        {"token": f"i:{other}", "resident_id": resident_id, "weight": _LIKELY}
        for resident_id, name, token in connection.execute(bearing, {"likely": _LIKELY, "characters": characters})
        for other in _others(name, token[2:])
    ]
    if found:
        connection.execute(
            sa.text(
                "INSERT INTO search_token (token, resident_id, weight) VALUES (:token, :resident_id, :weight)"
                " ON CONFLICT (token, resident_id) DO UPDATE SET weight = excluded.weight"
            ),
            found,
        )
    waiting = "SELECT resident.id, name, tokens FROM resident JOIN search_unfiled ON resident_id = resident.id"
    for resident_id, name, written in connection.execute(sa.text(waiting)).all():
        tokens = json.loads(written)
        usual = [token[2:] for token, weight in tokens.items() if token.startswith("i:") and weight == _LIKELY]
        if others := {f"i:{other}": _LIKELY for each in usual for other in _others(name, each)}:
            connection.execute(
                sa.text("UPDATE search_unfiled SET tokens = :tokens WHERE resident_id = :resident_id"),
                {"tokens": json.dumps(tokens | others, ensure_ascii=False), "resident_id": resident_id},
            )


def _others(name: str, usual: str) -> Iterator[str]:
    """As `registry.pinyin.other_initials` has them of whoever is written from now on."""
    if len(name) == len(usual):
        other = (
            usual[:place] + letter + usual[place + 1 :]
            for place, character in enumerate(name)
            if place  # of a surname the readings are known
            for letter in _BEGINNINGS.get(character, "")
            if letter != usual[place]
        )
        yield from [*other][:2]
