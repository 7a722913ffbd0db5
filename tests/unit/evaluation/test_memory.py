"""A run over many theorems does not take more memory than one over few; benchmarks/ has the same for 100,000."""

import gc
import json
import tracemalloc
from contextlib import aclosing
from pathlib import Path

from lean_sidekick.evaluation.data_sets import Selection, open_data_set
from lean_sidekick.evaluation.pool import LocalPool
from lean_sidekick.evaluation.run_folder import open_run_folder
from support.scripted_bench import ScriptedProvers, scripted_run

COUNT = 500
BYTES_A_THEOREM = 40
"""Eight for the place of its row and sixteen for its figures, and some for chance; a row has two hundred."""


async def test_memory_does_not_grow_with_the_theorems(tmp_path: Path) -> None:
    path = tmp_path / "theorems.jsonl"
    rows = ({"name": f"t{n}", "statement": f"theorem t{n} (a : Nat) : a + {n} = {n} + a := by"} for n in range(COUNT))
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    tracemalloc.start()
    try:
        data = open_data_set(path, Selection(), None)
        run, early, done = scripted_run(data, 1), 0, 0
        with open_run_folder(tmp_path / "out", run.record, data, restart=False) as folder:
            async with aclosing(run.attempts(LocalPool(workers=ScriptedProvers(), count=3), folder)) as results:
                async for _ in results:
                    done += 1
                    if done == COUNT // 10:
                        gc.collect()
                        early = tracemalloc.get_traced_memory()[0]
                        tracemalloc.reset_peak()
                    elif done == COUNT:
                        gc.collect()
                        late, _peak = tracemalloc.get_traced_memory()
            _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert done == COUNT
    assert late - early < 20_000, "nothing is kept of a theorem that is done"
    assert peak - early < COUNT * BYTES_A_THEOREM + 200_000, "the figures are computed row by row"
