"""How the private tree is built, with a stand-in for mmdebstrap that notes how it was called."""

import os
from pathlib import Path

import pytest

from callbridge.errors import ExchangeProblem
from callbridge.exchange import Tree
from callbridge.exchange.installation import PACKAGES, install

BUILDS = """
for last; do true; done
mkdir -p "$last/usr/bin" "$last/usr/sbin" "$last/usr/lib/x"
touch "$last/usr/lib/x/ld-linux-x.so.2" "$last/usr/sbin/asterisk"
for program in sipp baresip espeak-ng sox; do touch "$last/usr/bin/$program"; done
echo "I: success in 0.1 seconds" >&2
"""
EXPIRED = 'case "$*" in *Valid-Until*) ;; *) echo "E: Release file is expired" >&2; exit 25;; esac\n'


@pytest.fixture
def mmdebstrap(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The stand-in: what the test writes into it is what it does; its calls are in `calls` beside it."""
    program = tmp_path / "bin" / "mmdebstrap"
    program.parent.mkdir()
    monkeypatch.setenv("PATH", f"{program.parent}{os.pathsep}/usr/bin{os.pathsep}/bin")
    return program


def does(program: Path, script: str) -> None:
    program.write_text(f'#!/bin/sh\necho "$*" >> "{program.parent}/calls"\n{script}')
    program.chmod(0o755)


def calls(program: Path) -> list[str]:
    return (program.parent / "calls").read_text().splitlines()


def test_the_tree_is_built_once_and_its_steps_are_told(tmp_path: Path, mmdebstrap: Path) -> None:
    does(mmdebstrap, BUILDS)
    steps: list[str] = []
    tree = Tree(tmp_path / "pbx" / "root")
    assert install(tree, steps.append)
    assert all(tree.has(program) for program in PACKAGES)
    assert steps[-1] == "success in 0.1 seconds"
    assert [path.name for path in (tmp_path / "pbx").iterdir()] == ["root"]
    assert not install(tree, steps.append)
    assert len(calls(mmdebstrap)) == 1


def test_a_frozen_mirror_is_asked_again_without_looking_at_the_date(tmp_path: Path, mmdebstrap: Path) -> None:
    does(mmdebstrap, EXPIRED + BUILDS)
    assert install(Tree(tmp_path / "root"), lambda _: None)
    first, second = calls(mmdebstrap)
    assert "Check-Valid-Until" not in first
    assert "Check-Valid-Until" in second


def test_a_build_that_fails_says_why_and_leaves_the_old_tree_alone(tmp_path: Path, mmdebstrap: Path) -> None:
    does(mmdebstrap, 'echo "E: Unable to locate package asterisk" >&2; exit 25')
    old = tmp_path / "pbx" / "root" / "kept"
    old.parent.mkdir(parents=True)
    old.write_text("half a tree")
    with pytest.raises(ExchangeProblem, match="Unable to locate package asterisk"):
        install(Tree(tmp_path / "pbx" / "root"), lambda _: None)
    assert old.read_text() == "half a tree"
    assert [path.name for path in (tmp_path / "pbx").iterdir()] == ["root"]


def test_half_a_tree_is_replaced_by_a_whole_one(tmp_path: Path, mmdebstrap: Path) -> None:
    does(mmdebstrap, BUILDS)
    (tmp_path / "root" / "usr").mkdir(parents=True)
    (tmp_path / "root" / "left-over").touch()
    assert install(Tree(tmp_path / "root"), lambda _: None)
    assert not (tmp_path / "root" / "left-over").exists()


def test_without_mmdebstrap_an_ordinary_user_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(ExchangeProblem, match=r"as root: apt-get install .* mmdebstrap"):
        install(Tree(tmp_path / "root"), lambda _: None)


def test_a_missing_program_names_the_command_that_brings_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ExchangeProblem, match="no-such-program is missing: run `townline pbx install`"):
        Tree(tmp_path / "root").command("no-such-program")
