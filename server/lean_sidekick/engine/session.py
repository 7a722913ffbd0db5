"""What lives as long as a workspace: makes the engine of a project from its settings.

Nothing is started here; Lean starts with the first question.
"""

import logging
import os
from pathlib import Path

from lean_sidekick.engine.engine import ProjectEngine, StartVerifier
from lean_sidekick.engine.suggest import Sources
from lean_sidekick.lean.launch import Limits as ProcessLimits
from lean_sidekick.lean.project import find_project
from lean_sidekick.lean.sandbox import Sandbox, SandboxFinder
from lean_sidekick.lean.server import LeanServer
from lean_sidekick.lean.toolchain import Toolchain, find_toolchain
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.merge import default_generator, vocabulary_probes
from lean_sidekick.verify.api import Verifier
from lean_sidekick.verify.dialect import dialect_of
from lean_sidekick.verify.policy import Policy
from lean_sidekick.verify.shadow import Limits, ShadowVerifier

logger = logging.getLogger(__name__)

BATCH_SIZE = 32
OPENING_S = 120.0
HEARTBEATS = 40_000


def open_engine(root: Path, settings: Settings) -> ProjectEngine:
    """The engine for the project that holds a file or folder."""
    sandboxes = SandboxFinder(os.environ)

    async def start() -> Verifier:
        return await start_verifier(root, settings, sandboxes)

    return engine_on(start, settings)


def engine_on(start: StartVerifier, settings: Settings) -> ProjectEngine:
    """An engine on any verifier."""
    return ProjectEngine(
        start_verifier=start,
        sources=Sources(generator=default_generator(), probes=vocabulary_probes()),
        suggestion_limit=settings.suggest_max_items,
        idle_close_s=settings.lean_idle_close_minutes * 60,
    )


async def start_verifier(root: Path, settings: Settings, sandboxes: SandboxFinder | None = None) -> ShadowVerifier:
    """Finds the Lean of a project, starts its server, and puts a verifier on it.

    `sandboxes` remembers between two starts whether there is a sandbox. Raises LeanUnavailable.
    """
    project = find_project(root)
    toolchain = await find_lean(root, settings)
    server = LeanServer(
        project,
        toolchain,
        ProcessLimits(threads=settings.lean_threads, memory_mb=settings.lean_memory_mb or None),
        sandbox=await _find_sandbox(settings, sandboxes or SandboxFinder(os.environ)),
    )
    await server.start()
    return ShadowVerifier(
        server=server,
        dialect=dialect_of(server.gates),
        policy=Policy(
            allow_programs=settings.allow_programs,
            keep_commands=settings.keep_commands,
            allowed_axioms=frozenset(settings.allowed_axioms),
        ),
        limits=Limits(
            batch_size=BATCH_SIZE,
            heartbeats=HEARTBEATS,
            candidate_s=settings.candidate_time_limit_s,
            opening_s=OPENING_S,
        ),
    )


async def _find_sandbox(settings: Settings, sandboxes: SandboxFinder) -> Sandbox | None:
    if not settings.lean_sandbox:
        return None
    answer = await sandboxes.find()
    if answer.sandbox is None:
        logger.warning("Lean runs without a sandbox: %s", answer.found)
    return answer.sandbox


async def find_lean(path: Path, settings: Settings) -> Toolchain:
    """The Lean that the engine for a file or folder would start. Raises LeanUnavailable."""
    return await find_toolchain(find_project(path), settings.lean_path or None, os.environ)
