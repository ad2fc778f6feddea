"""The centre of nearly every test: 邻里热线 in Chongqing, with its services and rules."""

from sqlmodel import select

from registry.models import Centre
from registry.seed import seed_centre
from registry.store import Store


def the_centre(store: Store) -> int:
    """Its id; it is seeded when there is none yet."""
    with store.reading() as session:
        there = session.exec(select(Centre.id)).one_or_none()
    if there is not None:
        return there
    with store.writing() as session:
        centre = seed_centre(
            session,
            code="TL",
            name="邻里热线",
            time_zone="Asia/Shanghai",
            country="CN",
            area_code="023",
            language="zh",
        )
        assert centre.id is not None
        return centre.id
