"""Finding a file's header: where it ends and what it imports."""

import pytest

from lean_sidekick.lean.header import find_header


@pytest.mark.parametrize(
    ("text", "header", "imports"),
    [
        ("", "", ()),
        ("theorem a : True := trivial", "", ()),
        ("import A\nimport B.C\n\ntheorem x", "import A\nimport B.C", ("A", "B.C")),
        ("import A import B\n#check A", "import A import B", ("A", "B")),
        ("/- a /- nested -/ b -/\n-- c\nimport A -- d\n\nx", "/- a /- nested -/ b -/\n-- c\nimport A", ("A",)),
        ("import A\n/-! doc -/\nimport B", "import A", ("A",)),
        ("import A\n/-- doc -/ def x", "import A", ("A",)),
        (
            "module\n\npublic import A\nmeta import B\npublic meta import all C\n\npublic section",
            "module\n\npublic import A\nmeta import B\npublic meta import all C",
            ("A", "B", "C"),
        ),
        ("prelude\nimport Init.Core\nset_option x", "prelude\nimport Init.Core", ("Init.Core",)),
        ("import runtime A\nx", "import runtime A", ("A",)),
        ("import «weird name».B'₂\nx", "import «weird name».B'₂", ("«weird name».B'₂",)),
        ("importing := 1", "", ()),
        ("modules", "", ()),
        ("import", "", ()),
        ("/- never ends\nimport A", "", ()),
        ("import A\r\nimport B\r\n", "import A\r\nimport B", ("A", "B")),
    ],
)
def test_the_header_is_found(text: str, header: str, imports: tuple[str, ...]) -> None:
    found = find_header(text)
    assert text[: found.end] == header
    assert found.imports == imports
