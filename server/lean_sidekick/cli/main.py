"""The entry of the program, kept light: the language server must start before anything heavy is imported.

`serve` goes straight to its own module, without click; everything else goes to `cli.app`.
"""

import sys


def main() -> int:
    """Runs the program with the arguments of the process and gives its exit status."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["serve"]:
        from lean_sidekick.cli.serve import main as serve

        return serve(arguments[1:])
    from lean_sidekick.cli.app import run

    return run(arguments)
