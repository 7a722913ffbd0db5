"""Premises by real, tiny models: an index gets vectors in the real process, is asked, and its answer ordered anew.

Bad models are one sentence each, and the premises are found without them.
"""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from lean_sidekick.core.errors import ModelUnavailable
from lean_sidekick.core.goals import parse_goal
from lean_sidekick.core.premises import CorpusFile, Premise
from lean_sidekick.engine.retrieval_models import encoder_choice, reranker_spec
from lean_sidekick.model_worker.client import WorkerClient, WorkerLimits
from lean_sidekick.premises.api import Accessible, FoundPremise
from lean_sidekick.premises.dense import WorkerEmbedder, embed_index
from lean_sidekick.premises.index import PremiseIndex
from lean_sidekick.premises.model_ranking import ModelRanking
from lean_sidekick.premises.reranking import WorkerReranker
from lean_sidekick.premises.retriever import LocalRetriever
from lean_sidekick.settings.settings import Settings
from support.tiny_models import byt5_encoder, reranker

pytestmark = [pytest.mark.model, pytest.mark.timeout(180)]

GOAL = parse_goal("a b : Nat\n⊢ a + b = b + a")
STATEMENTS = {"add_comm": "(a b : Nat) : a + b = b + a", "sub_self": "(n : Nat) : n - n = 0", "true": ": True"}


@pytest.fixture(scope="module")
def encoder_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return byt5_encoder(tmp_path_factory.mktemp("encoder"))


@pytest.fixture
def index(tmp_path: Path) -> PremiseIndex:
    found = PremiseIndex(tmp_path / "index")
    writer = found.writer()
    premises = tuple(Premise(full_name=name, kind="theorem", statement=text) for name, text in STATEMENTS.items())
    writer.add(CorpusFile(path="A.lean", module="A", premises=premises), "1")
    writer.finish()
    return found


@pytest.fixture
async def client() -> AsyncIterator[WorkerClient]:
    made = WorkerClient(lambda text: None, WorkerLimits())
    yield made
    await made.close()


def rankers(found: list[FoundPremise]) -> set[str]:
    return {reason.ranker for one in found for reason in one.reasons}


async def test_an_index_is_embedded_asked_and_ordered_anew(
    index: PremiseIndex, client: WorkerClient, encoder_folder: Path, tmp_path: Path
) -> None:
    settings = Settings(
        premises_encoder=str(encoder_folder),
        premises_encoder_format="reprover",
        premises_reranker=str(reranker(tmp_path / "reranker")),
        models_device="cpu",
    )
    choice, spec = encoder_choice(settings), reranker_spec(settings)
    assert choice is not None and spec is not None
    embedder = WorkerEmbedder(client=client, choice=choice)
    assert await embed_index(index, embedder, lambda done, total: None) == 3
    together = await embedder.premises(
        [Premise(full_name=n, kind="theorem", statement=s) for n, s in STATEMENTS.items()]
    )
    alone = await embedder.premises([Premise(full_name="true", kind="theorem", statement=": True")])
    assert together[2] == pytest.approx(alone[0], abs=1e-5)  # sorted by length inside, handed back in order
    retriever = LocalRetriever(index.segments(choice.name))
    ranking = ModelRanking(embedder, WorkerReranker(client=client, spec=spec))
    try:
        await ranking.ready(for_words=True)
        for found in (
            await ranking.for_goal(retriever, GOAL, Accessible(), 3),
            await ranking.for_words(retriever, "addition commutes", Accessible(), 3),
        ):
            assert len(found) == 3 and {"dense", "cross-encoder"} <= rankers(list(found))
        assert ranking.trouble == ""
    finally:
        await ranking.close()
        retriever.close()


async def test_a_folder_whose_weights_are_no_encoder_leaves_the_rest(
    index: PremiseIndex, client: WorkerClient, tmp_path: Path
) -> None:
    """It looks like a model from outside; the model process finds out."""
    (tmp_path / "config.json").write_text("{}")
    (tmp_path / "model.safetensors").write_bytes(b"no weights")
    choice = encoder_choice(Settings(premises_encoder=str(tmp_path), models_device="cpu"))
    assert choice is not None
    embedder = WorkerEmbedder(client=client, choice=choice)
    with pytest.raises(ModelUnavailable, match="cannot be loaded"):
        await embed_index(index, embedder, lambda done, total: None)
    retriever, ranking = LocalRetriever(index.segments(choice.name)), ModelRanking(embedder, None)
    try:
        await ranking.ready(for_words=True)
        assert f"Dense ranking is left out: The model in {tmp_path} cannot be loaded" in ranking.trouble
        assert (await ranking.for_goal(retriever, GOAL, Accessible(), 3))[0].premise.full_name == "add_comm"
    finally:
        await ranking.close()
        retriever.close()
