"""The indexes of a project: what is read again, what is shared, and what an interruption or damage costs."""

import asyncio
import subprocess
import sys
from pathlib import Path

import pytest

from lean_sidekick.core.goals import parse_goal
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.lean.version import LeanVersion
from lean_sidekick.premises.api import Accessible
from lean_sidekick.premises.corpus import Skipped
from lean_sidekick.premises.index import PremiseIndex
from lean_sidekick.premises.project_corpus import CorpusProgress
from lean_sidekick.premises.project_index import Refreshed, project_index, refresh
from lean_sidekick.premises.retriever import LocalRetriever
from lean_sidekick.premises.sources import Sources

INIT = "prelude\ntheorem core_lemma (a b : Nat) : a + b = b + a := sorry\n"


class Workplace:
    """Two projects on one toolchain whose Lean is never started: all comes from sources."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        core = folder / "toolchain" / "src" / "lean"
        core.mkdir(parents=True)
        (core / "Init.lean").write_text(INIT)
        lean = folder / "toolchain" / "bin" / "lean"
        lean.parent.mkdir()
        lean.write_text("")
        version = LeanVersion(major=4, minor=9, patch=0, pre=None)
        self.toolchain = Toolchain(lean_command=(str(lean),), lake=None, version=version, origin="a test")
        self.skipped: list[Skipped] = []
        self.progress: list[CorpusProgress] = []

    def write(self, project: str, module: str, text: str) -> None:
        folder = self.folder / project
        folder.mkdir(exist_ok=True)
        (folder / "lakefile.toml").write_text("")
        (folder / f"{module}.lean").write_text(text)

    async def refresh(self, project: str) -> Refreshed:
        found = find_project(self.folder / project)
        index = project_index(self.folder / "cache", found, self.toolchain, {})
        sources = Sources(found, self.toolchain, {})
        return await refresh(index, sources, None, self.progress.append, self.skipped.append)

    def ask(self, project: str, goal: str) -> list[str]:
        index = project_index(self.folder / "cache", find_project(self.folder / project), self.toolchain, {})
        retriever = LocalRetriever(index.segments())
        return [one.premise.full_name for one in retriever.answer_goal(parse_goal(goal), Accessible(), 10)]

    def indexes(self) -> list[Path]:
        return sorted((self.folder / "cache" / "premises").iterdir())


@pytest.fixture
def workplace(tmp_path: Path) -> Workplace:
    made = Workplace(tmp_path)
    made.write("one", "A", "theorem mine (a b : Nat) : a * b = b * a := sorry\n")
    return made


async def test_project_and_dependencies_are_indexed_apart(workplace: Workplace) -> None:
    done = await workplace.refresh("one")
    assert (done.added, done.kept, done.premises) == (2, 0, 2) and workplace.skipped == []
    assert [one.name.partition("-")[0] for one in workplace.indexes()] == ["packages", "project"]
    assert set(workplace.ask("one", "⊢ x * y = y * x")) == {"mine", "core_lemma"}
    assert workplace.progress[-1].done == workplace.progress[-1].total == 2


async def test_only_what_changed_is_read_again(workplace: Workplace) -> None:
    workplace.write("one", "B", "theorem other (a : Nat) : a = a := sorry\n")
    await workplace.refresh("one")
    assert (await workplace.refresh("one")).added == 0
    workplace.write("one", "B", "theorem renamed (a b : Nat) : a = a := sorry\n")
    done = await workplace.refresh("one")
    assert (done.added, done.kept) == (1, 2)
    assert "renamed" in workplace.ask("one", "⊢ x = x") and "other" not in workplace.ask("one", "⊢ x = x")


async def test_a_file_that_is_gone_is_taken_out(workplace: Workplace) -> None:
    workplace.write("one", "B", "theorem other (a : Nat) : a = a := sorry\n")
    await workplace.refresh("one")
    (workplace.folder / "one" / "B.lean").unlink()
    assert (await workplace.refresh("one")).removed == 1
    assert "other" not in workplace.ask("one", "⊢ x = x")


async def test_another_project_on_the_same_toolchain_shares(workplace: Workplace) -> None:
    await workplace.refresh("one")
    workplace.write("two", "A", "theorem second (a b : Nat) : a - b = b - a := sorry\n")
    done = await workplace.refresh("two")
    assert (done.added, done.kept) == (1, 1)
    assert len(workplace.indexes()) == 3
    assert "mine" not in workplace.ask("two", "⊢ x * y = y * x")


async def test_a_damaged_index_is_made_anew(workplace: Workplace, caplog: pytest.LogCaptureFixture) -> None:
    await workplace.refresh("one")
    for index in workplace.indexes():
        for segment in index.glob("*.segment"):
            segment.write_bytes(segment.read_bytes()[:-1])
    assert workplace.ask("one", "⊢ x * y = y * x") == []
    assert "It is thrown away" in caplog.text
    await workplace.refresh("one")
    assert set(workplace.ask("one", "⊢ x * y = y * x")) == {"mine", "core_lemma"}


async def test_what_was_read_before_an_interruption_stays(workplace: Workplace) -> None:
    """A refresh that is cancelled at its second module has the first one in the index; the next one reads the rest."""
    workplace.write("one", "B", "theorem other (a : Nat) : a = a := sorry\n")
    reached = asyncio.Event()

    class Slow(list[CorpusProgress]):
        """Progress that ends the refresh when two modules are done."""

        def append(self, progress: CorpusProgress) -> None:
            if progress.done == 2:
                reached.set()
                task.cancel()

    workplace.progress = Slow()
    task = asyncio.create_task(workplace.refresh("one"))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert reached.is_set()
    workplace.progress = []
    done = await workplace.refresh("one")
    assert done.kept >= 1 and done.added + done.kept == 3
    assert "other" in workplace.ask("one", "⊢ x = x")


def test_two_programs_write_one_index_at_the_same_time(tmp_path: Path) -> None:
    """Each in a process of its own, file by file, while a third reads; nothing is lost and nothing is damaged."""
    program = (
        "import sys; from pathlib import Path; from lean_sidekick.premises.index import PremiseIndex\n"
        "from lean_sidekick.core.premises import CorpusFile, Premise\n"
        "for n in range(8):\n"
        "    name = f'{sys.argv[2]}{n}'\n"
        "    premise = Premise(full_name=name, kind='theorem', statement=': True')\n"
        "    writer = PremiseIndex(Path(sys.argv[1])).writer()\n"
        "    writer.add(CorpusFile(path='', module=name, premises=(premise,)), '1')\n"
        "    writer.finish()\n"
    )
    commands = [[sys.executable, "-c", program, str(tmp_path), name] for name in ("a", "b")]
    processes = [subprocess.Popen(command) for command in commands]
    index = PremiseIndex(tmp_path)
    while any(process.poll() is None for process in processes):
        for segment in index.segments():
            assert [segment.records[i].full_name for i in range(len(segment))]
    assert [process.wait() for process in processes] == [0, 0]
    index.verify()
    assert set(index.files()) == {f"{name}{n}" for name in "ab" for n in range(8)}
