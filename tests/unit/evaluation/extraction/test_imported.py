"""The rest of the corpus: packages come once, files that could not be traced get their declarations."""

from pathlib import Path

from lean_sidekick.core.premises import CorpusFile
from lean_sidekick.evaluation.extraction.imported import CORPUS, FAILED, ImportedFiles
from lean_sidekick.evaluation.extraction.store import TracedStore, open_traced_store
from lean_sidekick.evaluation.extraction.traced import TracedFile
from lean_sidekick.lean.project import find_project
from lean_sidekick.premises.corpus import Skipped
from lean_sidekick.premises.sources import Sources
from support.fake_documents import FakeServer
from support.premise_lean import PremiseLean, row

MODULES = {
    "Init": ([], [row("Nat", ": Type", kind="inductive")]),
    "Bad": (["Init"], [row("bad", ": p")]),
    "Good": (["Init"], [row("good", ": q")]),
}


def project(folder: Path) -> Sources:
    (folder / "lean-toolchain").write_text("x\n")
    objects = folder / "objects"
    objects.mkdir()
    for name in MODULES:
        (objects / f"{name}.olean").write_text("")
    for name in ("Bad", "Good"):
        (folder / f"{name}.lean").write_text("theorem t : p := h\n")
    return Sources(find_project(folder), None, {"LEAN_PATH": str(objects)})


async def read(sources: Sources, store: TracedStore) -> tuple[list[str], PremiseLean, list[Skipped]]:
    lean = PremiseLean(MODULES)
    skipped: list[Skipped] = []
    imported = ImportedFiles(sources=sources, server=FakeServer(lean), lean="one", on_skipped=skipped.append)
    done = [progress.module async for progress in imported.read(store, {"Bad.lean", "Good.lean"})]
    return done, lean, skipped


async def test_packages_are_read_once_and_failed_files_get_their_declarations(tmp_path: Path) -> None:
    sources = project(tmp_path)
    with open_traced_store(tmp_path / "out") as store:
        for name, error in (("Bad", "It hung."), ("Good", None)):
            corpus = CorpusFile(path=f"{name}.lean", module=name)
            key = "key" if error is None else f"{FAILED}key"
            store.add(TracedFile(premises=corpus, theorems=(), error=error), key)
        _, lean, skipped = await read(sources, store)
        assert skipped == []
        assert lean.asked
        bad = store.read("Bad.lean")
        assert (bad.error, [premise.full_name for premise in bad.premises.premises]) == ("It hung.", ["bad"])
        assert store.key("Bad.lean") == f"{FAILED}key", "it will be traced again"
        assert store.read("Good.lean").premises.premises == (), "what was traced stays as it was"
        [core] = [path for path in store.paths if (store.key(path) or "").startswith(CORPUS)]
        assert [premise.full_name for premise in store.read(core).premises.premises] == ["Nat"]
        lines = store.path.read_text().count("\n")
        await read(sources, store)
        assert store.path.read_text().count("\n") == lines + 1, "the failed one alone"
