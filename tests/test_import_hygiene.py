"""What each package brings along when a fresh process imports all of it: the layers hold at run time too.

import-linter reads the import statements; this sees what happens, entry points and lazy imports included.
"""

import subprocess
import sys

import pytest

LISTING = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if ".migrations." not in module.name and not module.name.endswith(".__main__"):
        importlib.import_module(module.name)
print(*sys.modules, sep="\\n")
"""
DATABASE = {"sqlalchemy", "sqlmodel", "alembic", "psycopg"}
SERVICE = {"fastapi", "starlette", "uvicorn", "apscheduler"}
STRANGERS = {
    "registry": {"callbridge", "dispatch", "console", "panoramisk", "textual", "httpx", *SERVICE},
    "callbridge": {"registry", "dispatch", "console", "textual", *DATABASE, *SERVICE},
    "dispatch": {"console", "textual"},
    "console": {"registry", "callbridge", "panoramisk", *DATABASE, *SERVICE},
}


def modules_after_importing(package: str) -> set[str]:
    listing = subprocess.run([sys.executable, "-c", LISTING, package], capture_output=True, text=True, check=False)
    assert listing.returncode == 0, listing.stderr
    return set(listing.stdout.split())


@pytest.mark.parametrize("package", STRANGERS)
def test_a_package_brings_along_nothing_it_must_not_know(package: str) -> None:
    brought = {module.partition(".")[0] for module in modules_after_importing(package)}
    assert brought & STRANGERS[package] == set()


def test_the_console_knows_of_the_service_only_the_wire() -> None:
    known = {module for module in modules_after_importing("console") if module.startswith("dispatch.")}
    assert {module for module in known if not f"{module}.".startswith("dispatch.wire.")} == set()
