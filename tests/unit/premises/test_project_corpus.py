"""A project's corpus: Lean where it can say it, sources where not, what was read already left out."""

from collections.abc import Container
from pathlib import Path

import pytest

from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.lean.project import find_project
from lean_sidekick.premises.corpus import Skipped
from lean_sidekick.premises.project_corpus import CorpusProgress, ProjectCorpus
from lean_sidekick.premises.sources import Sources, closure, read_imports
from support.fake_documents import FakeServer
from support.premise_lean import PremiseLean, row

MODULES = {
    "Init": ([], [row("Nat", ": Type")]),
    "Dep": (["Init"], [row("dep", ": d")]),
    "P.A": (["Dep"], [row("a", ": a"), row("b", ": b", 2, attributes=["simp"])]),
    "Lean": (["Init"], [row("Lean.x", ": x")]),
}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """A project with two modules, of which one is built, a package, and what is none of its modules."""
    files = {
        "lakefile.lean": 'package p where srcDir := "src"\n',
        "lean-toolchain": "lean4\n",
        "src/P/A.lean": "import Dep\ntheorem a : a := h\n@[ext, simp] theorem b : b := h\n",
        "src/P/B.lean": "import P.A\nopen N in\ntheorem c : a = dep := h\n",
        ".lake/packages/dep/Dep.lean": "/-- Of the source. -/\ntheorem dep : d := h\n",
        ".lake/packages/dep/Unused.lean": "theorem unused : True := h\n",
        ".lake/build/lib/P/A.olean": "",
        ".lake/packages/dep/.lake/build/lib/Dep.olean": "",
        "build/Old.lean": "theorem old : True := h\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


class Reading:
    def __init__(self, root: Path, lean: PremiseLean | None) -> None:
        self.skipped: list[Skipped] = []
        self.progress: list[CorpusProgress] = []
        self.server = None if lean is None else FakeServer(lean)
        self.sources = Sources(find_project(root), None, {"LEAN_PATH": str(root / "none")})

    async def read(self, skip: Container[str] = frozenset()) -> dict[str, CorpusFile]:
        corpus = ProjectCorpus(
            sources=self.sources,
            server=self.server,
            on_skipped=self.skipped.append,
            on_progress=self.progress.append,
        )
        return {file.module: file async for file in corpus.read(skip)}


async def test_lean_says_what_is_built_and_sources_the_rest(root: Path) -> None:
    reading = Reading(root, PremiseLean(MODULES))
    files = await reading.read()
    assert list(files) == ["Init", "Dep", "P.A", "P.B"], "imports come first, and nothing of Lean that nobody imports"
    assert files["P.A"].path == "src/P/A.lean"
    assert [(p.full_name, p.attributes) for p in files["P.A"].premises] == [("a", ()), ("b", ("simp", "ext"))]
    [scanned] = files["P.B"].premises
    assert (scanned.full_name, scanned.statement, files["P.B"].imports) == ("c", ": a = dep", ("Init", "P.A"))
    assert reading.skipped == []
    assert [(p.done, p.module) for p in reading.progress] == [(1, "Init"), (2, "Dep"), (3, "P.A"), (4, "P.B")]
    assert reading.progress[-1].total == 4


async def test_without_a_lean_everything_is_scanned(root: Path) -> None:
    reading = Reading(root, None)
    files = await reading.read()
    assert list(files) == ["Dep", "P.A", "P.B"]
    assert files["Dep"].path == ".lake/packages/dep/Dep.lean"
    assert files["Dep"].premises[0].doc == "Of the source."
    assert files["P.B"].premises[0].constants == ("a", "dep")
    assert reading.skipped == [Skipped(name="Init", reason="it is not built, and its source was not found")]


async def test_what_cannot_be_imported_is_scanned(root: Path) -> None:
    files = await Reading(root, PremiseLean(MODULES, unknown=frozenset({"P.A"}))).read()
    assert [p.attributes for p in files["P.A"].premises] == [(), ("ext", "simp")], "from its source"
    assert files["Dep"].premises[0].doc == "", "from Lean"


async def test_a_run_that_was_stopped_goes_on(root: Path) -> None:
    lean = PremiseLean(MODULES)
    reading = Reading(root, lean)
    files = await reading.read(skip={"Init", "Dep", "P.B"})
    assert list(files) == ["P.A"]
    assert all("[2]" in question for question in lean.asked), "what is there already is not asked for"
    assert reading.progress[-1].done == reading.progress[-1].total == 4


async def test_a_module_that_breaks_is_reported_and_the_rest_read(root: Path) -> None:
    reading = Reading(root, PremiseLean(MODULES, hanging=frozenset({"Dep"})))
    files = await reading.read()
    assert list(files) == ["Init", "P.A", "P.B"]
    assert [skipped.name for skipped in reading.skipped] == ["Dep"]


async def test_sources_that_are_no_text_or_gone_do_no_harm(root: Path) -> None:
    (root / "src/P/C.lean").write_bytes(b"import P.B\ntheorem e : \xff\xfe = 1 := h\n")
    (root / "src/P/D.lean").symlink_to(root / "nowhere")
    reading = Reading(root, None)
    files = await reading.read()
    assert [p.full_name for p in files["P.C"].premises] == ["e"]
    assert [skipped.name for skipped in reading.skipped] == ["src/P/D.lean", "Init"]


def test_the_closure_of_imports_has_imports_first_and_bears_circles() -> None:
    imports = {"A": ["B", "C"], "B": ["D"], "C": ["D", "A"], "D": []}
    assert closure(["A"], imports) == ["D", "B", "C", "A"]
    assert closure(["C", "X"], imports) == ["D", "B", "A", "C", "X"]


def test_the_imports_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "A.lean"
    file.write_text("/- A -/\nimport B\nimport C.D -- E\ntheorem prelude : p := h\n")
    assert read_imports(file) == ("Init", "B", "C.D")
    file.write_text("prelude\nimport B\n")
    assert read_imports(file) == ("B",)


def test_a_file_without_a_project_brings_its_neighbours_and_no_folder_below(tmp_path: Path) -> None:
    """Its folder may be the home folder, with everything in it."""
    for name in ("A.lean", "B.lean", "projects/Big/C.lean"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("theorem t : True := h\n")
    project = find_project(tmp_path / "A.lean")
    assert project.is_loose

    def modules(is_flat: bool) -> list[str]:
        return [source.module for source in Sources(project, None, {}, is_flat=is_flat).own()]

    assert modules(is_flat=True) == ["A", "B"]
    assert modules(is_flat=False) == ["A", "B", "projects.Big.C"]
    (tmp_path / "lean-toolchain").write_text("lean4\n")
    assert not find_project(tmp_path / "A.lean").is_loose
