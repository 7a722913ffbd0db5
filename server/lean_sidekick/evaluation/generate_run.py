"""`bench generate`: how long candidates take from the request to the answer, through the model process's front door.

Weights are random, of true size: speed does not depend on what they are. Every candidate has exactly the same number
of new tokens, so that nothing ends early. Rounds of the worker and of plain `model.generate`, in a process of its
own with the same weights, take turns; figures are medians, and the ratio is of this one run. The first round of each
cell is not counted.
"""

import asyncio
import json
import statistics
import sys
import time
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

from attrs import define, field, frozen

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.core.errors import ConfigError, ModelCrashed
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.model_worker.messages import Device, LoadReport, ModelKind, ModelSpec, Precision, Urgency

LOAD_S = 1800.0
CALL_S = 1800.0
_END_S = 10.0
_SHAPES_PROGRAM = "lean_sidekick.model_worker.backends.shapes"
_BASELINE_PROGRAM = "lean_sidekick.model_worker.backends.baseline"
_LINE_LIMIT = 1024 * 1024


@frozen(kw_only=True)
class Case:
    """A model at work: its shape, what it reads (in bytes) and how many tokens it writes for each candidate."""

    name: str
    shape: str
    kind: ModelKind
    prompt_bytes: int
    new_tokens: int


CASES: Mapping[str, Case] = {
    case.name: case
    for case in (
        Case(name="byt5-small", shape="byt5-small", kind=ModelKind.SEQ2SEQ, prompt_bytes=500, new_tokens=48),
        Case(name="byt5-small-premises", shape="byt5-small", kind=ModelKind.SEQ2SEQ, prompt_bytes=2000, new_tokens=48),
        Case(name="decoder-1.5b", shape="decoder-1.5b", kind=ModelKind.CAUSAL, prompt_bytes=500, new_tokens=40),
        Case(name="decoder-7b", shape="decoder-7b", kind=ModelKind.CAUSAL, prompt_bytes=500, new_tokens=40),
        Case(name="byt5-mini", shape="byt5-mini", kind=ModelKind.SEQ2SEQ, prompt_bytes=500, new_tokens=48),
        Case(name="decoder-mini", shape="decoder-mini", kind=ModelKind.CAUSAL, prompt_bytes=500, new_tokens=40),
    )
}


@frozen(kw_only=True)
class Cell:
    """What was measured for some goals asked together, `rows` candidates each: seconds of every round."""

    case: Case
    goals: int
    rows: int
    worker_s: tuple[float, ...]
    plain_s: tuple[float, ...]
    prompt_tokens: int
    memory_mb: float

    def row(self) -> Mapping[str, object]:
        """The figures of the cell."""
        p50 = statistics.median(self.worker_s)
        candidates = self.goals * self.rows
        return {
            "model": self.case.name,
            "goals": self.goals,
            "candidates_a_goal": self.rows,
            "prompt_bytes": self.case.prompt_bytes,
            "prompt_tokens": self.prompt_tokens,
            "new_tokens": self.case.new_tokens,
            "rounds": len(self.worker_s),
            "p50_ms": round(1000 * p50, 1),
            "p95_ms": round(1000 * _quantile(self.worker_s, 0.95), 1),
            "candidates_per_second": round(candidates / p50, 1),
            "tokens_per_second": round(candidates * self.case.new_tokens / p50, 1),
            "plain_generate_p50_ms": round(1000 * statistics.median(self.plain_s), 1),
            "ratio_to_plain_generate": round(p50 / statistics.median(self.plain_s), 3),
            "memory_mb": round(self.memory_mb, 1),
        }


@define(kw_only=True)
class GenerateBench:
    """One run on one device; `folder` keeps the weights that it makes, `tell` hears what is being done."""

    folder: Path
    device: Device
    precision: Precision
    rounds: int
    tell: Callable[[str], None]
    loaded: dict[str, LoadReport] = field(factory=dict, init=False)

    async def cells(self, case: Case, sizes: Sequence[tuple[int, int]]) -> AsyncGenerator[Cell, None]:
        """Measures (goals, candidates a goal) one after the other. Raises ConfigError without the model libraries."""
        self.tell(f"{case.name}: making the weights")
        source = await self._weights(case.shape)
        model = ModelSpec(
            source=str(source),
            kind=case.kind,
            device=self.device,
            precision=self.precision,
            max_rows=max(goals * rows for goals, rows in sizes),
        )
        client = WorkerClient(lambda _: None, WorkerLimits())
        try:
            self.tell(f"{case.name}: loading")
            self.loaded[case.name] = await client.load(model, timeout_s=LOAD_S)
            async with _plain(model) as plain:
                for goals, rows in sizes:
                    yield await self._cell(client, plain, model, case, goals, rows)
        finally:
            await client.close()

    async def _cell(
        self, client: WorkerClient, plain: "_Plain", model: ModelSpec, case: Case, goals: int, rows: int
    ) -> Cell:
        prompts = [prompt(case.prompt_bytes, number) for number in range(goals)]
        worker_s: list[float] = []
        plain_s: list[float] = []
        tokens = 0
        for seed in range(self.rounds + 1):
            self.tell(f"{case.name}: {goals} goals, {rows} candidates each, round {seed} of {self.rounds}")
            seconds, tokens = await _ask(client, model, prompts, rows, case.new_tokens, seed)
            worker_s.append(seconds)
            plain_s.append(await plain.seconds(prompts, rows, case.new_tokens))
        status = await client.status(timeout_s=CALL_S)
        return Cell(
            case=case,
            goals=goals,
            rows=rows,
            worker_s=tuple(worker_s[1:]),
            plain_s=tuple(plain_s[1:]),
            prompt_tokens=tokens,
            memory_mb=0.0 if status is None else status.device_memory_mb,
        )

    async def _weights(self, shape: str) -> Path:
        folder = self.folder / shape
        if not (folder / "config.json").is_file():
            process = await asyncio.create_subprocess_exec(
                *_program(_SHAPES_PROGRAM), shape, str(folder), stderr=asyncio.subprocess.PIPE
            )
            try:
                _, log = await asyncio.wait_for(process.communicate(), LOAD_S)
            finally:
                await _ended(process)
            if process.returncode != 0:
                raise ConfigError(f"The weights of {shape} cannot be made: {_last_line(log)}")
        return folder


class _Plain:
    """The process of plain `generate`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process

    async def seconds(self, prompts: Sequence[str], rows: int, new_tokens: int) -> float:
        """How long one call took there."""
        assert self._process.stdin is not None and self._process.stdout is not None
        asked = {"prompts": list(prompts), "rows": rows, "new_tokens": new_tokens}
        self._process.stdin.write(json.dumps(asked).encode() + b"\n")
        line = await asyncio.wait_for(self._process.stdout.readline(), CALL_S)
        if not line:
            raise ModelCrashed("The process of plain `generate` died; there may be too little memory for two models.")
        return float(json.loads(line)["seconds"])


@asynccontextmanager
async def _plain(model: ModelSpec) -> AsyncIterator[_Plain]:
    process = await asyncio.create_subprocess_exec(
        *_program(_BASELINE_PROGRAM),
        *(model.source, model.kind.value, model.device.value, model.precision.value),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
        limit=_LINE_LIMIT,
    )
    try:
        yield _Plain(process)
    finally:
        await _ended(process)


async def _ask(
    client: WorkerClient, model: ModelSpec, prompts: Sequence[str], rows: int, new_tokens: int, seed: int
) -> tuple[float, int]:
    """Seconds from the requests of all goals to their last answer, and the tokens of the longest prompt."""
    decoding = Decoding(strategy=Strategy.SAMPLE, candidate_count=rows, max_new_tokens=new_tokens, seed=seed)
    started = time.perf_counter()
    answers = await asyncio.gather(
        *(
            client.generate(model, text, decoding, urgency=Urgency.CURSOR, timeout_s=CALL_S, min_new_tokens=new_tokens)
            for text in prompts
        )
    )
    return time.perf_counter() - started, max(answer.prompt_tokens for answer in answers)


def prompt(size: int, number: int) -> str:
    """A state of exactly `size` bytes, another one for each number."""
    lines = [f"n{number} m k : Nat"]
    while len("\n".join(lines).encode()) < size:
        lines.append(f"h{len(lines)} : n{number} + {len(lines)} * m < k + m * {len(lines) + number}")
    return "\n".join(lines).encode()[:size].decode(errors="ignore").ljust(size)


def _program(module: str) -> tuple[str, ...]:
    return (sys.executable, "-P", "-m", module)


async def _ended(process: asyncio.subprocess.Process) -> None:
    """Ends a process that is still there, and reaps it."""
    if process.returncode is None:
        if process.stdin is not None:
            process.stdin.close()
        try:
            await asyncio.wait_for(process.wait(), _END_S if process.stdin is not None else 0.01)
        except TimeoutError:
            process.kill()
            await process.wait()


def _last_line(log: bytes) -> str:
    lines = [line for line in log.decode(errors="replace").split("\n") if line.strip()]
    return lines[-1] if lines else "it said nothing."


def _quantile(values: Sequence[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share * (len(ordered) - 1)))]
