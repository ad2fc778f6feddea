"""A process of its own that brings a survey in, and tells in one line what that took: `bring_in URL CENTRE FILE`."""

import json
import sys
import time
from contextlib import closing
from pathlib import Path

from benchmarks.figures import spread
from dispatch import logs
from registry.sheets import runs
from registry.sheets.kinds import KINDS
from registry.sheets.names import Names
from registry.sheets.review import review
from registry.store import Actor, Scope, Store
from registry.vault import Vault


def main(url: str, centre: str, file: str) -> None:
    logs.configure("error")
    path, scope, vault, held = Path(file), Scope(int(centre)), Vault(b"k" * 32), list[float]()
    with closing(Store(url)) as store:
        kind = KINDS["residents"](scope, vault, Names.known(store, scope))
        began = time.monotonic()
        dry = review(store, kind, path)
        reviewed = time.monotonic()
        store.on_write(held.append)
        import_id, _ = runs.stage(store, scope, kind, path, vault)
        staged = time.monotonic()
        if import_id is not None:
            runs.apply(store, scope, kind, import_id, vault, Actor.system(), lambda *_: None)
        applied = time.monotonic()
        transactions = len(held)
        again = review(store, kind, path)
    told = {
        "dry_run_s": round(reviewed - began, 1),
        "import_s": round(applied - reviewed, 1),
        "of_it_staged_s": round(staged - reviewed, 1),
        "second_dry_run_s": round(time.monotonic() - applied, 1),
        "processor_s": round(time.process_time(), 1),
        "new": dry.counts,
        "second_time": again.counts,
        "transactions": spread(held[:transactions]),
        "memory_mb": round(int(_status("VmHWM").split()[0]) * 1024 / 1e6, 1),
    }
    print(json.dumps(told))


def _status(key: str) -> str:
    lines = (line.partition(":") for line in Path("/proc/self/status").read_text().splitlines())
    return next(value.strip() for name, _, value in lines if name == key)


if __name__ == "__main__":
    main(*sys.argv[1:])
