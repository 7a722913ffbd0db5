"""`bench prove`: a prover over a set of theorems.

Takes the tasks that are not done, gives them to a pool, and writes what comes to the run's folder. Figures are computed
from the files of the run alone. Knows neither Lean nor how a prover works.
"""

import statistics
from array import array
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

from attrs import frozen

from lean_sidekick.engine.api import ProofStatus
from lean_sidekick.evaluation.configuration import ProverConfiguration, RunRecord
from lean_sidekick.evaluation.data_sets import DataSet
from lean_sidekick.evaluation.metrics import counts_within, pass_figures
from lean_sidekick.evaluation.pool import Pool
from lean_sidekick.evaluation.results import (
    Attempt,
    AttemptTask,
    TheoremResult,
    attempt_fields,
    read_attempt,
    read_theorem,
    theorem_fields,
)
from lean_sidekick.evaluation.run_folder import RESULTS_FILE, RunFolder
from lean_sidekick.storage.json_lines import read_records

SECONDS_SHOWN = (1.0, 2.0, 5.0, 10.0, 30.0, 60.0)
CHECKS_SHOWN = (10, 30, 100, 300, 1_000, 3_000, 10_000)


@frozen(kw_only=True)
class ProveRun:
    """A run: what is proved, by which prover, and what is known of it beforehand."""

    data: DataSet
    configuration: ProverConfiguration
    record: RunRecord

    async def attempts(
        self, pool: Pool[AttemptTask, Attempt], folder: RunFolder
    ) -> AsyncGenerator[TheoremResult, None]:
        """Makes the attempts that are missing; every theorem is given when all of its attempts are done and written."""
        open_attempts: dict[int, dict[int, Attempt]] = {}
        async with aclosing(pool.results(self._tasks(folder, open_attempts))) as results:
            async for done in results:
                task, found = done.task, open_attempts[done.task.index]
                found[task.attempt] = done.result
                if len(found) < self.configuration.attempts:
                    folder.add_attempt(task.item.name, task.attempt, attempt_fields(done.result))
                    continue
                del open_attempts[task.index]
                attempts = tuple(found[number] for number in sorted(found))
                result = TheoremResult(name=task.item.name, attempts=attempts, defect=task.item.defect)
                folder.add(task.index, theorem_fields(result))
                yield result
        folder.sort()
        folder.finish(summary(folder.path, self.record, self.configuration))

    def _tasks(self, folder: RunFolder, open_attempts: dict[int, dict[int, Attempt]]) -> Iterator[AttemptTask]:
        configuration = self.configuration
        for index, item in enumerate(self.data.items()):
            if folder.is_done(index):
                continue
            early = {number: read_attempt(record) for number, record in folder.early_attempts(index).items()}
            open_attempts[index] = dict(early)
            for number in range(configuration.attempts):
                if number not in early:
                    yield AttemptTask(index=index, item=item, attempt=number, seed=configuration.attempt_seed(number))


def summary(folder: Path, record: RunRecord, configuration: ProverConfiguration) -> dict[str, object]:
    """The figures of a run, from its rows.

    A proof that the plain run rejects counts as false, not as proved. Theorems with a known defect are counted apart
    and in none of the other figures but `checks_total`, `refused_by_final_check` and `false_proofs`. With several
    attempts a theorem is proved if one of them proved it, and its time is the shortest.
    """
    times, checks = array("d"), array("d")
    statuses: Counter[str] = Counter()
    outcomes: Counter[tuple[int, int]] = Counter()
    defective: Counter[str] = Counter()
    checks_total = refused = false_proofs = 0
    for row in read_records(folder / RESULTS_FILE):
        result = read_theorem(row)
        checks_total += sum(attempt.checks for attempt in result.attempts)
        refused += sum(attempt.refused_by_final_check for attempt in result.attempts)
        false_proofs += sum(bool(attempt.falsehood) for attempt in result.attempts)
        if result.defect:
            defective["theorems"] += 1
            defective["proved"] += bool(result.proofs)
            continue
        outcomes[len(result.attempts), len(result.proofs)] += 1
        statuses["false_proof" if result.best.falsehood else result.best.status.value] += 1
        if result.proofs:
            times.append(min(proof.seconds for proof in result.proofs))
            checks.append(min(proof.checks for proof in result.proofs))
    theorems, limit = outcomes.total(), configuration.timeout_s
    limits = sorted({s for s in SECONDS_SHOWN if s < limit} | {limit})
    ks = sorted({1, configuration.attempts} | {2**i for i in range(1, configuration.attempts.bit_length())})
    return {
        "theorems": theorems,
        "proved": len(times),
        "share_proved": round(len(times) / theorems, 4) if theorems else 0.0,
        "pass_at": pass_figures(outcomes, [k for k in ks if k <= configuration.attempts], configuration.seed)
        if theorems
        else {},
        "proved_at": counts_within(times, limits),
        "proved_at_checks": counts_within(checks, CHECKS_SHOWN),
        "seconds_p50": round(statistics.median(times), 3) if times else None,
        "checks_total": checks_total,
        "refused_by_final_check": refused,
        "false_proofs": false_proofs,
        "known_defective": {"theorems": defective["theorems"], "proved": defective["proved"]},
        "statuses": {name: statuses[name] for name in (*(status.value for status in ProofStatus), "false_proof")},
        "timeout_s": limit,
        **record.identity,
        "machine": record.machine,
    }


def proof_costs(folder: Path) -> tuple[list[float], list[float], int]:
    """The seconds and the checks at which the theorems of a run were proved, both sorted, and how many were tried.

    Theorems with a known defect do not count.
    """
    seconds, checks, theorems = [], [], 0
    for row in read_records(folder / RESULTS_FILE):
        result = read_theorem(row)
        if result.defect:
            continue
        theorems += 1
        if result.proofs:
            seconds.append(min(proof.seconds for proof in result.proofs))
            checks.append(float(min(proof.checks for proof in result.proofs)))
    return sorted(seconds), sorted(checks), theorems
