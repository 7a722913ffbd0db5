"""A run on a Ray cluster of two local nodes, one of which dies in the middle: nothing lost, nothing counted twice.

Needs the extra `ray`; run with `pytest -m cluster`.
"""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from attrs import frozen

from lean_sidekick.core.errors import ConfigError, LeanUnavailable
from lean_sidekick.evaluation import ray_pool
from lean_sidekick.evaluation.data_sets import DataSet, Selection, open_data_set
from lean_sidekick.evaluation.pool import LocalPool
from lean_sidekick.evaluation.ray_pool import RayPool, cluster_size
from lean_sidekick.evaluation.results import Attempt, AttemptTask
from support.scripted_bench import ScriptedProvers, make_run, scripted_attempt, scripted_run

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]
COUNT, CHUNK, LIMIT_S = 30, 4, 120.0
DOOMED = "SCRIPTED_BENCH_DOOMED"
GONE = "the-node-is-gone"


@frozen
class ClusterProver:
    """Writes down which task runs where. On the doomed node it never comes to an end, on the other one it begins when
    that node is gone, so that both have work when it goes."""

    log: Path

    async def run(self, task: AttemptTask) -> Attempt:
        is_doomed = DOOMED in os.environ
        if task.item.name == "t_fails":
            raise LeanUnavailable("No Lean on this node.")
        (self.log / f"{task.item.name}.{'doomed' if is_doomed else 'sound'}.{os.getpid()}").touch()
        if is_doomed and task.index % CHUNK == CHUNK - 1:  # the others of its chunk are done by then
            await asyncio.get_running_loop().create_future()
        while not is_doomed and not (self.log / GONE).exists():  # noqa: ASYNC110 # the test is another process
            await asyncio.sleep(0.02)
        return scripted_attempt(task.item.name, task.seed)


@frozen
class ClusterProvers:
    log: Path

    @asynccontextmanager
    async def open(self, number: int) -> AsyncIterator[ClusterProver]:
        yield ClusterProver(self.log)


@pytest.fixture
def cluster(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    from ray.cluster_utils import Cluster

    root = Path(__file__).parents[2]
    monkeypatch.setenv(
        "PYTHONPATH", os.pathsep.join([str(root / "server"), str(root / "tests"), str(Path(__file__).parent)])
    )
    monkeypatch.setenv("RAY_USAGE_STATS_ENABLED", "0")
    cluster = Cluster(initialize_head=True, head_node_args={"num_cpus": 1})
    yield cluster
    cluster.shutdown()


def theorems(folder: Path, *extra: str) -> DataSet:
    path = folder / "theorems.jsonl"
    names = [*(f"t{n}" for n in range(COUNT)), *extra]
    path.write_text(
        "".join(json.dumps({"name": n, "statement": f"theorem {n} : True := by"}) + "\n" for n in names),
        encoding="utf-8",
    )
    return open_data_set(path, Selection(), None)


async def test_a_node_that_dies_loses_nothing(cluster: Any, tmp_path: Path) -> None:
    doomed = cluster.add_node(num_cpus=1, env_vars={DOOMED: "1"})
    cluster.wait_for_nodes()
    assert cluster_size(cluster.address) == {"nodes": 2, "processors": 2}
    data, log = theorems(tmp_path), tmp_path / "log"
    log.mkdir()
    run = scripted_run(data, 1)
    pool = RayPool(workers=ClusterProvers(log), address=cluster.address, chunk=CHUNK)
    going = asyncio.create_task(make_run(run, pool, tmp_path / "cluster"))

    async with asyncio.timeout(LIMIT_S):
        # Other processes write the log: there is no event of ours to wait for.
        while len(list(log.glob("*.doomed.*"))) < CHUNK:
            assert not going.done(), await going
            await asyncio.sleep(0.05)
        await asyncio.to_thread(cluster.remove_node, doomed, False)
        (log / GONE).touch()
        assert await going == COUNT

    await make_run(run, LocalPool(workers=ScriptedProvers(), count=1), tmp_path / "here")
    for name in ("results.jsonl", "summary.json"):
        assert (tmp_path / "cluster" / name).read_bytes() == (tmp_path / "here" / name).read_bytes()
    on_doomed = {path.name.split(".")[0] for path in log.glob("*.doomed.*")}
    on_sound = {path.name.split(".")[0] for path in log.glob("*.sound.*")}
    assert on_doomed and on_doomed < on_sound == {f"t{n}" for n in range(COUNT)}, "its tasks were run again elsewhere"


async def test_an_error_of_the_program_ends_the_run_as_itself(cluster: Any, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.mkdir()
    (log / GONE).touch()
    pool = RayPool(workers=ClusterProvers(log), address=cluster.address, chunk=CHUNK)
    with pytest.raises(LeanUnavailable, match="No Lean on this node"):
        await make_run(scripted_run(theorems(tmp_path, "t_fails"), 1), pool, tmp_path / "out")


async def test_a_node_with_another_version_is_refused(
    cluster: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ray_pool, "program_version", lambda: "0.0 other")
    pool = RayPool(workers=ClusterProvers(tmp_path), address=cluster.address, chunk=CHUNK)
    with pytest.raises(ConfigError, match=r"another version of Lean Sidekick \(.*, not 0\.0 other\)"):
        await make_run(scripted_run(theorems(tmp_path), 1), pool, tmp_path / "out")


async def test_no_cluster_is_one_sentence(tmp_path: Path) -> None:
    pytest.importorskip("ray", reason="the extra `ray` is not installed")
    with pytest.raises(ConfigError, match="There is no Ray cluster at 127"):
        await asyncio.to_thread(cluster_size, "127.0.0.1:1")
