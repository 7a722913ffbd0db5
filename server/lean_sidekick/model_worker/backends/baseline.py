"""Plain `model.generate`, timed: what the worker's speed is compared with. Run as a program by `bench generate`.

`python -m lean_sidekick.model_worker.backends.baseline FOLDER KIND DEVICE PRECISION` reads lines of JSON (`prompts`,
`rows` of each, `new_tokens`) and answers each with the seconds that sampling so many texts of exactly that length
took. Written as a person would by the library's manual: one padded batch, `do_sample`, `num_return_sequences`.
"""

import json
import os
import sys
import time
from collections.abc import Sequence

import torch
from transformers import GenerationConfig

from lean_sidekick.model_worker.backends.generation import GeneratingBackend
from lean_sidekick.model_worker.backends.loading import load_backend
from lean_sidekick.model_worker.messages import Device, ModelKind, ModelSpec, Precision


def plain_seconds(backend: GeneratingBackend, prompts: Sequence[str], rows: int, new_tokens: int) -> float:
    """How long one call takes, texts included."""
    started = time.perf_counter()
    found = backend.tokens(prompts)
    with torch.inference_mode():
        output = backend.model.generate(
            **found,
            generation_config=GenerationConfig(
                do_sample=True,
                top_k=0,
                num_return_sequences=rows,
                min_new_tokens=new_tokens,
                max_new_tokens=new_tokens,
            ),
        )
    backend.tokenizer.batch_decode(output.tolist(), skip_special_tokens=True)
    return time.perf_counter() - started


def main(arguments: Sequence[str]) -> int:
    """Answers until its input ends."""
    folder, kind, device, precision = arguments
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    backend = load_backend(
        ModelSpec(source=folder, kind=ModelKind(kind), device=Device(device), precision=Precision(precision))
    )
    assert isinstance(backend, GeneratingBackend), f"{kind} writes no texts"
    for line in sys.stdin:
        asked = json.loads(line)
        seconds = plain_seconds(backend, asked["prompts"], asked["rows"], asked["new_tokens"])
        answers.write(json.dumps({"seconds": seconds}) + "\n")
        answers.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
