"""Areas: the tree of county, town and community."""

from dispatch.wire.base import Wire


class AreaView(Wire):
    id: int
    parent_id: int | None = None  # None: the root, the centre's own
    code: str  # of the official list of administrative divisions
    name: str
