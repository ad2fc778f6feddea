"""The ground everything stands on: engine, sessions, clock, scope and the journal's append.

`Store.reading()` and `Store.writing()` are the only ways to the database. A write transaction holds its one
pen, so it is short (100 ms at most, whatever it is for) and contains no waiting for anything outside the database.
"""

from registry.store.clock import Clock, MovableClock, SystemClock
from registry.store.journal import Actor, ActorKind, Entry, Subject
from registry.store.scope import Role, Scope
from registry.store.session import REMEMBERED, Reading, Store, Writing

__all__ = [
    "REMEMBERED",
    "Actor",
    "ActorKind",
    "Clock",
    "Entry",
    "MovableClock",
    "Reading",
    "Role",
    "Scope",
    "Store",
    "Subject",
    "SystemClock",
    "Writing",
]
