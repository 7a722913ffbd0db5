"""The models that the settings name, as sources of tactics; none of them is asked, loaded or even reached here.

What is wrong with the settings is no reason to do without everything else: it becomes one sentence (`problem`).
"""

import logging
from collections.abc import Awaitable, Callable, Mapping

from attrs import frozen

from lean_sidekick.core.candidates import Source
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.core.goals import Goal
from lean_sidekick.engine.late_candidates import LateCandidates
from lean_sidekick.model_worker.api import ModelClient
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.model_worker.messages import Device, Precision, Urgency
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.card_files import cards_folders, find_card
from lean_sidekick.tactics.cards import ModelCard
from lean_sidekick.tactics.models import ModelGenerator, TextModel
from lean_sidekick.tactics.openai_wire import Api
from lean_sidekick.tactics.prompts.api import AnswerKind
from lean_sidekick.tactics.remote import Patience, RemoteModel, RemoteOptions
from lean_sidekick.tactics.transformer import LocalModel, spec_of

_logger = logging.getLogger(__name__)


@frozen(kw_only=True)
class NamedModel:
    """One model: its card, and how it is asked for the cursor's sake and for a search in the background."""

    card: ModelCard
    source: Source
    at_cursor: TextModel
    in_search: TextModel

    @property
    def is_quick(self) -> bool:
        """Whether it answers with a step: whole proofs take too long for a glance."""
        return self.card.prompts.traits.answer is AnswerKind.STEP


@frozen(kw_only=True)
class ModelSources:
    """The models of an engine; `problem` is one sentence if one was named that cannot be used, "" otherwise.

    `worker` is the process that holds those on this machine, if there are any.
    """

    models: tuple[NamedModel, ...] = ()
    problem: str = ""
    worker: ModelClient | None = None

    def for_cursor(self, request: Callable[[Goal], Awaitable[TacticRequest]]) -> LateCandidates:
        """What models that answer with a step say of goals."""
        generators = [
            ModelGenerator(card=named.card, model=named.at_cursor, source=named.source)
            for named in self.models
            if named.is_quick
        ]
        return LateCandidates(generators, request, self.problem)

    def for_search(self, request: Callable[[Goal], Awaitable[TacticRequest]]) -> LateCandidates:
        """What all models say of goals."""
        generators = [
            ModelGenerator(card=named.card, model=named.in_search, source=named.source) for named in self.models
        ]
        return LateCandidates(generators, request, self.problem)

    async def close(self) -> None:
        """Ends what belongs to the models."""
        for named in self.models:
            await named.at_cursor.close()
            await named.in_search.close()
        if self.worker is not None:
            await self.worker.close()


NO_MODELS = ModelSources()


def open_models(settings: Settings, environment: Mapping[str, str]) -> ModelSources:
    """The models that the settings name."""
    worker = WorkerClient(_logger.warning, WorkerLimits()) if settings.models_local else None
    try:
        local = None if worker is None else local_model(settings, worker)
        remote = remote_model(settings, environment)
    except ConfigError as error:
        return ModelSources(problem=str(error))
    return ModelSources(models=tuple(filter(None, (local, remote))), worker=worker)


def local_model(settings: Settings, worker: ModelClient) -> NamedModel:
    """The model that runs on this machine, in a process that starts with its first question. Raises ConfigError."""
    card = prompted_card(settings.models_local, settings)

    def model(urgency: Urgency) -> LocalModel:
        return LocalModel(
            client=worker,
            spec=spec_of(card, Device(settings.models_device), precision_of(settings)),
            urgency=urgency,
            timeout_s=settings.models_local_timeout_s,
        )

    return NamedModel(
        card=card,
        source=Source.TRANSFORMER,
        at_cursor=model(Urgency.CURSOR),
        in_search=model(Urgency.BACKGROUND),
    )


def remote_model(settings: Settings, environment: Mapping[str, str]) -> NamedModel | None:
    """The model behind the configured servers, None if none are configured. Raises ConfigError."""
    if not settings.models_remote_endpoints:
        return None
    if not settings.models_remote_card:
        raise ConfigError(
            "models.remote.endpoints names servers, but models.remote.card does not say which model they have: "
            "`lean-sidekick models list` shows the cards."
        )
    card = prompted_card(settings.models_remote_card, settings)
    model = RemoteModel(remote_options(settings, environment))
    return NamedModel(card=card, source=Source.REMOTE, at_cursor=model, in_search=model)


def remote_options(settings: Settings, environment: Mapping[str, str]) -> RemoteOptions:
    """What is configured for the servers, the key among it."""
    return RemoteOptions(
        endpoints=settings.models_remote_endpoints,
        model=settings.models_remote_model,
        api=Api(settings.models_remote_api),
        key=environment.get(settings.models_remote_key_variable, "").strip(),
        allow_insecure=settings.models_remote_allow_insecure,
        count=settings.models_remote_samples,
        patience=Patience(answer_s=settings.models_remote_timeout_s),
    )


def precision_of(settings: Settings) -> Precision | None:
    """What the settings say of the weights of models on this machine, None for what their cards say."""
    return None if settings.models_precision == "card" else Precision(settings.models_precision)


def prompted_card(name: str, settings: Settings) -> ModelCard:
    """The card of a model that can suggest tactics. Raises ConfigError."""
    card = find_card(name, cards_folders(settings.models_cards))
    _ = card.prompts
    return card
