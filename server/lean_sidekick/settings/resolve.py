"""From all that was said to one `Settings`: reads the two settings files and applies the order of precedence.

Command line, editor, project file, user file, environment, default: the first that says something wins. A project
file comes with a project that somebody else may have written, so it cannot name programs or servers, or let programs
run, unless the user's own file lists the project under `trustedProjects`. Never fails: what is wrong becomes a warning.
"""

import os
from collections.abc import Mapping
from pathlib import Path

from attrs import evolve

from lean_sidekick.settings import paths
from lean_sidekick.settings.options import TRUSTED_PROJECTS, Options, parse_options
from lean_sidekick.settings.settings import Settings

LEAN_VARIABLE = "LEAN_SIDEKICK_LEAN"
_MAX_FILE_BYTES = 65_536


def resolve_settings(
    *,
    lean_path: str | None = None,
    editor: object = None,
    project_root: Path | None = None,
    environment: Mapping[str, str] | None = None,
) -> tuple[Settings, tuple[str, ...]]:
    """The settings that hold for a project, and one sentence for each thing that was ignored.

    `lean_path` is the command line's `--lean`; `editor` the client's settings as they came over the wire, with or
    without the outer `leanSidekick`; `environment` is the process's own if None. Reads two small files: call it in
    a thread where an event loop must not wait. Who shows the warnings shows each of them once.
    """
    environment = os.environ if environment is None else environment
    warnings: list[str] = []

    user_file = paths.user_settings_file()
    raw = _read_file(user_file, warnings)
    trusted = _trusted_folders(raw, user_file, warnings)
    user, found = parse_options(raw, str(user_file), known_extra=frozenset({TRUSTED_PROJECTS}))
    warnings += found

    project = Options(source=paths.PROJECT_FILE)
    if project_root is not None:
        root = _resolved(project_root)
        project, found = parse_options(
            _read_file(paths.project_settings_file(root), warnings),
            paths.PROJECT_FILE,
            may_set_guarded=any(root.is_relative_to(folder) for folder in trusted),
        )
        warnings += found

    client, found = parse_options(editor, "the editor's settings")
    warnings += found

    settings = Settings(lean_path=_absolute(environment.get(LEAN_VARIABLE, ""), None))
    settings = _apply(user, settings, user_file.parent)
    settings = _apply(project, settings, project_root)
    # Editors send the defaults of all settings with everything, so a default from there says nothing.
    settings = _apply(client.without_defaults(), settings, project_root)
    if lean_path:
        settings = evolve(settings, lean_path=_absolute(lean_path, None))
    return settings, tuple(warnings)


def _apply(options: Options, settings: Settings, base: Path | None) -> Settings:
    """The settings with what one source says; a relative path to Lean, or to a model, starts at `base`."""
    settings = options.over(settings)
    if options.says("lean_path"):
        settings = evolve(settings, lean_path=_absolute(settings.lean_path, base))
    if options.says("premises_encoder"):
        settings = evolve(settings, premises_encoder=_model(settings.premises_encoder, base))
    if options.says("premises_reranker"):
        settings = evolve(settings, premises_reranker=_model(settings.premises_reranker, base))
    return settings


def _model(name: str, base: Path | None) -> str:
    """A model's folder, starting at `base`; what has no slash is the name of a card."""
    return _absolute(name, base) if "/" in name else name


def _read_file(path: Path, warnings: list[str]) -> Mapping[str, object]:
    """The tables of a settings file, empty if there is none or it cannot be read."""
    import tomllib  # most runs have no settings file

    try:
        if not path.is_file():
            return {}
        if path.stat().st_size > _MAX_FILE_BYTES:
            warnings.append(f"The settings file {path} is ignored: it is larger than {_MAX_FILE_BYTES // 1024} kB.")
            return {}
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        warnings.append(f"The settings file {path} is ignored: it cannot be read ({error.strerror}).")
    except UnicodeDecodeError:
        warnings.append(f"The settings file {path} is ignored: it is not UTF-8 text.")
    except (ValueError, RecursionError) as error:  # a number of 5,000 digits is no TOMLDecodeError
        warnings.append(f"The settings file {path} is ignored: it is not valid TOML ({error}).")
    return {}


def _trusted_folders(raw: Mapping[str, object], user_file: Path, warnings: list[str]) -> tuple[Path, ...]:
    """The folders whose projects, and those below, the user trusts."""
    folders = raw.get(TRUSTED_PROJECTS, [])
    if not isinstance(folders, list) or not all(isinstance(folder, str) for folder in folders):
        warnings.append(f"{TRUSTED_PROJECTS} in {user_file} is ignored: it must be a list of folders.")
        return ()
    paths_named = [_expanded(folder) for folder in folders]
    for path in paths_named:
        if not path.is_absolute():
            warnings.append(f"{path} in {TRUSTED_PROJECTS} of {user_file} is ignored: it must be a whole path.")
    return tuple(_resolved(path) for path in paths_named if path.is_absolute())


def _absolute(lean_path: str, base: Path | None) -> str:
    """The whole path of what is named, starting at `base` or the current folder.

    What is not there stays as it was written: it may be a toolchain's name, and errors should show the user's words.
    """
    if not lean_path:
        return ""
    path = _expanded(lean_path)
    if not path.is_absolute():
        path = (base or Path.cwd()) / path
    try:
        return str(path) if path.exists() else lean_path
    except OSError:  # a folder that may not be entered, a name that is too long
        return lean_path


def _expanded(path: str) -> Path:
    try:
        return Path(path).expanduser()
    except RuntimeError:  # no such user: the path does not exist, as whoever opens it will say
        return Path(path)


def _resolved(path: Path) -> Path:
    # realpath, unlike Path.resolve, also answers for a path with a loop of links.
    return Path(os.path.realpath(path))
