"""The nearest merchants that could come, as somebody who knows PostGIS writes it by hand: no reasons, only who."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime

import click
import psycopg
from sqlalchemy.engine import URL

Nearest = Callable[[int, datetime], list[int]]  # of a resident at a moment on the centre's clock

_PLACES = """
    CREATE EXTENSION postgis;
    CREATE TABLE place (merchant_id integer PRIMARY KEY, at geography(Point, 4326) NOT NULL);
    INSERT INTO place SELECT id, ST_MakePoint(longitude, latitude)::geography FROM merchant
        WHERE latitude IS NOT NULL;
    CREATE INDEX ON place USING gist (at);
    VACUUM ANALYZE place;
"""
_NEAREST = """
    SELECT m.id
    FROM resident AS r, LATERAL (SELECT ST_MakePoint(r.longitude, r.latitude)::geography AS here) AS h,
        place AS p JOIN merchant AS m ON m.id = p.merchant_id
    WHERE r.id = %(resident)s AND m.centre_id = r.centre_id AND m.kind = 'pharmacy'
        AND m.ended_at IS NULL AND m.suspended_at IS NULL
        AND (m.licence_expires IS NULL OR m.licence_expires >= %(day)s)
        AND EXISTS (
            SELECT FROM contract AS c JOIN contract_service AS s ON s.contract_id = c.id
            WHERE c.merchant_id = m.id AND s.service_code = 'medicine'
                AND %(day)s BETWEEN c.valid_from AND c.valid_until AND ST_DWithin(p.at, h.here, c.radius))
        AND EXISTS (
            SELECT FROM opening_hours AS o WHERE o.merchant_id = m.id AND o.weekday = %(weekday)s
                AND (o.opens = o.closes OR o.opens <= %(time)s AND %(time)s < o.closes))
        AND EXISTS (SELECT FROM merchant_number AS n WHERE n.merchant_id = m.id AND n.wrong_since IS NULL)
    ORDER BY p.at <-> h.here
    LIMIT 20
"""


@contextmanager
def places(url: URL) -> Iterator[Nearest]:
    """The merchants' places as geography with their index, in a table beside ours while the block lasts."""
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, autocommit=True) as connection:
        try:
            for statement in filter(str.strip, _PLACES.split(";")):
                connection.execute(statement.encode())
        except psycopg.errors.UndefinedFile as error:
            raise click.ClickException("PostGIS is not installed: apt-get install postgresql-15-postgis-3") from error

        def nearest(resident_id: int, at: datetime) -> list[int]:
            facts = {"resident": resident_id, "day": at.date(), "weekday": at.weekday(), "time": at.time()}
            return [row[0] for row in connection.execute(_NEAREST, facts, prepare=True)]

        yield nearest
        connection.execute("DROP TABLE place")
