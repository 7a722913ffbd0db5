"""A stand-in for `lake`: checks how it is called, writes to standard error, and ends as it is told.

    lake serve -- ARGUMENT…          becomes the Lean server that STAND_IN_LAKE_SERVER (a JSON list) starts
    lake setup-file PATH - [OPTION…] reads the header from its input and ends with STAND_IN_LAKE_SETUP (a code)

Environment: STAND_IN_LAKE_LOG (a file that gets one JSON line a call), STAND_IN_LAKE_SERVE (a code: ends with it
at once instead of serving). Anything that could build or download ends with code 99. Standard library only.
"""

import json
import os
import sys
from pathlib import Path

MAY_BUILD = 99


def main() -> int:
    command, *arguments = sys.argv[1:]
    with Path(os.environ["STAND_IN_LAKE_LOG"]).open("a", encoding="utf-8") as log:
        log.write(json.dumps({"command": command, "arguments": arguments, "folder": str(Path.cwd())}) + "\n")
    if not any((Path.cwd() / name).is_file() for name in ("lakefile.lean", "lakefile.toml")):
        sys.stderr.write("error: no such file or directory: lakefile.lean\n")
        return 2
    if command == "serve":
        return serve(arguments)
    if command == "setup-file":
        return set_up_file(arguments)
    return MAY_BUILD


def serve(arguments: list[str]) -> int:
    sys.stderr.write("info: loading the workspace\n")
    sys.stderr.flush()
    if code := int(os.environ.get("STAND_IN_LAKE_SERVE", "0")):
        sys.stderr.write("error: lakefile.lean:3:4: unexpected token\n")
        return code
    if arguments[:1] != ["--"]:
        return MAY_BUILD
    server = [*json.loads(os.environ["STAND_IN_LAKE_SERVER"]), "--server", *arguments[1:]]
    os.execve(server[0], server, os.environ | {"LAKE": sys.argv[0], "LEAN_PATH": f"{Path.cwd()}/.lake/build/lib"})


def set_up_file(arguments: list[str]) -> int:
    sys.stdin.read()
    if "--no-build" not in arguments:
        return MAY_BUILD
    code = int(os.environ.get("STAND_IN_LAKE_SETUP", "0"))
    if code not in (0, 2):
        sys.stderr.write("error: target is out of date\n")
    print("{}")
    return code


if __name__ == "__main__":
    sys.exit(main())
