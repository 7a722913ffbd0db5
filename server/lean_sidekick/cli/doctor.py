"""`lean-sidekick doctor`: what was found, what is missing and how to get it.

Looks at the folder it is called in, starts nothing but `lean --version` and the probe of the sandbox, and changes
nothing; with `--forget` it does nothing but take away what was learned from the user's proofs.
"""

import os
import platform
import sys
from collections.abc import Mapping
from enum import Enum
from pathlib import Path

import click
from attrs import asdict, frozen

from lean_sidekick import __version__
from lean_sidekick.cli.app import ExitStatus
from lean_sidekick.cli.arguments import json_option, lean_option
from lean_sidekick.cli.output import write_line, write_object
from lean_sidekick.cli.running import run_async
from lean_sidekick.core.errors import ConfigError, InputError, LeanUnavailable
from lean_sidekick.engine.models import open_models
from lean_sidekick.engine.retrieval_models import encoder_choice, reranker_spec
from lean_sidekick.engine.session import LEARNED_FILE, forget_learned
from lean_sidekick.lean.project import Project, find_missing_packages, find_project
from lean_sidekick.lean.sandbox import probe
from lean_sidekick.lean.toolchain import Toolchain, find_toolchain
from lean_sidekick.settings import Settings, paths, resolve_settings
from lean_sidekick.tactics.hub import is_cached, is_here
from lean_sidekick.tactics.remote import RemoteModel


class Health(Enum):
    """How a thing is; the values stand in the output."""

    OK = "ok"
    NOTE = "note"
    MISSING = "missing"


@frozen
class Finding:
    """One thing that was looked for: what was found, and what to do if that is not well."""

    name: str
    health: Health
    found: str
    advice: str = ""


@click.command()
@click.option("--forget", is_flag=True, help="Forget what was learned from your proofs, in all projects, and end.")
@lean_option
@json_option
def command(forget: bool, lean_path: str | None, as_json: bool) -> ExitStatus:
    """Say what was found, what is missing and how to get it."""
    if forget:
        return _forget()
    findings = run_async(examine(Path.cwd(), lean_path, os.environ))
    for finding in findings:
        if as_json:
            write_object(asdict(finding) | {"health": finding.health.value})
            continue
        write_line(f"{finding.health.value:8} {finding.name:17} {finding.found}")
        if finding.advice:
            write_line(f"{'':8} {'':17} -> {finding.advice}")
    missing = {finding.name for finding in findings if finding.health is Health.MISSING}
    if "Lean" in missing:
        return ExitStatus.NO_LEAN
    return ExitStatus.INCOMPLETE if missing else ExitStatus.DONE


def _forget() -> ExitStatus:
    if run_async(forget_learned()):
        write_line("What was learned from your proofs is forgotten.")
        return ExitStatus.DONE
    raise InputError(
        f"{paths.cache_folder() / LEARNED_FILE} could not be emptied: another program uses it. Close the editor and "
        "try again, or delete the file."
    )


async def examine(folder: Path, lean_path: str | None, environment: Mapping[str, str]) -> tuple[Finding, ...]:
    """Everything that matters for working in a folder, in the order in which people should read it."""
    project = find_project(folder)
    settings, warnings = resolve_settings(lean_path=lean_path, project_root=project.root, environment=environment)
    findings = [
        Finding("Lean Sidekick", Health.OK, f"{__version__}, Python {platform.python_version()} at {sys.executable}"),
        _project(project),
    ]
    try:
        toolchain = await find_toolchain(project, settings.lean_path or None, environment)
    except LeanUnavailable as error:
        findings.append(Finding("Lean", Health.MISSING, "no usable Lean", str(error)))
    else:
        findings.append(Finding("Lean", Health.OK, f"{toolchain.version} at {toolchain.lean}, {toolchain.origin}"))
        findings.append(_lake(project, toolchain))
    if project.lakefile:
        findings.append(_packages(project))
    findings.append(await _sandbox(environment, settings.lean_sandbox))
    findings += _models(settings, environment)
    findings += _premise_models(settings, environment)
    findings.append(_settings_file("user settings", paths.user_settings_file()))
    findings.append(_settings_file("project settings", paths.project_settings_file(project.root)))
    findings += [Finding("settings", Health.NOTE, warning) for warning in warnings]
    findings.append(_cache())
    return tuple(findings)


def _project(project: Project) -> Finding:
    if project.lakefile:
        return Finding("project", Health.OK, f"{project.root}, with {project.lakefile.name}")
    return Finding("project", Health.OK, f"{project.root}, without a lakefile: only core Lean can be imported")


def _lake(project: Project, toolchain: Toolchain) -> Finding:
    if toolchain.lake:
        return Finding("Lake", Health.OK, str(toolchain.lake))
    if project.lakefile:
        advice = "use a toolchain that has both, as elan installs them; without Lake no import of the project is found."
        return Finding("Lake", Health.MISSING, "none beside this Lean", advice)
    return Finding("Lake", Health.NOTE, "none beside this Lean; none is needed without a lakefile")


def _packages(project: Project) -> Finding:
    try:
        missing = find_missing_packages(project)
    except ConfigError as error:
        return Finding("packages", Health.MISSING, "unknown", str(error))
    if missing:
        advice = "run `lake build` in the project; Lean Sidekick downloads and builds nothing by itself."
        return Finding("packages", Health.MISSING, f"not downloaded: {', '.join(missing)}", advice)
    return Finding("packages", Health.OK, "all that the manifest names are there")


async def _sandbox(environment: Mapping[str, str], is_wanted: bool) -> Finding:
    answer = await probe(environment)
    if not is_wanted:
        found = f"switched off by lean.sandbox; {answer.found}"
        return Finding("sandbox", Health.NOTE, found, "Lean runs with all your rights; set lean.sandbox to true.")
    if answer.sandbox is not None:
        return Finding("sandbox", Health.OK, f"{answer.found}: Lean runs without network, on a read-only project")
    if sys.platform != "linux":
        return Finding("sandbox", Health.NOTE, "none on this system: Lean runs with all your rights")
    advice = "Lean runs with all your rights; install bubblewrap, and let it make user namespaces, to confine it."
    return Finding("sandbox", Health.NOTE, answer.found, advice)


def _models(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """The models that are configured. No server is asked and nothing is loaded."""
    models = open_models(settings, environment)
    if models.problem:
        return [Finding("models", Health.MISSING, "a configuration that cannot work", models.problem)]
    if not models.models:
        return [Finding("models", Health.OK, "none is configured, and none is needed")]
    findings = []
    for named in models.models:
        card = named.card
        if isinstance(named.at_cursor, RemoteModel):
            servers = ", ".join(named.at_cursor.addresses)
            key = "with a key" if named.at_cursor.options.key else "without a key"
            findings.append(Finding("model server", Health.OK, f"{card.name} at {servers}, {key}; not asked now"))
        elif is_here(card, environment):
            findings.append(Finding("model", Health.OK, f"{card.name}, on this machine"))
        else:
            advice = f"run `lean-sidekick models get {card.name}`; nothing is downloaded by itself."
            findings.append(Finding("model", Health.MISSING, f"{card.name} is not on this machine", advice))
    return findings


def _premise_models(settings: Settings, environment: Mapping[str, str]) -> list[Finding]:
    """The encoder and the cross-encoder that are configured; nothing is loaded."""
    try:
        encoder, reranker = encoder_choice(settings), reranker_spec(settings)
    except ConfigError as error:
        return [Finding("premise models", Health.MISSING, "a configuration that cannot work", str(error))]
    named = {"encoder": encoder and encoder.source, "cross-encoder": reranker and reranker.source}
    findings = []
    for name, source in named.items():
        if not source:
            continue
        if Path(source).is_dir() or is_cached(source, environment):
            findings.append(Finding(name, Health.OK, f"{source}, on this machine"))
        else:
            advice = "get it with `lean-sidekick models get` and the name of its card; nothing is downloaded by itself."
            findings.append(Finding(name, Health.MISSING, f"{source} is not on this machine", advice))
    return findings


def _cache() -> Finding:
    folder = paths.cache_folder()
    return Finding("cache", Health.OK, str(folder) if folder.is_dir() else f"{folder} (not there, nothing is kept)")


def _settings_file(name: str, path: Path) -> Finding:
    return Finding(name, Health.OK, str(path) if path.is_file() else f"{path} (not there, none is needed)")
