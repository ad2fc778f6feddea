"""A condition for many ids or texts at once that is one statement and one parameter, however many there are.

`IN (…)` with a parameter for each is another statement for every number of them: with 250 of them most of the time
went into writing, sending and planning it.
"""

import json
from collections.abc import Iterable
from typing import Any

from sqlalchemy import ColumnElement, String, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import NullType


class _Among(FunctionElement[Any]):
    name = "among"
    type = NullType()  # a Boolean would be compared with 1 on SQLite, and no index serves that
    inherit_cache = True


def among(column: Any, parameter: str) -> ColumnElement[bool]:
    """Whether `column` is one of those in `parameter`, whose value `ids` or `texts` makes."""
    return _Among(column, bindparam(parameter, type_=String()))


def ids(values: Iterable[int]) -> str:
    """The value of `among`'s parameter."""
    return json.dumps(list(values))


def texts(values: Iterable[str]) -> str:
    """The value of `among`'s parameter for a column of texts."""
    return json.dumps(list(values), ensure_ascii=False)


@compiles(_Among, "sqlite")
def _sqlite(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, parameter = (compiler.process(clause, **how) for clause in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({parameter}))"  # noqa: S608  both are compiled SQL


@compiles(_Among, "postgresql")
def _postgresql(element: _Among, compiler: SQLCompiler, **how: Any) -> str:
    column, parameter = (compiler.process(clause, **how) for clause in element.clauses)
    kind = "integer" if next(iter(element.clauses)).type.python_type is int else "varchar"
    return f"{column} = ANY(ARRAY(SELECT CAST(jsonb_array_elements_text(CAST({parameter} AS jsonb)) AS {kind})))"
