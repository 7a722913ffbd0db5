"""The entry of the program, kept light: the language server must start before anything heavy is imported.

`serve` goes straight to its own module, without click; everything else goes to `cli.app`.
"""

import sys


def main() -> int:
    """Runs the program with the arguments of the process and gives its exit status."""
    arguments = sys.argv[1:]
    if arguments[:1] == ["serve"]:
        from lean_sidekick.cli import serve

        return serve.main(arguments[1:])
    from lean_sidekick.cli import app

    return app.run(arguments)
