"""The command line as a whole: its commands, its exit statuses, what it imports and when."""

import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import click
import pytest

from lean_sidekick import __version__
from lean_sidekick.cli import app
from lean_sidekick.cli.app import COMMANDS, ExitStatus, exit_status_of, run
from lean_sidekick.cli.output import write_object
from lean_sidekick.core import errors


@pytest.fixture
def play(monkeypatch: pytest.MonkeyPatch) -> "Play":
    return Play(monkeypatch)


class Play:
    """Puts a command of the test's own in the place of `doctor`."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch

    def command(self, body: object) -> None:
        module = ModuleType("lean_sidekick.cli.doctor")
        module.command = click.command("doctor")(body)
        self._monkeypatch.setitem(sys.modules, "lean_sidekick.cli.doctor", module)

    def raising(self, error: BaseException) -> int:
        def body() -> None:
            raise error

        self.command(body)
        return run(["doctor"])


def python(*arguments: str, **options: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=30,
        stdin=subprocess.DEVNULL,
        check=False,
        **options,
    )


def test_version_and_help_as_a_module() -> None:
    assert python("-m", "lean_sidekick", "--version").stdout == f"lean-sidekick, version {__version__}\n"
    assert python("-m", "lean_sidekick", "--help").stdout.startswith("Usage: lean-sidekick ")


def test_help_lists_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--help"]) == ExitStatus.DONE
    out = capsys.readouterr().out
    for entry in COMMANDS:
        assert f"  {entry.name} " in out
        assert entry.summary in out


def test_help_imports_no_command_and_nothing_heavy() -> None:
    """Whoever asks for help does not wait for Lean's side or the editor's."""
    script = (
        "import sys; from lean_sidekick.cli import app; app.run(['--help']);"
        "print(sorted(m for m in sys.modules if m.startswith(('lean_sidekick.', 'pygls', 'lsprotocol', 'leanclient'))),"
        "file=sys.stderr)"
    )
    allowed = {"lean_sidekick.cli", "lean_sidekick.cli.app", "lean_sidekick.core", "lean_sidekick.core.errors"}
    assert set(eval(python("-c", script).stderr)) <= allowed


def test_the_server_starts_without_click() -> None:
    """`serve` is on the clock: it must be reached before click or anything of the other commands."""
    script = (
        "import sys, types; server = types.ModuleType('lean_sidekick.cli.serve');"
        "server.main = lambda arguments: print(arguments, sorted(m for m in sys.modules if m in "
        "('click', 'attrs', 'asyncio', 'lean_sidekick.cli.app'))) or 7;"
        "sys.modules['lean_sidekick.cli.serve'] = server;"
        "sys.argv = ['lean-sidekick', 'serve', '--tcp', '1'];"
        "from lean_sidekick.cli.main import main; sys.exit(main())"
    )
    done = python("-c", script)
    assert (done.stdout, done.returncode) == ("['--tcp', '1'] []\n", 7)


@pytest.mark.parametrize("name", [entry.name for entry in COMMANDS])
def test_every_command_is_there(name: str) -> None:
    """The table cannot list a command whose module is missing or says something else."""
    done = python("-m", "lean_sidekick", name, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert f"lean-sidekick {name}" in done.stdout


@pytest.mark.parametrize(
    "arguments", [["nonsense"], ["--nonsense"], ["doctor", "--nonsense"], ["doctor", "too", "many"], []]
)
def test_wrong_use_is_two_and_goes_to_standard_error(
    play: "Play", arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    play.command(lambda: None)
    assert run(arguments) == ExitStatus.WRONG_USE
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.ConfigError, ExitStatus.WRONG_USE),
        (errors.InputError, ExitStatus.WRONG_USE),
        (errors.ImportsOutOfDate, ExitStatus.WRONG_USE),
        (errors.LeanUnavailable, ExitStatus.NO_LEAN),
        (errors.NotRecorded, ExitStatus.NO_LEAN),
        (errors.LeanCrashed, ExitStatus.INCOMPLETE),
        (errors.TimedOut, ExitStatus.INCOMPLETE),
        (errors.ProtocolError, ExitStatus.INCOMPLETE),
        (errors.StaleDocument, ExitStatus.INCOMPLETE),
        (errors.IndexDamaged, ExitStatus.INCOMPLETE),
        (errors.ModelUnavailable, ExitStatus.INCOMPLETE),
        (errors.ModelCrashed, ExitStatus.INCOMPLETE),
    ],
)
def test_an_error_is_one_sentence_and_a_status(
    play: "Play", error: type[errors.SidekickError], status: ExitStatus, capsys: pytest.CaptureFixture[str]
) -> None:
    assert play.raising(error("What is wrong.")) == status
    captured = capsys.readouterr()
    assert (captured.out, captured.err) == ("", "lean-sidekick: What is wrong.\n")


def test_every_error_was_given_a_status_on_purpose() -> None:
    """A new error class must be thought about: it would end as 'not everything was done'."""
    known = {
        "ConfigError",
        "InputError",
        "ImportsOutOfDate",
        "LeanUnavailable",
        "NotRecorded",
        "LeanCrashed",
        "TimedOut",
        "ProtocolError",
        "StaleDocument",
        "IndexDamaged",
        "ModelUnavailable",
        "ModelCrashed",
    }
    assert {error.__name__ for error in errors.SidekickError.__subclasses__()} == known
    assert exit_status_of(errors.SidekickError("x")) == ExitStatus.INCOMPLETE


def test_an_interrupt_is_130(play: "Play", capsys: pytest.CaptureFixture[str]) -> None:
    assert play.raising(KeyboardInterrupt()) == ExitStatus.INTERRUPTED
    assert capsys.readouterr().err.endswith("Interrupted.\n")


def test_a_number_that_a_command_returns_is_the_status(play: "Play") -> None:
    play.command(lambda: ExitStatus.INCOMPLETE)
    assert run(["doctor"]) == 1
    play.command(lambda: None)
    assert run(["doctor"]) == 0


def test_a_bug_is_not_hidden(play: "Play") -> None:
    with pytest.raises(ZeroDivisionError):
        play.raising(ZeroDivisionError())


def test_objects_are_utf8_lines_in_any_terminal() -> None:
    script = "from lean_sidekick.cli.output import write_object; write_object({'goal': '⊢ ℕ', 'n': None})"
    environment = {**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"}
    done = python("-c", script, env=environment)
    assert done.stdout == '{"goal": "⊢ ℕ", "n": null}\n'
    assert json.loads(done.stdout) == {"goal": "⊢ ℕ", "n": None}


def test_objects_have_no_numbers_that_json_does_not_know() -> None:
    with pytest.raises(ValueError, match="JSON"):
        write_object({"seconds": float("nan")})


def test_a_terminal_without_symbols_does_not_end_the_program() -> None:
    script = (
        "import sys, types, click; module = types.ModuleType('lean_sidekick.cli.doctor');"
        "module.command = click.command('doctor')(lambda: click.echo('⊢ ℕ'));"
        "sys.modules['lean_sidekick.cli.doctor'] = module;"
        "from lean_sidekick.cli import app; sys.exit(app.run(['doctor']))"
    )
    done = python("-c", script, env={**os.environ, "PYTHONIOENCODING": "latin-1", "PYTHONUTF8": "0"})
    assert (done.returncode, done.stdout, done.stderr) == (0, "\\u22a2 \\u2115\n", "")


def test_a_reader_that_has_gone_is_no_traceback(tmp_path: Path) -> None:
    """As in `lean-sidekick prove F --json | head -1`."""
    script = (
        "import sys, types, click; module = types.ModuleType('lean_sidekick.cli.doctor');"
        "module.command = click.command('doctor')(lambda: [click.echo('x' * 999) for _ in range(999)] and None);"
        "sys.modules['lean_sidekick.cli.doctor'] = module;"
        "from lean_sidekick.cli import app; sys.exit(app.run(['doctor']))"
    )
    reader, writer = os.pipe()
    os.close(reader)
    with (tmp_path / "err").open("w+") as err:
        done = subprocess.run([sys.executable, "-c", script], stdout=writer, stderr=err, timeout=30, check=False)
        err.seek(0)
        assert (done.returncode, err.read()) == (1, "")
    os.close(writer)


def test_serve_is_reached_through_the_group_too(monkeypatch: pytest.MonkeyPatch) -> None:
    server = ModuleType("lean_sidekick.cli.serve")
    heard: list[str] = []
    server.main = lambda arguments: heard.extend(arguments)
    monkeypatch.setitem(sys.modules, "lean_sidekick.cli.serve", server)
    assert app.run(["--", "serve", "--tcp", "7"]) == 0
    assert heard == ["--tcp", "7"]
