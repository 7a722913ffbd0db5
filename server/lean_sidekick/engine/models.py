"""The models that the settings name, as sources of tactics; none of them is asked, loaded or even reached here.

What is wrong with the settings is no reason to do without everything else: it becomes one sentence (`problem`).
"""

from collections.abc import Awaitable, Callable, Mapping

from attrs import frozen

from lean_sidekick.core.candidates import Source
from lean_sidekick.core.errors import ConfigError
from lean_sidekick.core.goals import Goal
from lean_sidekick.engine.late_candidates import LateCandidates
from lean_sidekick.settings.settings import Settings
from lean_sidekick.tactics.api import TacticRequest
from lean_sidekick.tactics.card_files import cards_folders, find_card
from lean_sidekick.tactics.models import ModelGenerator
from lean_sidekick.tactics.openai_wire import Api
from lean_sidekick.tactics.prompts.api import AnswerKind
from lean_sidekick.tactics.remote import Patience, RemoteModel, RemoteOptions


@frozen(kw_only=True)
class ModelSources:
    """The models of an engine; `problem` is one sentence if one was named that cannot be used, "" otherwise."""

    generators: tuple[ModelGenerator, ...] = ()
    problem: str = ""

    def for_cursor(self, request: Callable[[Goal], Awaitable[TacticRequest]]) -> LateCandidates:
        """What models that answer with a step say: whole proofs take too long for a glance."""
        quick = [g for g in self.generators if g.card.prompts.traits.answer is AnswerKind.STEP]
        return LateCandidates(quick, request, self.problem)

    def for_search(self, request: Callable[[Goal], Awaitable[TacticRequest]]) -> LateCandidates:
        """What all models say."""
        return LateCandidates(self.generators, request, self.problem)

    async def close(self) -> None:
        """Ends what belongs to the models."""
        for generator in self.generators:
            await generator.model.close()


NO_MODELS = ModelSources()


def open_models(settings: Settings, environment: Mapping[str, str]) -> ModelSources:
    """The models that the settings name."""
    try:
        remote = remote_generator(settings, environment)
    except ConfigError as error:
        return ModelSources(problem=str(error))
    return ModelSources(generators=() if remote is None else (remote,))


def remote_generator(settings: Settings, environment: Mapping[str, str]) -> ModelGenerator | None:
    """The model behind the configured servers, None if none are configured. Raises ConfigError."""
    if not settings.models_remote_endpoints:
        return None
    if not settings.models_remote_card:
        raise ConfigError(
            "models.remote.endpoints names servers, but models.remote.card does not say which model they have: "
            "`lean-sidekick models list` shows the cards."
        )
    card = find_card(settings.models_remote_card, cards_folders(settings.models_cards))
    _ = card.prompts  # an encoder has none, which is better said now
    return ModelGenerator(card=card, model=RemoteModel(remote_options(settings, environment)), source=Source.REMOTE)


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
