"""Tracing files in one document: what goes wrong with a file costs that file alone, and a new worker is tried first."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from lean_sidekick.core.errors import ImportsOutOfDate, InputError
from lean_sidekick.evaluation.extraction.lean_text import KEYWORD, trace_parts
from lean_sidekick.evaluation.extraction.targets import Target
from lean_sidekick.evaluation.extraction.tracer import FileTracer, TraceResult
from lean_sidekick.lean.diagnostics import Diagnostic
from support.fake_documents import FakeServer
from support.trace_lean import TraceLean


def target(text: str, name: str = "A") -> Target:
    return Target(path=f"N/{name}.lean", module=f"N.{name}", text=text)


def tracer(lean: TraceLean, memory: int = 0) -> tuple[FileTracer, FakeServer]:
    server = FakeServer(lean)
    made = FileTracer(
        server=server,
        uri=Path("/p/Ask.lean").as_uri(),
        path_of=lambda module: f"core/{module}.lean",
        worker_memory=lambda: memory,
    )
    return made, server


async def run(lean: TraceLean, *texts: str, memory: int = 0) -> tuple[list[TraceResult], FakeServer]:
    made, server = tracer(lean, memory)
    results = [await made.run(target(text, f"F{number}")) for number, text in enumerate(texts)]
    await made.close()
    assert server.closed == 1
    return results, server


GOOD = "theorem good : True := by trivial\n"


async def test_one_worker_goes_through_all_files_and_loads_our_text_once() -> None:
    lean = TraceLean()
    results, server = await run(lean, GOOD, GOOD * 2, "")
    assert [len(result.file.theorems) for result in results] == [1, 2, 0]
    assert [result.file.error for result in results] == [None, None, None]
    assert sum(KEYWORD not in text.rstrip("\n").rpartition("\n")[2] for text in server.elaborated) == 1
    assert server.reopened == 0


async def test_every_part_that_fails_gets_its_next_spelling() -> None:
    refused = [part.spellings[0] for part in trace_parts() if len(part.spellings) > 1]
    assert refused
    results, server = await run(TraceLean(refused=refused), GOOD)
    assert results[0].file.error is None
    assert all(text not in server.elaborated[-1] for text in refused)


async def test_a_lean_that_takes_no_spelling_ends_the_run_with_one_sentence() -> None:
    made, _ = tracer(TraceLean(refused=["structure Traced"]))
    with pytest.raises(InputError, match=r"This Lean cannot be asked for its proofs: unknown identifier\."):
        await made.run(target(GOOD))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("hang", "Lean did not get through N/F1.lean within 1200 s."),
        ("crash", "Lean died of N/F1.lean: The Lean worker died."),
        ("silent", "Lean does not say what is in N/F1.lean: maximum recursion depth has been reached."),
        (
            "import Missing",
            "The imports of N/F1.lean cannot be loaded (unknown package 'Missing'); build the project first.",
        ),
    ],
)
async def test_a_file_that_fails_is_told_with_its_reason_and_the_next_one_is_traced(text: str, reason: str) -> None:
    results, _ = await run(TraceLean(), GOOD, text, GOOD)
    assert [result.file.error for result in results] == [None, reason, None]
    assert results[1].file.path == "N/F1.lean"
    assert results[1].file.theorems == () == results[1].file.premises.premises
    assert len(results[2].file.theorems) == 1


@pytest.mark.parametrize("text", ["again", "import Twice"])
async def test_what_another_file_left_in_the_worker_is_no_error_of_this_one(text: str) -> None:
    lean = TraceLean()
    results, server = await run(lean, GOOD, f"{text}\n{GOOD}")
    assert [result.file.error for result in results] == [None, None]
    assert server.reopened == 1
    assert len(lean.asked) == 3, "asked of the old worker, then of a new one"


async def test_a_module_that_is_not_built_is_not_asked_about_twice() -> None:
    lean = TraceLean()
    _, server = await run(lean, GOOD, "import Missing")
    assert (len(lean.asked), server.reopened) == (2, 0)


async def test_a_worker_that_has_grown_is_replaced() -> None:
    _, server = await run(TraceLean(), GOOD, GOOD, GOOD, memory=4 * 10**9)
    assert server.reopened == 2


async def test_errors_of_a_file_are_counted_and_the_first_is_told() -> None:
    text = f"{GOOD}theorem b : False := by error\ntheorem c : False := by error\n"
    [result], _ = await run(TraceLean(), text)
    assert (result.error_count, result.first_error) == (2, "line 2: type mismatch")
    assert [theorem.is_complete for theorem in result.file.theorems] == [True, False, False]


async def test_the_document_is_a_file_of_the_library_so_that_its_options_hold() -> None:
    made, server = tracer(TraceLean())
    for module in ("A.One", "A.Two", "A", "Other", "B.One", "B.Two.Three"):
        path = f"/p/{module.replace('.', '/')}.lean"
        result = await made.run(Target(path=path[3:], module=module, text=GOOD, lake_file=Path(path)))
        assert result.file.error is None
    assert (await made.run(target(GOOD))).file.error is None
    await made.close()
    assert server.opened == ["file:///p/A/One.lean", "file:///p/B/One.lean", "file:///p/Ask.lean"]
    assert server.closed == 3


@pytest.mark.parametrize("error", [ImportsOutOfDate("Build the plugin first."), InputError("Lake's setup failed.")])
async def test_where_lake_cannot_set_the_library_up_its_files_are_traced_all_the_same(error: Exception) -> None:
    lean = TraceLean()

    def refusing(text: str) -> Sequence[Diagnostic]:
        if "/A/" in server.opened[-1]:
            raise error
        return lean(text)

    made, server = tracer(lean)
    server.lean = refusing
    for name in ("A.One", "A.Two"):
        path = Path(f"/p/{name.replace('.', '/')}.lean")
        assert (await made.run(Target(path=path.name, module=name, text=GOOD, lake_file=path))).file.error is None
    assert server.opened == ["file:///p/A/One.lean", "file:///p/Ask.lean"], "asked once for the library"
    server.opened.clear()

    def unusable(text: str) -> Sequence[Diagnostic]:
        raise error

    server.lean = unusable
    other = Target(path="B.lean", module="B", text=GOOD, lake_file=Path("/p/B.lean"))
    with pytest.raises(type(error)):
        await made.run(other)
