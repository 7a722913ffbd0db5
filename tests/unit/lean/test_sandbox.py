"""What Lean may see and do in its sandbox, read from the command that is run; bubblewrap itself is a script here."""

import json
import os
import sys
from pathlib import Path

import pytest

from lean_sidekick.core.errors import LeanUnavailable
from lean_sidekick.engine.session import start_verifier
from lean_sidekick.lean import sandbox as sandbox_module
from lean_sidekick.lean.launch import Command, Limits
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.sandbox import Sandbox, SandboxFinder, probe
from lean_sidekick.lean.server import LeanServer
from lean_sidekick.lean.toolchain import Toolchain
from lean_sidekick.lean.version import LeanVersion
from lean_sidekick.settings.settings import Settings
from support.scripted_servers import LIMIT_S, QUICK, SUPPORT, URI, scripted_toolchain

REFUSAL = "bwrap: Can't find source path /somewhere: No such file or directory"
linux_only = pytest.mark.skipif(sys.platform != "linux", reason="bubblewrap exists on Linux only")


@pytest.fixture
def machine(tmp_path: Path) -> "Machine":
    return Machine(tmp_path)


class Machine:
    """A home folder with a project and a toolchain in it, and a bubblewrap that does what the test says."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.project = self.home / "project"
        self.project.mkdir(parents=True)
        self.lean = self.add_file(self.home / ".elan" / "toolchains" / "it" / "bin" / "lean")
        self.lake: Path | None = None
        self.log = folder / "bwrap.log"

    def add_file(self, path: Path, text: str = "") -> Path:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        path.chmod(0o755)
        return path

    def add_folder(self, name: str) -> Path:
        path = self.folder / name
        path.mkdir(parents=True)
        return path

    def add_bwrap(self, action: str = 'while [ "$1" != -- ]; do shift; done; shift; exec "$@"') -> Path:
        """A script that notes its arguments and its environment, then acts."""
        note = f'{{ echo "$@"; env; }} >> {self.log}; export SCRIPTED_LEAN_LOG={self.folder}/scripted-lean.log'
        return self.add_file(self.folder / "programs" / "bwrap", f"#!/bin/sh\nPATH=/usr/bin:/bin\n{note}\n{action}\n")

    def add_lake(self) -> None:
        self.lake = self.add_file(self.lean.with_name("lake"))
        self.add_file(self.project / "lakefile.lean")

    @property
    def environment(self) -> dict[str, str]:
        return {"PATH": str(self.folder / "programs"), "HOME": str(self.home)}

    def command(self, document: Path | None = None, **environment: str) -> Command:
        toolchain = Toolchain(lean_command=(str(self.lean),), lake=self.lake, version=LeanVersion(4, 24, 0), origin="")
        project = find_project(document or self.project / "A.lean")
        sandbox = Sandbox(program=Path("/usr/bin/bwrap"))
        return sandbox.server_command(project, toolchain, Limits(), self.environment | environment)

    def starts(self) -> int:
        """How many times the scripted Lean was started."""
        log = self.folder / "scripted-lean.log"
        return log.read_text("utf-8").count('"started"') if log.exists() else 0


def options(command: Command) -> list[str]:
    """What bubblewrap is told, without the program it shall run."""
    return list(command.arguments[: command.arguments.index("--")])


def program(command: Command) -> list[str]:
    return list(command.arguments[command.arguments.index("--") + 1 :])


def shown(command: Command) -> list[str]:
    """The folders that are bound one by one, without those of the system."""
    words = options(command)
    return [words[i + 1] for i, word in enumerate(words) if word == "--ro-bind" and words[i + 1] == words[i + 2]]


def test_lean_sees_its_toolchain_and_its_project_and_no_more(machine: Machine) -> None:
    command = machine.command()
    words = options(command)
    assert {"--unshare-all", "--die-with-parent"} <= set(words)
    assert words[words.index("--cap-drop") + 1] == "ALL"
    assert set(shown(command)) == {str(machine.project), str(machine.lean.parent.parent)}
    assert not {"--bind", "--bind-try", "--dev-bind", "--share-net"} & set(words)
    assert program(command)[:2] == [str(machine.lean), "--server"]
    assert words[words.index("--chdir") + 1] == str(machine.project)


def test_the_home_folder_is_hidden_before_anything_in_it_is_shown(machine: Machine) -> None:
    """bubblewrap works its arguments off in their order: a tmpfs that comes later would hide the project."""
    words = options(machine.command())
    hidden = [i for i, word in enumerate(words) if word == "--tmpfs"]
    assert [words[i + 1] for i in hidden] == ["/tmp", str(machine.home)]
    assert max(hidden) < words.index("--ro-bind")


def test_only_what_lean_needs_is_in_its_environment(machine: Machine) -> None:
    secrets = {"OPENAI_API_KEY": "1", "LEAN_SIDEKICK_TOKEN": "2", "LAKE_CACHE_KEY": "3", "SSH_AUTH_SOCK": "4"}
    inside = machine.command(LANG="C.UTF-8", LEAN_PATH="/somewhere", ELAN_HOME="/elan", **secrets).environment
    assert not set(secrets) & set(inside)
    assert inside["LANG"] == "C.UTF-8"
    assert inside["LEAN_PATH"] == "/somewhere"
    assert inside["HOME"] == str(machine.home)


def test_packages_outside_of_the_project_are_shown(machine: Machine) -> None:
    """Linked as a whole, linked one by one, through a second link, named in the manifest, named in LEAN_PATH."""
    shared, one, built, local = map(machine.add_folder, ("shared", "one", "home/built", "home/local"))
    (machine.folder / "alias").symlink_to(shared)
    (machine.project / ".lake").mkdir()
    (machine.project / ".lake" / "packages").symlink_to(machine.folder / "alias")
    (shared / "linked").symlink_to(one)
    entries = [{"type": "path", "name": "local", "dir": "../local"}]
    manifest = {"packagesDir": ".lake/packages", "packages": entries}
    (machine.project / "lake-manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    found = shown(machine.command(LEAN_PATH=f"{built}{os.pathsep}{machine.folder / 'nothing'}"))
    assert {str(shared), str(machine.folder / "alias"), str(one), str(built), str(local)} <= set(found)
    assert str(machine.folder / "nothing") not in found
    # A place inside of the project is reached through the link that is there, and cannot be bound.
    assert [path for path in found if path.startswith(str(machine.project))] == [str(machine.project)]


def test_links_in_a_circle_are_survived(machine: Machine) -> None:
    machine.add_lake()
    (machine.project / ".lake").symlink_to(machine.project / "other")
    (machine.project / "other").symlink_to(machine.project / ".lake")
    assert str(machine.project) in shown(machine.command())


def test_a_single_file_in_the_home_folder_does_not_show_the_home_folder(machine: Machine) -> None:
    command = machine.command(machine.home / "A.lean")
    assert shown(command) == [str(machine.lean.parent.parent)]
    assert options(command)[-1] == str(machine.home)


@pytest.mark.parametrize("folder", ["..", "."])
def test_nothing_named_by_the_project_shows_the_home_folder(machine: Machine, folder: str) -> None:
    (machine.project / "lake-packages").symlink_to(machine.home / folder)
    assert str(machine.home) not in shown(machine.command(LEAN_PATH=str(machine.home)))
    assert str(machine.folder) not in shown(machine.command(LEAN_PATH=str(machine.folder)))


def test_a_home_folder_that_is_a_project_is_shown(machine: Machine) -> None:
    machine.add_file(machine.home / "lakefile.toml")
    assert str(machine.home) in shown(machine.command())


def test_a_toolchain_that_would_show_the_home_folder_is_refused(machine: Machine) -> None:
    machine.lean = machine.add_file(machine.home / "bin" / "lean")
    with pytest.raises(LeanUnavailable, match=r"home holds your home folder .*lean\.sandbox") as raised:
        machine.command()
    assert "\n" not in str(raised.value)


def test_a_linked_lean_is_run_where_it_really_is(machine: Machine) -> None:
    """Lean looks for its library beside the program's real place."""
    real = machine.lean
    machine.lean = machine.home / "bin" / "lean"
    machine.lean.parent.mkdir()
    machine.lean.symlink_to(real)
    command = machine.command()
    assert program(command)[0] == str(real)
    assert str(real.parent.parent) in shown(command)


def test_lake_may_change_a_copy_of_its_compiled_configuration(machine: Machine) -> None:
    machine.add_lake()
    config = machine.project / ".lake" / "config"
    assert program(machine.command())[:2] == [str(machine.lake), "serve"]
    config.mkdir(parents=True)
    command = machine.command()
    words = options(command)
    assert words.index(str(config), words.index(str(machine.project))) < words.index("--tmpfs", words.index("/tmp") + 3)
    shell, _, _, source, target, *rest = program(command)
    assert (shell, source, target) == ("/bin/sh", words[words.index(str(config)) + 1], str(config))
    assert rest[:2] == [str(machine.lake), "serve"]


@linux_only
async def test_a_bubblewrap_that_works_is_found(machine: Machine) -> None:
    bwrap = machine.add_bwrap()
    assert (await probe(machine.environment)).sandbox == Sandbox(program=bwrap)
    assert "--unshare-all" in machine.log.read_text("utf-8")


async def test_without_bubblewrap_there_is_no_sandbox(machine: Machine) -> None:
    answer = await probe(machine.environment)
    assert answer.sandbox is None
    assert "not found" in answer.found


@linux_only
async def test_a_bubblewrap_that_is_refused_says_why(machine: Machine) -> None:
    machine.add_bwrap("echo warming up >&2; echo 'bwrap: No permissions to create new namespace' >&2; exit 1")
    answer = await probe(machine.environment)
    assert answer.sandbox is None
    assert "does not work here (bwrap: No permissions to create new namespace)" in answer.found


@linux_only
async def test_a_bubblewrap_that_hangs_is_given_up(machine: Machine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sandbox_module, "PROBE_TIMEOUT_S", 0.1)
    machine.add_bwrap("exec sleep 600")
    answer = await probe(machine.environment)
    assert answer.sandbox is None
    assert "did not answer within 0.1 s" in answer.found


@linux_only
async def test_a_finder_asks_once(machine: Machine) -> None:
    """The second Lean of an engine is in the sandbox if the first was, whatever has become of bubblewrap."""
    bwrap = machine.add_bwrap()
    finder = SandboxFinder(machine.environment)
    first = await finder.find()
    bwrap.unlink()
    assert first.sandbox is not None
    assert await finder.find() == first


@linux_only
async def test_the_server_runs_inside(machine: Machine) -> None:
    server = scripted_server(machine, Sandbox(program=machine.add_bwrap()))
    document = await server.open(URI, "fine")
    assert await document.diagnostics(LIMIT_S) is not None
    await server.close()
    noted = machine.log.read_text("utf-8")
    assert "--die-with-parent" in noted
    assert "SECRET" not in noted
    assert machine.starts() == 1


@linux_only
async def test_a_lean_that_cannot_start_inside_is_not_started_outside(machine: Machine) -> None:
    server = scripted_server(machine, Sandbox(program=machine.add_bwrap(f'echo "{REFUSAL}" >&2; exit 1')))
    with pytest.raises(LeanUnavailable, match=r"in its sandbox .*Can't find source path /somewhere") as raised:
        await server.start()
    await server.close()
    assert "\n" not in str(raised.value)
    assert "lean.sandbox" in str(raised.value)
    assert machine.starts() == 0


@linux_only
@pytest.mark.parametrize(
    ("is_on", "action", "runs", "warns"),
    [
        (True, None, 2, False),  # the probe, and then Lean
        (True, "echo refused >&2; exit 1", 1, True),
        (False, None, 0, False),
    ],
)
async def test_the_setting_and_the_probe_decide(
    machine: Machine,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    is_on: bool,
    action: str | None,
    runs: int,
    warns: bool,
) -> None:
    lean = machine.add_file(
        machine.folder / "scripted" / "lean",
        f'#!/bin/sh\nexec {sys.executable} {SUPPORT}/scripted_lean.py Healthy "$@"\n',
    )
    machine.add_bwrap(*[] if action is None else [action])
    monkeypatch.setenv("PATH", machine.environment["PATH"])
    verifier = await start_verifier(machine.project, Settings(lean_path=str(lean), lean_sandbox=is_on))
    await verifier.close()
    noted = machine.log.read_text("utf-8") if machine.log.exists() else ""
    assert noted.count("--unshare-all") == runs
    assert ("without a sandbox" in caplog.text) is warns


def scripted_server(machine: Machine, sandbox: Sandbox) -> LeanServer:
    return LeanServer(
        find_project(machine.project / "A.lean"),
        scripted_toolchain("Healthy", "4.24.0"),
        Limits(),
        environment=machine.environment | {"SECRET": "1"},
        sandbox=sandbox,
        patience=QUICK,
    )
