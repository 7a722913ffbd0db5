"""The real worker's loop on a stand-in model that misbehaves on request; run as a program, it is a worker.

What a model or a prompt is called says what happens:

- model `rows<=N`: memory runs out with more than N rows; `missing`: cannot be loaded;
- prompt `hold`: decodes until it is cancelled; `hold once PATH`: does so the first time only;
- prompt `die`: the process ends; `die once PATH`: the first time only; `stop`: the process is frozen;
- prompt `bug`: an exception; `noise`: prints where the protocol runs.

Any other prompt is answered at once with as many texts as were asked for.
"""

import os
import signal
import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from struct import pack

from lean_sidekick.core.errors import InputError, ModelUnavailable
from lean_sidekick.model_worker.backends.api import (
    AllCancelledError,
    IsCancelled,
    LoadedModel,
    OutOfMemoryError,
)
from lean_sidekick.model_worker.batching import Part, rows_in
from lean_sidekick.model_worker.main import run
from lean_sidekick.model_worker.messages import Generated, ModelSpec

COMMAND = (sys.executable, "-P", __file__)
_STEP_S = 0.002


class StandIn:
    """A `Backend`; see the module."""

    loaded = LoadedModel(
        device="stand-in", precision="fp32", parameters=7_000_000, memory_before_mb=1, memory_after_mb=2, seconds=0.1
    )

    def __init__(self, model: ModelSpec) -> None:
        rows = model.source.partition("rows<=")[2]
        self._most_rows = int(rows) if rows else 10**9

    def prompt_tokens(self, prompt: str) -> int:
        return len(prompt)

    def generate(self, call: Sequence[Part], is_cancelled: IsCancelled) -> list[tuple[Generated, ...]]:
        if rows_in(call) > self._most_rows:
            raise OutOfMemoryError
        for part in call:
            self._misbehave(part.job.prompt, call, is_cancelled)
        return [
            tuple(
                Generated(text=f"{p.job.prompt} {row}", log_probability=-float(row), tokens=1, is_finished=True)
                for row in range(p.first, p.first + p.count)
            )
            for p in call
        ]

    def embed(self, texts: Sequence[str]) -> list[bytes]:
        if len(texts) > self._most_rows:
            raise OutOfMemoryError
        return [pack("<2f", len(text), 1.0) for text in texts]

    def score(self, pairs: Sequence[tuple[str, str]]) -> list[float]:
        return [float(query in text) for query, text in pairs]

    def memory_mb(self) -> float:
        return 2.0

    def release(self) -> None:
        return None

    def _misbehave(self, prompt: str, call: Sequence[Part], is_cancelled: IsCancelled) -> None:
        word, _, rest = prompt.partition(" ")
        if rest.startswith("once "):
            flag = Path(rest.removeprefix("once "))
            if flag.exists():
                return
            flag.touch()
        match word:
            case "hold":
                while not all(is_cancelled(part.job.id) for part in call):
                    threading.Event().wait(_STEP_S)
                raise AllCancelledError
            case "die":
                os.write(2, b"the stand-in was told to die\n")
                os._exit(9)
            case "stop":
                os.kill(os.getpid(), signal.SIGSTOP)
            case "bug":
                raise KeyError("a bug")
            case "wrong":
                raise InputError("This cannot be asked.")
            case "noise":
                print("noise", flush=True)
                os.write(1, b"more noise\n")


def load(model: ModelSpec) -> StandIn:
    """A `LoadBackend`."""
    if model.source == "missing":
        raise ModelUnavailable("The model missing is not on this machine.")
    return StandIn(model)


if __name__ == "__main__":
    sys.exit(run(load))
