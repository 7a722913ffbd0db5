"""Which source wins, what a project file may say, and settings files that cannot be read."""

from collections.abc import Mapping
from pathlib import Path

import pytest

from lean_sidekick.settings import Settings, paths, resolve_settings


@pytest.fixture(autouse=True)
def _own_config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(paths, "config_folder", lambda: tmp_path / "config")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    return folder


def write_user_file(text: str) -> Path:
    path = paths.user_settings_file()
    path.parent.mkdir(exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def write_project_file(project: Path, text: str) -> None:
    paths.project_settings_file(project).write_text(text, encoding="utf-8")


def resolve(
    project: Path | None = None,
    *,
    editor: object = None,
    lean_path: str | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Settings, tuple[str, ...]]:
    return resolve_settings(
        project_root=project, editor=editor, lean_path=lean_path, environment={} if environment is None else environment
    )


def test_nothing_said_means_defaults() -> None:
    assert resolve() == (Settings(), ())


def test_each_source_wins_over_the_next(project: Path) -> None:
    """Command line, editor, project file, user file, environment: take them away one by one."""
    write_user_file(f"trustedProjects = [{str(project)!r}]\nlean.path = '/user/lean'")
    write_project_file(project, "lean.path = '/project/lean'")
    environment = {"LEAN_SIDEKICK_LEAN": "/environment/lean"}
    editor = {"lean": {"path": "/editor/lean"}}

    def lean() -> str:
        settings, warnings = resolve(project, editor=editor, lean_path=command_line, environment=environment)
        assert warnings == ()
        return settings.lean_path

    command_line: str | None = "/line/lean"
    assert lean() == "/line/lean"
    command_line = None
    assert lean() == "/editor/lean"
    editor = {}
    assert lean() == "/project/lean"
    paths.project_settings_file(project).unlink()
    assert lean() == "/user/lean"
    paths.user_settings_file().unlink()
    assert lean() == "/environment/lean"
    environment = {}
    assert lean() == ""


def test_sources_are_merged_setting_by_setting(project: Path) -> None:
    write_user_file("[suggest]\nmaxItems = 3\ntimeoutS = 1")
    write_project_file(project, "[suggest]\ntimeoutS = 2.5\n[check]\nallowedAxioms = ['propext']")
    settings, warnings = resolve(project, editor={"suggest": {"delayMs": 100}})
    assert warnings == ()
    assert (settings.suggest_max_items, settings.suggest_timeout_s, settings.suggest_delay_ms) == (3, 2.5, 100)
    assert settings.allowed_axioms == ("propext",)


def test_defaults_that_an_editor_sends_say_nothing(project: Path) -> None:
    """VS Code sends every setting with its default; a project file would never count otherwise."""
    write_project_file(project, "suggest.maxItems = 3")
    settings, _ = resolve(project, editor={"suggest": {"maxItems": 8, "delayMs": 400}, "lean": {"path": ""}})
    assert settings.suggest_max_items == 3


def test_an_untrusted_project_cannot_name_a_program(project: Path) -> None:
    write_project_file(project, "[lean]\npath = 'evil/lean'\nkeepCommands = true\n[check]\nallowPrograms = true")
    settings, warnings = resolve(project, environment={"LEAN_SIDEKICK_LEAN": "/mine/lean"})
    assert (settings.lean_path, settings.keep_commands, settings.allow_programs) == ("/mine/lean", False, False)
    assert len(warnings) == 3


def test_a_project_cannot_trust_itself(project: Path) -> None:
    write_project_file(project, f"trustedProjects = [{str(project)!r}]\nlean.path = '/evil'")
    settings, warnings = resolve(project)
    assert settings.lean_path == ""
    assert any("trustedProjects in .lean-sidekick.toml is ignored" in w for w in warnings)


def test_trust_holds_below_a_folder_and_not_beside_it(project: Path, tmp_path: Path) -> None:
    write_user_file(f"trustedProjects = [{str(project)!r}]")
    inside, beside = project / "sub", tmp_path / "project-2"
    for folder in (inside, beside):
        folder.mkdir()
        write_project_file(folder, "lean.path = '/x/lean'")
    assert resolve(inside)[0].lean_path == "/x/lean"
    assert resolve(beside)[0].lean_path == ""


def test_a_link_to_a_trusted_folder_is_the_folder(project: Path, tmp_path: Path) -> None:
    write_user_file(f"trustedProjects = [{str(project)!r}]")
    write_project_file(project, "lean.path = '/x/lean'")
    link = tmp_path / "link"
    link.symlink_to(project)
    assert resolve(link)[0].lean_path == "/x/lean"


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("trustedProjects = 'all'", "it must be a list of folders."),
        ("trustedProjects = ['here']", "it must be a whole path."),
    ],
)
def test_wrong_trust_trusts_nobody(project: Path, line: str, sentence: str) -> None:
    write_user_file(line)
    write_project_file(project, "lean.path = '/x/lean'")
    settings, warnings = resolve(project)
    assert settings.lean_path == ""
    assert any(w.endswith(sentence) for w in warnings)


def test_a_relative_lean_starts_where_it_was_written(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server runs in another folder than the person who wrote the path."""
    write_user_file(f"trustedProjects = [{str(project)!r}]")
    write_project_file(project, "lean.path = 'tools/lean'")
    (project / "tools").mkdir()
    (project / "tools" / "lean").touch()
    assert resolve(project)[0].lean_path == str(project / "tools/lean")
    monkeypatch.chdir(project)
    assert resolve(lean_path="tools")[0].lean_path == str(project / "tools")


def test_a_relative_model_starts_where_it_was_written(project: Path) -> None:
    """The process that indexes may run elsewhere; a name without a slash is that of a card."""
    write_user_file(f"trustedProjects = [{str(project)!r}]")
    write_project_file(project, "premises.encoder = './mine'\npremises.reranker = 'mine'")
    (project / "mine").mkdir()
    settings, _ = resolve(project)
    assert (settings.premises_encoder, settings.premises_reranker) == (str(project / "mine"), "mine")


@pytest.mark.parametrize("name", ["v4.9.0", "leanprover/lean4:v4.9.0", "~nobody/lean", "no/such/lean", "x" * 5000])
def test_what_is_no_path_here_stays_as_written(project: Path, name: str) -> None:
    """It may be the name of a toolchain, and a message about it should show the user's own words."""
    assert resolve(project, lean_path=name)[0].lean_path == name


def test_a_tilde_is_the_home_folder(project: Path) -> None:
    lean = Path.home() / "lean"
    lean.touch()
    settings, _ = resolve(project, editor={"lean": {"path": "~/lean"}})
    assert settings.lean_path == str(lean)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"lean.path = ", "it is not valid TOML"),
        (b"\xff\xfe", "it is not UTF-8 text."),
        (b"#" * 70_000, "it is larger than 64 kB."),
        (b"a = " + b"[" * 60_000, "it is not valid TOML"),
    ],
    ids=["half a line", "no text", "huge", "deep"],
)
def test_a_file_that_cannot_be_read_is_one_sentence(project: Path, data: bytes, reason: str) -> None:
    paths.project_settings_file(project).write_bytes(data)
    settings, warnings = resolve(project)
    assert settings == Settings()
    assert len(warnings) == 1
    assert warnings[0].startswith(f"The settings file {project / '.lean-sidekick.toml'} is ignored: ")
    assert reason in warnings[0]


@pytest.mark.parametrize(
    "text",
    [
        ".".join(["a"] * 5000) + " = 1",
        "lean.threads = " + "9" * 5000,
        "lean.threads = 0x" + "f" * 5000,
        "lean.threads." + ".".join(["a"] * 5000) + " = 1",
    ],
    ids=["deep name", "long number", "long hexadecimal number", "deep value"],
)
def test_a_hostile_file_does_not_end_the_program(project: Path, text: str) -> None:
    write_project_file(project, text)
    settings, warnings = resolve(project)
    assert settings == Settings()
    assert len(warnings) == 1
    assert len(warnings[0]) < 500


def test_a_folder_in_place_of_the_file_is_no_file(project: Path) -> None:
    paths.project_settings_file(project).mkdir()
    assert resolve(project) == (Settings(), ())


def test_a_project_says_nothing_of_where_text_is_sent(project: Path) -> None:
    """Opening a stranger's project must not send goals, or a key, to a server that the project names."""
    write_project_file(
        project,
        "[models.remote]\nendpoints = ['https://evil.example/v1']\nkeyVariable = 'AWS_SECRET_ACCESS_KEY'\n"
        "allowInsecure = true\ncard = 'ntp-context'\n",
    )
    settings, warnings = resolve(project)
    assert settings == Settings()
    assert len(warnings) == 4
    assert all("what leaves it" in warning for warning in warnings)
