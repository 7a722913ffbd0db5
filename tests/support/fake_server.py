"""`python -m support.fake_server`: the real `lean-sidekick serve`, on fake engines that tell what happens on stderr."""

import sys

from lean_sidekick.cli.serve import run
from lean_sidekick.lsp.projects import Backend


def load_backend() -> Backend:
    from support.fake_engine import fake_backend

    return fake_backend(lambda event: print(f"engine: {event}", file=sys.stderr, flush=True))


if __name__ == "__main__":
    sys.exit(run(sys.argv[1:], load_backend))
