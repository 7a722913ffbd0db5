"""The client and the worker's loop as two processes, on a stand-in model: batches, cancel, deaths, memory, ends."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
import pytest_asyncio

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.core.errors import InputError, ModelCrashed, ModelUnavailable, TimedOut
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.model_worker.messages import Candidates, ModelKind, ModelSpec, Urgency
from support.stand_in_worker import COMMAND

LIMIT_S = 20.0
MODEL = ModelSpec(source="stand-in", kind=ModelKind.CAUSAL)
AT_ONCE = WorkerLimits(first_pause_s=0.0, most_pause_s=0.0)


class Notes(list[str]):
    """What the user would be told."""


@pytest.fixture
def notes() -> Notes:
    return Notes()


@pytest_asyncio.fixture
async def client(notes: Notes) -> AsyncIterator[WorkerClient]:
    """A client whose worker is restarted at once."""
    made = WorkerClient(notes.append, AT_ONCE, COMMAND)
    yield made
    await made.close()
    assert made.pid is None


async def ask(
    client: WorkerClient, prompt: str, count: int = 2, model: ModelSpec = MODEL, timeout_s: float = LIMIT_S
) -> Candidates:
    decoding = Decoding(strategy=Strategy.SAMPLE, candidate_count=count, max_new_tokens=4)
    return await client.generate(model, prompt, decoding, urgency=Urgency.CURSOR, timeout_s=timeout_s)


def texts(answer: Candidates) -> list[str]:
    return [candidate.text for candidate in answer.candidates]


async def running(client: WorkerClient, count: int) -> None:
    """So many requests are with the model now."""
    async with asyncio.timeout(LIMIT_S):
        while True:
            status = await client.status(timeout_s=LIMIT_S)
            if status is not None and status.running == count:
                return
            await asyncio.sleep(0)


async def misbehaves(client: WorkerClient, flag: Path) -> None:
    """The stand-in has come to the prompt with this flag."""
    async with asyncio.timeout(LIMIT_S):
        while not flag.exists():
            await client.status(timeout_s=LIMIT_S)


async def gone(pid: int) -> None:
    """The process has ended."""
    with suppress(psutil.NoSuchProcess):
        _, alive = await asyncio.to_thread(psutil.wait_procs, [psutil.Process(pid)], LIMIT_S)
        assert alive == []


async def test_requests_that_wait_together_are_one_batch(client: WorkerClient, notes: Notes) -> None:
    """Several goals of a search: each gets its own candidates, best first, out of one call of the model."""
    answers = await asyncio.gather(*(ask(client, f"goal{n}", count=n) for n in (1, 2, 3)))
    assert [texts(answer) for answer in answers] == [[f"goal{n} {row}" for row in range(n)] for n in (1, 2, 3)]
    assert {answer.batch_rows for answer in answers} == {6}
    assert "7 M weights in fp32 on stand-in, memory 1 MB before and 2 MB after" in "".join(notes)


async def test_nothing_runs_before_the_first_question(client: WorkerClient) -> None:
    assert client.pid is None
    assert await client.status(timeout_s=LIMIT_S) is None


async def test_a_cancelled_call_lets_the_next_one_in(client: WorkerClient) -> None:
    """The model is left within a step, though nobody told it more than to stop."""
    held = asyncio.create_task(ask(client, "hold"))
    await running(client, 1)
    held.cancel()
    assert texts(await ask(client, "next", count=1)) == ["next 0"]
    assert held.cancelled() or held.cancelling()


async def test_a_call_out_of_time_is_given_up(client: WorkerClient) -> None:
    await ask(client, "first")
    with pytest.raises(TimedOut, match="gave no answer within"):
        await ask(client, "hold", timeout_s=0.05)
    assert texts(await ask(client, "next", count=1)) == ["next 0"]


async def test_a_batch_whose_worker_dies_is_run_again(client: WorkerClient, tmp_path: Path) -> None:
    """It dies by itself, in the middle of a batch: nobody notices more than a delay."""
    prompts = ["one", f"die once {tmp_path / 'flag'}", "three"]
    answers = await asyncio.gather(*(ask(client, prompt, count=1) for prompt in prompts))
    assert [texts(answer) for answer in answers] == [[f"{prompt} 0"] for prompt in prompts]


async def test_a_worker_killed_in_the_middle_of_a_batch(client: WorkerClient, tmp_path: Path) -> None:
    """Somebody kills it while requests run and wait: all are answered by the next one."""
    await ask(client, "warm")
    flag = tmp_path / "flag"
    held = asyncio.create_task(ask(client, f"hold once {flag}", count=1))
    await misbehaves(client, flag)
    waiting = asyncio.create_task(ask(client, "waiting", count=1))
    killed = client.pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    assert texts(await waiting) == ["waiting 0"]
    assert texts(await held) == [f"hold once {flag} 0"]
    assert client.pid not in (None, killed)


async def test_what_kills_the_worker_twice_is_reported(client: WorkerClient) -> None:
    with pytest.raises(ModelCrashed, match=r"died twice.*exit code 9: the stand-in was told to die"):
        await ask(client, "die")
    assert texts(await ask(client, "next", count=1)) == ["next 0"]


async def test_the_pause_before_a_restart_doubles_with_each_death_up_to_a_limit_and_is_forgotten(
    notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pauses are noted and not waited for."""
    pauses: list[float] = []
    sleep = asyncio.sleep

    async def noted(seconds: float) -> None:
        pauses.append(seconds)
        await sleep(0)

    client = WorkerClient(notes.append, WorkerLimits(first_pause_s=100.0, most_pause_s=300.0), COMMAND)
    monkeypatch.setattr(asyncio, "sleep", noted)
    try:
        for _ in range(2):
            with pytest.raises(ModelCrashed):
                await ask(client, "die")
        assert texts(await ask(client, "next", count=1)) == ["next 0"]
        assert [seconds for seconds in pauses if seconds] == [100.0, 200.0, 300.0, 300.0]
        with pytest.raises(ModelCrashed):
            await ask(client, "die")
        assert [seconds for seconds in pauses if seconds][4] == 100.0
    finally:
        await client.close()


async def test_memory_that_runs_out_halves_the_batch_and_says_so(client: WorkerClient, notes: Notes) -> None:
    """No row is lost or made twice, and what was learned is kept."""
    model = ModelSpec(source="rows<=5", kind=ModelKind.CAUSAL, max_rows=64)
    first, second = await asyncio.gather(ask(client, "a", 9, model), ask(client, "b", 7, model))
    assert texts(first) == [f"a {row}" for row in range(9)]
    assert texts(second) == [f"b {row}" for row in range(7)]
    assert [note for note in notes if "16 rows" in note and "at most 8" in note]
    assert [note for note in notes if "8 rows" in note and "at most 4" in note]
    notes.clear()
    assert len(texts(await ask(client, "c", 20, model))) == 20
    assert notes == []


async def test_not_enough_memory_for_one_row(client: WorkerClient) -> None:
    with pytest.raises(ModelUnavailable, match="needs more memory than there is"):
        await ask(client, "a", 4, ModelSpec(source="rows<=0", kind=ModelKind.CAUSAL))


async def test_errors_keep_their_kind(client: WorkerClient) -> None:
    """Each error is its own request's alone; the worker goes on."""
    with pytest.raises(ModelUnavailable, match="not on this machine"):
        await ask(client, "a", model=ModelSpec(source="missing", kind=ModelKind.CAUSAL))
    with pytest.raises(InputError, match="cannot be asked"):
        await ask(client, "wrong")
    with pytest.raises(InputError, match="The prompt has 5 tokens; small takes 4"):
        await ask(client, "12345", model=ModelSpec(source="small", kind=ModelKind.CAUSAL, max_input_tokens=4))
    with pytest.raises(ModelCrashed, match="a bug"):
        await ask(client, "bug")
    with pytest.raises(InputError, match="no text"):
        await client.embed(MODEL, [], urgency=Urgency.CURSOR, timeout_s=LIMIT_S)
    status = await client.status(timeout_s=LIMIT_S)
    assert status is not None
    assert [report.source for report in status.loaded] == ["small", "stand-in"]


async def test_vectors_and_scores_of_many_texts_come_in_order(client: WorkerClient, notes: Notes) -> None:
    model = ModelSpec(source="rows<=50", kind=ModelKind.ENCODER)
    lines = ["x" * (n % 7) for n in range(150)]
    vectors = await client.embed(model, lines, urgency=Urgency.BACKGROUND, timeout_s=LIMIT_S, prefix="--")
    assert list(vectors.rows()) == [(len(line) + 2.0, 1.0) for line in lines]
    scores = await client.score(MODEL, "xxx", lines, urgency=Urgency.BACKGROUND, timeout_s=LIMIT_S)
    assert scores == tuple(float("xxx" in line) for line in lines)
    assert any("Memory ran out" in note for note in notes)


async def test_what_libraries_print_is_not_heard(client: WorkerClient) -> None:
    assert texts(await ask(client, "noise", count=1)) == ["noise 0"]


async def test_a_worker_that_says_nothing_any_more_is_killed(notes: Notes) -> None:
    """Frozen, it cannot even say what it does."""
    client = WorkerClient(notes.append, WorkerLimits(first_pause_s=0.0, silence_s=0.05), COMMAND)
    try:
        await ask(client, "first")
        frozen = client.pid
        assert frozen is not None
        with pytest.raises(TimedOut):
            await ask(client, "stop", timeout_s=0.05)
        await gone(frozen)
        assert texts(await ask(client, "next", count=1)) == ["next 0"]
    finally:
        await client.close()


async def test_a_worker_that_nobody_asks_is_ended(notes: Notes) -> None:
    """And started again for the next question, which is no death."""
    client = WorkerClient(notes.append, WorkerLimits(idle_close_s=0.0), COMMAND)
    try:
        await ask(client, "first")
        first = client.pid
        assert first is not None
        await gone(first)
        assert texts(await ask(client, "next", count=1)) == ["next 0"]
    finally:
        await client.close()


async def test_a_worker_that_talks_nonsense(notes: Notes) -> None:
    client = WorkerClient(notes.append, AT_ONCE, (sys.executable, "-c", "print('nonsense')"))
    try:
        with pytest.raises(ModelCrashed, match="died twice"):
            await ask(client, "a")
    finally:
        await client.close()


async def test_a_worker_that_cannot_be_started(notes: Notes, tmp_path: Path) -> None:
    client = WorkerClient(notes.append, AT_ONCE, (str(tmp_path / "nothing"),))
    for _ in range(2):
        with pytest.raises(ModelUnavailable, match="cannot be started"):
            await ask(client, "a")
    await client.close()


async def test_closing_tells_who_waits_and_leaves_no_process(notes: Notes) -> None:
    client = WorkerClient(notes.append, AT_ONCE, COMMAND)
    held = asyncio.create_task(ask(client, "hold"))
    await running(client, 1)
    pid = client.pid
    assert pid is not None
    await client.close()
    with pytest.raises(ModelUnavailable, match="closed"):
        await held
    await gone(pid)
    with pytest.raises(ModelUnavailable, match="closed"):
        await ask(client, "late")


SIDECAR = """
import asyncio
from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.model_worker.messages import ModelKind, ModelSpec, Urgency
from support.stand_in_worker import COMMAND

async def main():
    client = WorkerClient(print, WorkerLimits(), COMMAND)
    model = ModelSpec(source="stand-in", kind=ModelKind.CAUSAL)
    decoding = Decoding(strategy=Strategy.SAMPLE, candidate_count=1, max_new_tokens=1)
    await client.generate(model, "a", decoding, urgency=Urgency.CURSOR, timeout_s=20)
    held = asyncio.create_task(client.generate(model, "hold", decoding, urgency=Urgency.CURSOR, timeout_s=60))
    while (await client.status(timeout_s=20)).running != 1:
        pass
    print(client.pid, flush=True)
    await held

asyncio.run(main())
"""


async def test_the_worker_does_not_outlive_a_sidecar_that_is_killed() -> None:
    """In the middle of a batch, without a word."""
    sidecar = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SIDECAR,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, sys.path))},
    )
    assert sidecar.stdout is not None
    async with asyncio.timeout(LIMIT_S):
        lines = [(await sidecar.stdout.readline()).decode() for _ in range(2)]
    pid = int(lines[1])
    sidecar.kill()
    await sidecar.wait()
    await gone(pid)
