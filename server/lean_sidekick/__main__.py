"""`python -m lean_sidekick`: the same program as `lean-sidekick`."""

import sys

from lean_sidekick.cli.main import main

if __name__ == "__main__":
    sys.exit(main())
