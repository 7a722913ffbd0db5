"""A stand-in for a plain `lean` run: says its version, or judges a file by words in it.

`bogus` in the file is an error, `sorry` a warning, `axiomatic` an axiom; otherwise no axioms are needed.
"""

import re
import stat
import sys
from pathlib import Path


def write_stand_in(folder: Path) -> Path:
    """A program in a folder that does this."""
    program = folder / "lean"
    program.write_text(f'#!/bin/sh\nexec {sys.executable} {Path(__file__)} "$@"\n', encoding="utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    return program


def main() -> int:
    if sys.argv[1:] == ["--version"]:
        print("Lean (version 4.9.0, x86_64-unknown-linux-gnu, commit 8f9843a4a5fe, Release)")
        return 0
    text = Path(sys.argv[-1]).read_text(encoding="utf-8")
    if "bogus" in text:
        print(f"{sys.argv[-1]}:2:2: error: unknown identifier 'bogus'")
        return 1
    if "sorry" in text:
        print(f"{sys.argv[-1]}:1:0: warning: declaration uses 'sorry'")
    asked = re.search(r"#print axioms (\S+)", text)
    if asked and "axiomatic" in text:
        print(f"'{asked[1]}' depends on axioms: [propext,\n my_axiom]")
    elif asked:
        print(f"'{asked[1]}' does not depend on any axioms")
    return 0


if __name__ == "__main__":
    sys.exit(main())
