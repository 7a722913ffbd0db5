"""Runs of `bench effort`: rows, figures, and continuing what was interrupted."""

import statistics
from array import array
from collections import Counter
from collections.abc import AsyncGenerator, Iterator
from contextlib import aclosing
from pathlib import Path

from attrs import asdict, frozen

from lean_sidekick.evaluation.configuration import RunRecord
from lean_sidekick.evaluation.data_sets import DataSet
from lean_sidekick.evaluation.effort import Done, EffortTask, TheoremEffort
from lean_sidekick.evaluation.metrics import bootstrap
from lean_sidekick.evaluation.pool import Pool
from lean_sidekick.evaluation.reference import read_referenced
from lean_sidekick.evaluation.run_folder import RESULTS_FILE, RunFolder
from lean_sidekick.storage.json_lines import read_records


@frozen(kw_only=True)
class EffortRun:
    """A run over a data set whose items have reference proofs."""

    data: DataSet
    record: RunRecord

    async def theorems(
        self, pool: Pool[EffortTask, TheoremEffort], folder: RunFolder
    ) -> AsyncGenerator[TheoremEffort, None]:
        """Goes through the theorems that are missing; each is given when it is written."""
        async with aclosing(pool.results(self._tasks(folder))) as results:
            async for done in results:
                folder.add(done.task.index, effort_fields(done.result))
                yield done.result
        folder.sort()
        folder.finish(effort_summary(folder.path, self.record))

    def _tasks(self, folder: RunFolder) -> Iterator[EffortTask]:
        for index, referenced in enumerate(read_referenced(self.data)):
            if not folder.is_done(index):
                yield EffortTask(index=index, referenced=referenced)


def effort_fields(effort: TheoremEffort) -> dict[str, object]:
    """The row of a theorem."""
    return {
        "declaration": effort.name,
        "steps": effort.steps,
        "typed": effort.typed,
        "message": effort.message,
        "moments": [{**asdict(moment), "done": moment.done.value} for moment in effort.moments],
    }


def effort_summary(folder: Path, record: RunRecord) -> dict[str, object]:
    """The figures of a run, from its rows.

    Theorems that could not be measured are counted in `errors` and in nothing else.
    """
    theorems = errors = steps = typed = without_typing = 0
    seconds = array("d")  # eight bytes a place: a run may have very many
    ways: Counter[str] = Counter()
    typed_of: Counter[float] = Counter()
    for row in read_records(folder / RESULTS_FILE):
        if row.optional_text("message"):
            errors += 1
            continue
        theorems += 1
        steps += int(row.number("steps"))
        typed += int(row.number("typed"))
        without_typing += row.number("typed") == 0
        typed_of[row.number("typed")] += 1
        for moment in row.items("moments"):
            assert isinstance(moment, dict), "rows are written by this program"
            ways[moment["done"]] += moment["steps"]
            seconds.append(moment["seconds"])
    interval = bootstrap(typed_of, 0) if theorems else None
    return {
        "theorems": theorems,
        "errors": errors,
        "steps": steps,
        "steps_typed": typed,
        "share_automated": round(1 - typed / steps, 4) if steps else 0.0,
        "typed_per_theorem": round(typed / theorems, 4) if theorems else 0.0,
        "typed_per_theorem_interval": [round(interval.low, 4), round(interval.high, 4)] if interval else None,
        "steps_per_theorem": round(steps / theorems, 4) if theorems else 0.0,
        "theorems_without_typing": without_typing,
        "share_without_typing": round(without_typing / theorems, 4) if theorems else 0.0,
        "steps_by": {done.value: ways[done.value] for done in Done},
        "seconds_p50": round(statistics.median(seconds), 3) if seconds else None,
        **record.identity,
        "machine": record.machine,
    }
