"""How soon the first suggestion stands on the screen of a real VS Code, with a real Lean and no model.

    EDITOR_FOLDER=build/code-server-4.100.3 python benchmarks/on_screen.py [--places N] [--out FILE]

The places are those that `first_suggestion.py` has in exercises; each is a file of its own, opened in code-server in a
headless Chromium, with the packed extension and the pause as users have it;
`vscode-extension/test-browser/on-screen.mjs` says how the clock runs. Needs what `make test-editors` needs.
Milliseconds.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from itertools import chain, islice
from pathlib import Path

from first_suggestion import EXERCISES, Place, exercise_places

ROOT = Path(__file__).parents[1]
SCRIPT = ROOT / "vscode-extension/test-browser/on-screen.mjs"


def as_json(place: Place) -> dict[str, object]:
    """A place with its line and column counted from one, as the editor's "go to" has them."""
    before = place.text[: place.cursor]
    return {
        "text": place.text,
        "line": before.count("\n") + 1,
        "column": len(before.rpartition("\n")[2]) + 1,
        "letter": before[-1],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--places", type=int, default=50)
    parser.add_argument("--out", type=Path)
    arguments = parser.parse_args()
    editor = Path(os.environ.get("EDITOR_FOLDER", ROOT / "build/code-server-4.100.3"))
    if not (editor / "installed").is_file():
        sys.exit(f"There is no code-server in {editor}: `make test-editors` installs one; EDITOR_FOLDER names another.")
    places = islice(chain.from_iterable(places for _, places in exercise_places(EXERCISES)), arguments.places)
    with tempfile.TemporaryDirectory() as folder:
        chosen, found = Path(folder, "places.json"), Path(folder, "found.json")
        chosen.write_text(json.dumps([as_json(place) for place in places]), encoding="utf-8")
        environment = {"PYTHON": sys.executable, **os.environ, "EDITOR_FOLDER": str(editor)}
        subprocess.run(["node", str(SCRIPT), str(chosen), str(found)], check=True, env=environment)
        report = json.loads(found.read_text(encoding="utf-8"))
    report["machine"] = f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores"
    if arguments.out:
        arguments.out.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
