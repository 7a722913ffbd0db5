"""Which requests go together, and how a batch is cut."""

from lean_sidekick.core.decoding import Decoding, Strategy
from lean_sidekick.model_worker.batching import Part, first_call, next_batch, rows_in
from lean_sidekick.model_worker.messages import Embed, Generate, Job, Load, ModelKind, ModelSpec, Urgency

MODEL = ModelSpec(source="a", kind=ModelKind.CAUSAL)
OTHER = ModelSpec(source="b", kind=ModelKind.CAUSAL)


def sample(number: int, count: int = 4, model: ModelSpec = MODEL, urgency: Urgency = Urgency.BACKGROUND) -> Generate:
    decoding = Decoding(strategy=Strategy.SAMPLE, candidate_count=count, max_new_tokens=8, seed=number)
    return Generate(id=number, model=model, prompt="", decoding=decoding, urgency=urgency)


def beam(number: int, count: int = 4, seed: int = 0) -> Generate:
    decoding = Decoding(strategy=Strategy.BEAM, candidate_count=count, max_new_tokens=8, seed=seed)
    return Generate(id=number, model=MODEL, prompt="", decoding=decoding)


def embed(number: int, texts: int) -> Embed:
    return Embed(id=number, model=MODEL, texts=("t",) * texts)


def ids(batch: tuple[Job, ...]) -> list[int]:
    return [job.id for job in batch]


def test_samples_go_together_whatever_their_settings() -> None:
    assert ids(next_batch([sample(1), sample(2, count=9), sample(3)], 64)) == [1, 2, 3]


def test_models_kinds_and_methods_stay_apart() -> None:
    waiting: list[Job] = [sample(1), beam(2), sample(3, model=OTHER), embed(4, 2), Load(id=5, model=MODEL), sample(6)]
    assert ids(next_batch(waiting, 64)) == [1, 6]
    assert ids(next_batch(waiting[1:], 64)) == [2]
    assert ids(next_batch(waiting[3:], 64)) == [4]


def test_beams_go_together_only_with_equal_settings() -> None:
    assert ids(next_batch([beam(1), beam(2, count=8), beam(3, seed=7)], 64)) == [1, 3]


def test_the_cursor_overtakes_and_takes_company_along() -> None:
    waiting = [embed(1, 1), sample(2), sample(3, urgency=Urgency.CURSOR)]
    assert ids(next_batch(waiting, 64)) == [3, 2]


def test_a_batch_ends_at_the_limit_but_is_never_empty() -> None:
    assert ids(next_batch([sample(1, 40), sample(2, 30), sample(3, 10)], 64)) == [1]
    assert ids(next_batch([sample(1, 100)], 64)) == [1]
    assert next_batch([], 64) == ()


def whole(job: Generate) -> Part:
    return Part(job=job, first=0, count=job.decoding.candidate_count)


def test_a_call_is_cut_at_the_limit_and_nothing_is_lost() -> None:
    pending, seen = [whole(sample(1, 5)), whole(sample(2, 5)), whole(sample(3, 5))], []
    while pending:
        call, pending = first_call(pending, 4)
        assert 0 < rows_in(call) <= 4
        seen += [(part.job.id, row) for part in call for row in range(part.first, part.first + part.count)]
    assert seen == [(number, row) for number in (1, 2, 3) for row in range(5)]


def test_a_beam_search_is_not_cut_but_narrowed() -> None:
    call, rest = first_call([whole(beam(1, 6)), whole(beam(2, 6))], 8)
    assert [(p.job.id, p.count) for p in call] == [(1, 6)]
    assert [(p.job.id, p.count) for p in rest] == [(2, 6)]
    call, rest = first_call(rest, 3)
    assert [(p.job.id, p.count) for p in call] == [(2, 3)]
    assert rest == []
