"""Premises through the engine: what may be used where, what is said while they load, and uses that Lean took."""

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest

from lean_sidekick.core.errors import ConfigError, InputError
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import CorpusFile, Premise, premises_above
from lean_sidekick.engine.api import DocumentText, PremiseAnswer, PremiseFinding
from lean_sidekick.engine.find_premises import premises_for_words
from lean_sidekick.engine.premise_reasons import describe_reasons
from lean_sidekick.engine.premises import Library, ProjectPremises
from lean_sidekick.premises.api import RankReason
from lean_sidekick.premises.retriever import LocalRetriever
from support.lean_text import lean

ROOT = Path("/p")


def file(module: str, imports: tuple[str, ...], *names: str) -> CorpusFile:
    premises = tuple(
        Premise(full_name=name, kind="theorem", statement="(a b : Nat) : a + b = b + a", module=module)
        for name in names
    )
    return CorpusFile(path=f"{module}.lean", module=module, imports=imports, premises=premises)


FILES = (
    file("Init", (), "Nat.add_comm"),
    file("Lib.A", ("Init",), "add_comm_a"),
    file("Lib.B", ("Lib.A",), "add_comm_b"),
    file("Lib.C", ("Init",), "add_comm_c"),
    file("Open", ("Lib.B",), "add_comm_saved"),
)


def library() -> Library:
    retriever = LocalRetriever.from_files(FILES)

    async def close() -> None:
        retriever.close()

    async def models_ready(for_words: bool) -> None:
        return None

    return Library(
        retriever=retriever,
        in_search=retriever,
        imports={one.module: one.imports for one in FILES},
        list_names=lambda: [(premise.full_name, one.module) for one in FILES for premise in one.premises],
        find_source=lambda module: ROOT / f"{module}.lean" if module.startswith("Lib") else None,
        models_ready=models_ready,
        say_trouble=lambda: "",
        close=close,
    )


async def load(report: Callable[[str], None], builds: bool) -> Library:
    return library()


@pytest.fixture
async def premises() -> AsyncIterator[ProjectPremises]:
    found = ProjectPremises(root=ROOT, load=load)
    await found.ready()
    yield found
    await found.close()


def document(text: str) -> DocumentText:
    return DocumentText(uri="file:///p/Open.lean", version=1, text=lean(text))


OPEN = document(
    """
    import Lib.B
    theorem add_comm_here (a b : Nat) : a + b = b + a := h
    theorem t (x y : Nat) : x + y = y + x := by
      sorry
    theorem add_comm_below (a b : Nat) : a + b = b + a := h
    """
)
GOAL = parse_goal("x y : Nat\n⊢ x + y = y + x")


def names(answer: PremiseAnswer) -> set[str]:
    return {finding.premise.full_name for finding in answer.findings}


async def ask(premises: ProjectPremises, words: str, document: DocumentText | None = OPEN) -> PremiseAnswer:
    return await premises_for_words(premises, words, document, Position(3, 2), 50)


async def test_only_what_may_be_used_at_the_place_is_answered(premises: ProjectPremises) -> None:
    """What is imported, directly or not, and what stands above, unsaved; not what stands below, nor what was saved."""
    found = await ask(premises, "add_comm")
    assert names(found) == {"Nat.add_comm", "add_comm_a", "add_comm_b", "add_comm_here"}
    assert found.note == ""


async def test_without_a_document_everything_is_answered(premises: ProjectPremises) -> None:
    assert names(await ask(premises, "add_comm", None)) == {
        premise.full_name for one in FILES for premise in one.premises
    }


async def test_premises_of_imports_for_a_goal(premises: ProjectPremises) -> None:
    found = await premises.of_imports(OPEN, GOAL, 10)
    assert {premise.full_name for premise in found} == {"Nat.add_comm", "add_comm_a", "add_comm_b"}
    assert len(await premises.of_imports(OPEN, GOAL, 2)) == 2


async def test_where_a_premise_stands(premises: ProjectPremises) -> None:
    places = {finding.premise.full_name: finding.uri for finding in (await ask(premises, "add_comm")).findings}
    assert places == {
        "Nat.add_comm": None,
        "add_comm_a": "file:///p/Lib.A.lean",
        "add_comm_b": "file:///p/Lib.B.lean",
        "add_comm_here": OPEN.uri,
    }


async def test_while_it_loads_the_open_file_is_answered_from() -> None:
    going_on = asyncio.Event()

    async def load_slowly(report: Callable[[str], None], builds: bool) -> Library:
        report("3 of 7 modules are done")
        await going_on.wait()
        return library()

    premises = ProjectPremises(root=ROOT, load=load_slowly)
    premises.start()
    await asyncio.sleep(0)
    early = await ask(premises, "add_comm")
    assert names(early) == {"add_comm_here"}
    assert early.note == "Only the open file was searched, the index is being built: 3 of 7 modules are done."
    assert await premises.of_imports(OPEN, GOAL, 10) == ()
    going_on.set()
    await premises.ready()
    later = await ask(premises, "add_comm")
    assert "Nat.add_comm" in names(later) and later.note == ""
    await premises.close()


async def test_what_cannot_be_loaded_is_said_and_the_open_file_still_searched() -> None:
    async def fail(report: Callable[[str], None], builds: bool) -> Library:
        raise ConfigError("The manifest cannot be read.")

    premises = ProjectPremises(root=ROOT, load=fail)
    await premises.ready()
    found = await ask(premises, "add_comm")
    assert names(found) == {"add_comm_here"}
    assert found.note == "Only the open file was searched: The manifest cannot be read."
    await premises.close()


async def test_an_empty_question_is_refused(premises: ProjectPremises) -> None:
    with pytest.raises(InputError, match="The question is empty"):
        await ask(premises, " \n")


async def test_closing_ends_the_loading() -> None:
    cancelled = asyncio.Event()

    async def load_for_ever(report: Callable[[str], None], builds: bool) -> Library:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            cancelled.set()
        raise AssertionError

    premises = ProjectPremises(root=ROOT, load=load_for_ever)
    premises.start()
    await asyncio.sleep(0)
    await premises.close()
    assert cancelled.is_set()


def test_reasons_in_words() -> None:
    [premise] = premises_above("theorem a : p := h", 100)
    reasons = (
        RankReason(ranker="symbols", rank=3, shared=tuple("abcdefgh")),
        RankReason(ranker="lexical", rank=1, shared=("add",)),
        RankReason(ranker="shape", rank=2),
    )
    finding = PremiseFinding(premise=premise, reasons=reasons, uri=None)
    assert describe_reasons(finding) == "lexical 1 (add), shape 2, symbols 3 (a, b, c, d, e, f)"


async def test_opening_asks_for_no_building_and_a_failure_is_a_note(caplog: pytest.LogCaptureFixture) -> None:
    asked: list[bool] = []

    async def load_nothing(report: Callable[[str], None], builds: bool) -> Library:
        asked.append(builds)
        raise InputError("There is no index.")

    premises = ProjectPremises(root=ROOT, load=load_nothing)
    await premises.open()
    assert asked == [False]
    assert "There is no index." in premises.note
    assert caplog.records == [], "a shell command says nothing of what it does not need"
    await premises.close()
