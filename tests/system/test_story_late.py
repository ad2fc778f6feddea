"""`townline demo --story late` and `--story incident`, both on one stage: setting that up takes long."""

import json

import pytest

from callbridge.exchange import Tree
from dispatch.config import ConfigFile
from dispatch.rehearsal.community import read_community
from dispatch.rehearsal.place import find_place
from dispatch.rehearsal.stage import Stage
from dispatch.rehearsal.stories import STORIES
from dispatch.rehearsal.story import tell

pytestmark = [pytest.mark.system, pytest.mark.timeout(600)]


async def test_a_late_visit_and_a_water_cut_come_true_on_one_stage(
    tree: Tree, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("town")  # of a short name: the exchange's sockets lie in it
    (folder / "config.toml").write_text(f"[exchange]\nroot = {json.dumps(str(tree.root))}\n", encoding="utf-8")
    place = find_place(folder / "stage", ConfigFile(folder / "config.toml"), None)
    async with Stage(place, read_community(), lambda words: None, answer_after=None, reports_progress=False) as stage:
        for name in ("late", "incident"):
            said: list[str] = []
            await tell(stage, STORIES[name], said.append)
            told = [line for line in said[1:] if line[0] != " "]
            assert all(line.startswith(step.name) for line, step in zip(told, STORIES[name], strict=True))
    log = (folder / "stage" / "service.log").read_text(encoding="utf-8")
    assert [line for line in log.splitlines() if '"level": "error"' in line] == []
