"""The environment dump: pieces are joined to modules, spellings are found by trying, a bad module costs itself."""

import pytest

from lean_sidekick.core.errors import ImportsOutOfDate, InputError
from lean_sidekick.core.positions import Position
from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.premises.corpus import Skipped
from lean_sidekick.premises.environment import open_environment
from lean_sidekick.premises.environment_lean import header_of, parts, premises_command, read_modules, read_premises
from support.fake_documents import FakeServer, at, information
from support.premise_lean import PremiseLean, row

URI = "file:///p/Ask.lean"
MODULES = {
    "Init": ([], [row("Nat", ": Type", kind="inductive"), row("a", ": p", 9), row("b", ": q", 3)]),
    "Empty": (["Init"], []),
    "A": (["Init"], [row("c", " : r ", doc=" Doc. ", attributes=["simp"], deprecated="d", constants=["r"])]),
    "B": (["A", "Empty"], [row(f"b{i}", f": {i} = {i}") for i in range(5)]),
}


async def read(lean: PremiseLean, wanted: list[str]) -> tuple[list[CorpusFile], list[Skipped], FakeServer]:
    server = FakeServer(lean)
    environment = await open_environment(server, URI, ["B"])
    skipped: list[Skipped] = []
    files = [file async for file in environment.read(wanted, skipped.append)]
    await environment.close()
    assert server.closed == 1
    return files, skipped, server


async def test_every_module_comes_whole_whatever_the_pieces() -> None:
    for limit in range(1, 12):
        files, skipped, _ = await read(PremiseLean(MODULES, limit=limit), list(MODULES))
        assert [(file.module, [p.full_name for p in file.premises]) for file in files] == [
            ("Init", ["Nat", "b", "a"]),  # in the order of the file, not in that of Lean's table
            ("Empty", []),
            ("A", ["c"]),
            ("B", ["b0", "b1", "b2", "b3", "b4"]),
        ]
        assert skipped == []


async def test_what_lean_says_of_a_declaration_is_kept() -> None:
    [file], _, _ = await read(PremiseLean(MODULES), ["A"])
    [premise] = file.premises
    assert (file.path, file.imports, premise.module) == ("A.lean", ("Init",), "A")
    assert (premise.kind, premise.statement, premise.doc) == ("theorem", ": r", "Doc.")
    assert (premise.attributes, premise.deprecated, premise.constants) == (("simp",), "d", ("r",))
    assert (premise.start, premise.end) == (Position(0, 0), Position(0, 9))


async def test_what_lean_made_from_a_declaration_stands_behind_it() -> None:
    rows = [row("T.mk.inj", ": i", None), row("late", ": l", 30), row("T", ": t", 5), row("bad", None, 1)]
    files, _, _ = await read(PremiseLean({"M": ([], rows)}), ["M"])
    assert [premise.full_name for premise in files[0].premises] == ["T", "T.mk.inj", "late"]


async def test_a_part_that_does_not_elaborate_gets_its_next_spelling() -> None:
    refused = [part.spellings[0] for part in parts() if len(part.spellings) > 1]
    lean = PremiseLean(MODULES, refused=refused)
    files, _, server = await read(lean, ["A"])
    assert len(files) == 1
    assert server.elaborated[0].startswith("import B\nimport Lean\n")
    assert all(text not in server.elaborated[-1] for text in refused)


async def test_a_lean_that_takes_no_spelling_is_refused_and_nothing_stays_open() -> None:
    server = FakeServer(PremiseLean(MODULES, refused=["structure", "def premiseRow"]))
    with pytest.raises(InputError, match="cannot be asked for its premises: unknown identifier"):
        await open_environment(server, URI, ["B"])
    server_without = FakeServer(PremiseLean(MODULES, unknown=frozenset({"B"})))
    with pytest.raises(ImportsOutOfDate):
        await open_environment(server_without, URI, ["B"])
    assert (server.closed, server_without.closed) == (1, 1)


async def test_a_module_that_lean_does_not_get_through_is_reported_and_left_out() -> None:
    files, skipped, server = await read(PremiseLean(MODULES, limit=4, hanging=frozenset({"A"})), list(MODULES))
    assert [file.module for file in files] == ["Init", "Empty", "B"]
    assert skipped == [Skipped(name="A", reason="Lean did not answer.")]
    assert server.reopened == 2, "a worker that hangs is not asked again"


def test_answers_of_others_are_not_taken() -> None:
    good = '["n",1,0,[]]'
    assert read_premises("n", [information(0, good)]) is not None
    for diagnostics in (
        [],
        [information(0, good), information(0, good)],
        [at(0, good)],
        [information(0, '["m",1,0,[]]')],
        [information(0, '["n",1,0,[[1]]]')],
        [information(0, '["n",1,0')],
    ):
        assert read_premises("n", diagnostics) is None
        assert read_modules("n", diagnostics) is None


def test_keywords_in_names_come_in_guillemets() -> None:
    message = '["n",1,0,[[0,"A.match","def",": p",null,[1,0,1,0],[],null,["A.«do»","B"],null]]]'
    answer = read_premises("n", [information(0, message)])
    assert answer is not None
    [found] = answer.rows
    assert (found.name, found.constants, found.start) == ("A.«match»", ("A.«do»", "B"), None)


def test_how_a_question_is_written() -> None:
    assert header_of(["A", "Lean", "A"]) == "import A\nimport Lean\n"
    assert premises_command("n", [1, 2], 3, 4, 5) == 'lean_sidekick_premises "n" "[1, 2]" 3 4 5'
    assert all("«" not in spelling and spelling.endswith("\n") for part in parts() for spelling in part.spellings)
