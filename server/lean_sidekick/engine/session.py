"""What lives as long as a workspace: makes the engine of a project from its settings.

Nothing is started here; Lean starts with the first question.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path

from lean_sidekick import __version__
from lean_sidekick.core.errors import ConfigError, LeanUnavailable
from lean_sidekick.engine.api import OPENING_S
from lean_sidekick.engine.engine import ProjectEngine, StartVerifier
from lean_sidekick.engine.learning import Learner
from lean_sidekick.engine.models import NO_MODELS, ModelSources, open_models
from lean_sidekick.engine.premise_library import PremiseLibrary, RankingModels
from lean_sidekick.engine.premises import Library, ProjectPremises, no_premises
from lean_sidekick.engine.retrieval_models import encoder_choice, reranker_spec, setting_assignments
from lean_sidekick.engine.source_steps import SourceSteps
from lean_sidekick.engine.suggest import Sources
from lean_sidekick.lean.fingerprint import imports_key, toolchain_key
from lean_sidekick.lean.launch import Limits as ProcessLimits
from lean_sidekick.lean.project import Project, find_project
from lean_sidekick.lean.sandbox import Sandbox, SandboxFinder
from lean_sidekick.lean.server import LeanServer
from lean_sidekick.lean.toolchain import Toolchain, find_toolchain
from lean_sidekick.model_worker.api import ModelClient
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.premises.sources import Sources as ModuleSources
from lean_sidekick.search.options import SearchKind, SearchOptions
from lean_sidekick.settings.paths import cache_folder
from lean_sidekick.settings.settings import Settings
from lean_sidekick.storage.learned import LearnedStore
from lean_sidekick.storage.outcomes import OutcomeStore
from lean_sidekick.tactics.merge import default_generator, plain_generator, vocabulary_probes
from lean_sidekick.verify.api import Verifier
from lean_sidekick.verify.cached import CachedVerifier, Circumstances
from lean_sidekick.verify.dialect import dialect_of
from lean_sidekick.verify.policy import Policy
from lean_sidekick.verify.runner import RunnerVerifier
from lean_sidekick.verify.shadow import Limits, ShadowVerifier

logger = logging.getLogger(__name__)

OUTCOMES_FILE = "outcomes.sqlite3"
LEARNED_FILE = "learned.sqlite3"
BATCH_SIZE = 32
HEARTBEATS = 40_000
RUNNER_AFTER = 300
"""Candidates of a file after which the in-document runner is loaded: two to three seconds of a search."""


def open_engine(root: Path, settings: Settings) -> ProjectEngine:
    """The engine for the project that holds a file or folder."""
    sandboxes = SandboxFinder(os.environ)

    async def start() -> Verifier:
        project, toolchain = find_project(root), await find_lean(root, settings)
        key = await asyncio.to_thread(toolchain_key, toolchain) if settings.cache_outcomes else None
        plain = await _start(project, toolchain, settings, sandboxes)
        verifier: Verifier = _with_runner(plain, settings) if settings.lean_runner else plain
        return verifier if key is None else _remembering(verifier, plain, project, key)

    learner = _learner(root) if settings.learn else None
    models = open_models(settings, os.environ)
    premises = open_premises(root, settings, models.worker)
    return engine_on(start, settings, models, learner, premises)


async def forget_learned() -> bool:
    """Takes away what the user's file of learned steps holds; says whether that was done."""
    path = cache_folder() / LEARNED_FILE
    if not await asyncio.to_thread(path.exists):
        return True
    store = LearnedStore(path=path)
    try:
        return await store.forget(None)
    finally:
        await store.close()


def _learner(root: Path) -> Learner:
    store = LearnedStore(path=cache_folder() / LEARNED_FILE)
    project = find_project(root).root
    sources = SourceSteps(root=project, environment=os.environ)
    return Learner(project=str(project), store=store, sources=sources)


def engine_on(
    start: StartVerifier,
    settings: Settings,
    models: ModelSources = NO_MODELS,
    learner: Learner | None = None,
    premises: ProjectPremises | None = None,
) -> ProjectEngine:
    """An engine on any verifier, without models unless it is given some; without a learner it learns nothing, without
    `premises` it knows those of the open file alone."""
    return ProjectEngine(
        start_verifier=start,
        sources=Sources(
            generator=default_generator() if learner is None else learner.generator(),
            unlearned=plain_generator(),
            probes=vocabulary_probes(),
            premises=premises or no_premises(),
            models=models,
        ),
        learner=learner,
        suggestion_limit=settings.suggest_max_items,
        search_options=search_options(settings),
        idle_close_s=settings.lean_idle_close_minutes * 60,
    )


def search_options(settings: Settings) -> SearchOptions:
    """How the settings say to search."""
    return SearchOptions(
        kind=SearchKind(settings.search_kind),
        narrows_simp=settings.search_simp_only,
        value_file=settings.search_value_file,
    )


def open_premises(root: Path, settings: Settings, worker: ModelClient | None = None) -> ProjectPremises:
    """The premises of the project that holds a file or folder; nothing is loaded yet.

    `worker` is the process that runs models, where there is one already; else one of its own is started if needed.
    """
    project = find_project(root)

    async def load(report: Callable[[str], None], builds: bool) -> Library:
        toolchain: Toolchain | None = None
        try:
            toolchain = await find_lean(root, settings)
        except LeanUnavailable as error:
            logger.info("premises come from sources alone: %s", error)
        own_worker = WorkerClient(lambda text: logger.info("%s", text), WorkerLimits()) if worker is None else None
        models, problem = await asyncio.to_thread(_ranking_models, settings, worker or own_worker)
        library = PremiseLibrary(root=project.root, toolchain=toolchain, models=models)

        async def close() -> None:
            await library.close()
            if own_worker is not None:
                await own_worker.close()

        try:
            await library.load(
                lambda progress: report(f"{progress.done} of {progress.total} modules are done"), builds=builds
            )
        except BaseException:
            await close()
            raise
        sources = ModuleSources(project, toolchain, os.environ)
        return Library(
            retriever=library,
            in_search=library.hurried,
            imports=library.imports,
            list_names=library.list_names,
            find_source=lambda module: None if (source := sources.find(module)) is None else source.file,
            models_ready=lambda for_words: library.models_ready(for_words=for_words),
            say_trouble=lambda: " ".join(filter(None, (problem, library.trouble))),
            close=close,
        )

    return ProjectPremises(root=project.root, load=load)


def _ranking_models(settings: Settings, worker: ModelClient | None) -> tuple[RankingModels | None, str]:
    """The models that help to rank premises, None for none; and one sentence for settings that cannot work."""
    try:
        encoder, reranker = encoder_choice(settings), reranker_spec(settings)
    except ConfigError as error:
        logger.warning("premises are ranked without models: %s", error)
        return None, str(error)
    if worker is None or (encoder is None and reranker is None):
        return None, ""
    return RankingModels(
        client=worker, encoder=encoder, reranker=reranker, assignments=setting_assignments(settings)
    ), ""


async def start_verifier(root: Path, settings: Settings, sandboxes: SandboxFinder | None = None) -> ShadowVerifier:
    """Finds the Lean of a project, starts its server, and puts a verifier on it that remembers nothing.

    `sandboxes` remembers between two starts whether there is a sandbox. Raises LeanUnavailable.
    """
    finder = sandboxes or SandboxFinder(os.environ)
    return await _start(find_project(root), await find_lean(root, settings), settings, finder)


async def start_server(root: Path, settings: Settings) -> LeanServer:
    """Finds the Lean of a project and starts its server, in a sandbox if that is set. Raises LeanUnavailable."""
    sandbox = await _find_sandbox(settings, SandboxFinder(os.environ))
    server = _lean_server(find_project(root), await find_lean(root, settings), settings, sandbox)
    await server.start()
    return server


async def _start(
    project: Project, toolchain: Toolchain, settings: Settings, sandboxes: SandboxFinder
) -> ShadowVerifier:
    sandbox = await _find_sandbox(settings, sandboxes)
    server = _lean_server(project, toolchain, settings, sandbox)
    await server.start()
    return ShadowVerifier(
        server=server,
        dialect=dialect_of(server.gates),
        policy=Policy(
            allow_programs=settings.allow_programs,
            keep_commands=settings.keep_commands,
            allowed_axioms=frozenset(settings.allowed_axioms),
            allow_listed_models=sandbox is None,
        ),
        limits=Limits(
            batch_size=BATCH_SIZE,
            heartbeats=HEARTBEATS,
            candidate_s=settings.candidate_time_limit_s,
            opening_s=OPENING_S,
        ),
    )


def _with_runner(plain: ShadowVerifier, settings: Settings) -> RunnerVerifier:
    return RunnerVerifier(plain, workers=settings.lean_threads, warm_after=RUNNER_AFTER)


def _remembering(inner: Verifier, plain: ShadowVerifier, project: Project, key: str) -> CachedVerifier:
    """The verifier with the user's outcome cache before it; `key` is the toolchain's."""
    return CachedVerifier(
        inner=inner,
        store=OutcomeStore(path=cache_folder() / OUTCOMES_FILE),
        circumstances=Circumstances(toolchain=f"{__version__} {key}", policy=plain.policy, limits=plain.limits),
        imports_key=partial(imports_key, project, os.environ),
    )


def _lean_server(project: Project, toolchain: Toolchain, settings: Settings, sandbox: Sandbox | None) -> LeanServer:
    """A Lean server of a project, not started yet."""
    limits = ProcessLimits(threads=settings.lean_threads, memory_mb=settings.lean_memory_mb or None)
    return LeanServer(project, toolchain, limits, sandbox=sandbox)


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
