"""An extraction: what is done is not done again, whoever is interrupted goes on, and the result is the same."""

import gc
import tracemalloc
from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, asynccontextmanager
from pathlib import Path

import pytest
from attrs import define, field, frozen

from lean_sidekick.core.errors import InputError
from lean_sidekick.evaluation.extraction.run import Extraction, FileOutcome
from lean_sidekick.evaluation.extraction.store import TracedStore, open_traced_store
from lean_sidekick.evaluation.extraction.targets import Target
from lean_sidekick.evaluation.extraction.tracer import FileTracer
from lean_sidekick.evaluation.pool import LocalPool
from support.fake_documents import FakeServer
from support.trace_lean import TraceLean


@frozen
class Texts:
    """See `targets.Targets`."""

    texts: dict[str, str]

    @property
    def count(self) -> int:
        return len(self.texts)

    def read(self) -> Iterator[Target]:
        for name, text in self.texts.items():
            yield Target(path=f"{name}.lean", module=name, text=text)


@define
class Tracers:
    """See `pool.Workers`; all on scripted Leans."""

    leans: list[TraceLean] = field(factory=list)
    servers: list[FakeServer] = field(factory=list)

    def forget(self) -> None:
        """Drops what the tests look at, which grows."""
        for lean, server in zip(self.leans, self.servers, strict=True):
            lean.asked.clear()
            server.elaborated.clear()

    @property
    def asked(self) -> list[str]:
        return [text for lean in self.leans for text in lean.asked]

    @asynccontextmanager
    async def open(self, number: int) -> AsyncIterator[FileTracer]:
        self.leans.append(TraceLean())
        self.servers.append(FakeServer(self.leans[-1]))
        server = self.servers[-1]
        yield FileTracer(server=server, uri="file:///p/A.lean", path_of=lambda module: None, worker_memory=lambda: 0)


BYTES_A_FILE = 1500
"""Its path and key in the store's table; a file read whole takes more than ten times as much."""

TEXTS = {f"F{n}": f"theorem t{n} : True := by rfl\n" for n in range(7)} | {"Bad": "hang", "Worse": "import Missing"}


async def run(
    store: TracedStore, texts: dict[str, str] = TEXTS, workers: int = 2, stop_after: int = 99, lean: str = "one"
) -> tuple[list[FileOutcome], Tracers]:
    tracers = Tracers()
    extraction = Extraction(targets=Texts(texts), lean=lean)
    found = []
    async with aclosing(extraction.outcomes(LocalPool(workers=tracers, count=workers), store)) as outcomes:
        async for outcome in outcomes:
            found.append(outcome)
            if len(found) == stop_after:
                break
    return found, tracers


def contents(store: TracedStore) -> dict[str, object]:
    return {path: (store.read(path), store.key(path)) for path in store.paths}


async def test_every_file_is_told_once_and_stands_in_the_store(tmp_path: Path) -> None:
    with open_traced_store(tmp_path) as store:
        outcomes, _ = await run(store)
        assert sorted(outcome.path for outcome in outcomes) == sorted(f"{name}.lean" for name in TEXTS)
        good = next(outcome for outcome in outcomes if outcome.path == "F3.lean")
        assert (good.theorems, good.complete, good.steps, good.error) == (1, 1, 1, None)
        assert {outcome.path for outcome in outcomes if outcome.error} == {"Bad.lean", "Worse.lean"}
        assert store.read("F3.lean").theorems[0].full_name == "N.t3"
        assert "within" in str(store.read("Bad.lean").error)


async def test_an_interrupted_run_goes_on_and_ends_like_one_that_was_not(tmp_path: Path) -> None:
    with open_traced_store(tmp_path / "whole") as store:
        await run(store)
        whole = contents(store)
    with open_traced_store(tmp_path / "parts") as store:
        await run(store, stop_after=3, workers=1)
    # Killed while it wrote a line: what is torn is thrown away, and done again.
    with (tmp_path / "parts" / "traced.jsonl").open("ab") as file:
        file.write(b'["key", "F6.lean"]\t{"prem')
    with open_traced_store(tmp_path / "parts") as store:
        outcomes, tracers = await run(store, workers=3)
        assert contents(store) == whole
        assert len(outcomes) == len(TEXTS) - 3
        assert len(tracers.asked) == len(TEXTS) - 3
        outcomes, _ = await run(store)
        assert {outcome.path for outcome in outcomes} == {"Bad.lean", "Worse.lean"}, "what failed is tried again"
        assert contents(store) == whole


async def test_another_text_and_another_lean_are_traced_again(tmp_path: Path) -> None:
    texts = {name: text for name, text in TEXTS.items() if name.startswith("F")}
    with open_traced_store(tmp_path) as store:
        await run(store, texts)
        changed = {**texts, "F2": "theorem other : True := by rfl\n"}
        outcomes, _ = await run(store, changed)
        assert [outcome.path for outcome in outcomes] == ["F2.lean"]
        assert store.read("F2.lean").theorems[0].full_name == "N.other"
        outcomes, _ = await run(store, changed, lean="another")
        assert len(outcomes) == len(texts)


async def test_only_what_belongs_to_the_run_is_selected(tmp_path: Path) -> None:
    with open_traced_store(tmp_path) as store:
        await run(store)
        fewer = Extraction(targets=Texts({"F1": TEXTS["F1"]}), lean="one")
        assert fewer.selected(store, with_imported=True).paths == ("F1.lean",)
        assert fewer.done_count(store) == 1


async def test_a_full_disk_ends_the_run_with_one_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(TracedStore, "add", fail)
    with open_traced_store(tmp_path) as store, pytest.raises(InputError, match="cannot be written: No space left"):
        await run(store)


async def test_memory_does_not_grow_with_the_files(tmp_path: Path) -> None:
    count, early, late = 80, 0, 0
    text = "".join(f"theorem t{n} (n : Nat) : n = n := by rfl\n" for n in range(4))

    @frozen
    class Many:
        """See `targets.Targets`."""

        count: int

        def read(self) -> Iterator[Target]:
            for number in range(self.count):
                yield Target(path=f"F{number}.lean", module=f"F{number}", text=text)

    with open_traced_store(tmp_path) as store:
        extraction = Extraction(targets=Many(count), lean="one")
        tracers, done = Tracers(), 0
        tracemalloc.start()
        try:
            async with aclosing(extraction.outcomes(LocalPool(workers=tracers, count=2), store)) as outcomes:
                async for _ in outcomes:
                    done += 1
                    tracers.forget()
                    if done in (count // 10, count):
                        gc.collect()
                        early, late = early or tracemalloc.get_traced_memory()[0], tracemalloc.get_traced_memory()[0]
        finally:
            tracemalloc.stop()
    assert done == count
    assert late - early < count * BYTES_A_FILE, "of a file that is done, its place in the store is kept and its path"
