"""A process of its own that brings a survey in, and tells in one line what that took: `bring_in URL CENTRE FILE`."""

import json
import resource
import sys
import time
from contextlib import closing
from pathlib import Path

from benchmarks.figures import spread
from dispatch import logs
from registry.sheets import runs
from registry.sheets.kinds import KINDS
from registry.sheets.names import Names
from registry.sheets.priority import standing_back
from registry.sheets.review import review
from registry.store import Actor, Scope, Store
from registry.vault import Vault


def main(url: str, centre: str, file: str) -> None:
    logs.configure("error")
    path, scope, vault, held = Path(file), Scope(int(centre)), Vault(b"k" * 32), list[float]()
    with closing(Store(url)) as store, standing_back(store):
        kind = KINDS["residents"](scope, vault, Names.known(store, scope))
        began = time.monotonic()
        dry = review(store, kind, path)
        reviewed, reviewed_cpu = time.monotonic(), _processor_seconds()
        store.on_write(held.append)
        import_id, _ = runs.stage(store, scope, kind, path, vault)
        staged = time.monotonic()
        if import_id is not None:
            runs.apply(store, scope, kind, import_id, vault, Actor.system(), lambda *_: None)
        applied, applied_cpu = time.monotonic(), _processor_seconds()
        transactions = len(held)
        again = review(store, kind, path)
    told = {
        "dry_run_s": round(reviewed - began, 1),
        "import_between": (reviewed, applied),
        "import_s": round(applied - reviewed, 1),
        "of_it_staged_s": round(staged - reviewed, 1),
        "second_dry_run_s": round(time.monotonic() - applied, 1),
        "processor_ms_a_resident": round((applied_cpu - reviewed_cpu) * 1000 / max(dry.rows, 1), 3),
        "new": dry.counts,
        "second_time": again.counts,
        "transactions": spread(held[:transactions]),
    }
    print(json.dumps(told))


def _processor_seconds() -> float:
    """Of this process and of those that it started and that have ended."""
    theirs = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + theirs.ru_utime + theirs.ru_stime


if __name__ == "__main__":
    main(*sys.argv[1:])
