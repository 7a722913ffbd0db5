"""Commands and declarations: names, where each begins and ends, programs that are blanked, the header."""

import pytest
from hypothesis import given

from lean_sidekick.core.declarations import (
    blank_programs,
    command_span,
    find_declarations,
    header_end,
    program_commands,
    split_name,
)
from support.lean_text import LEAN_LIKE, lean


def names(text: str) -> list[str | None]:
    return [declaration.full_name for declaration in find_declarations(lean(text))]


def pieces(text: str) -> list[str]:
    """The text of each declaration, from its first token to its last."""
    text = lean(text)
    return [text[declaration.start : declaration.end] for declaration in find_declarations(text)]


def bodies(text: str) -> list[str | None]:
    text = lean(text)
    found = find_declarations(text)
    return [None if d.body_start is None else text[d.body_start : d.end].strip() for d in found]


def test_namespaces_sections_and_root() -> None:
    assert names("""
        namespace A.B
        theorem one : p := h
        section
        theorem two : p := h
        section Inner
        theorem _root_.Top.three : p := h
        end Inner
        theorem four.five : p := h
        end
        end A.B
        theorem six : p := h
        namespace A
        namespace «b c»
        theorem seven : p := h
        end «b c»
        end A
        theorem eight : p := h
        """) == ["A.B.one", "A.B.two", "Top.three", "A.B.four.five", "six", "A.«b c».seven", "eight"]


def test_end_without_a_partner_is_survived() -> None:
    assert names("end\nend A.B\ntheorem a : p := h\n") == ["a"]


def test_a_section_in_a_namespace_hides_no_name() -> None:
    """`noncomputable section` and `@[expose] public section` open a section like any other."""
    assert names("""
        @[expose] public section
        namespace A
        noncomputable section
        def x := 1
        end
        def y := 1
        end A
        def z := 1
        """) == ["A.x", "A.y", "z"]


def test_keywords_names_and_flags() -> None:
    text = lean("""
        private theorem a.{u} {α : Type u} : p := h
        protected def b := 1
        instance : Inhabited Nat := ⟨0⟩
        instance (priority := low) c : Inhabited Nat := ⟨0⟩
        example : p := h
        class inductive D
        noncomputable unsafe def «e f».g' := 1
        axiom k : p
        @[simp] local instance l : Foo where
        """)
    assert [(d.keyword, d.name, d.is_private) for d in find_declarations(text)] == [
        ("theorem", "a", True),
        ("def", "b", False),
        ("instance", None, False),
        ("instance", "c", False),
        ("example", None, False),
        ("class inductive", "D", False),
        ("def", "«e f».g'", False),
        ("axiom", "k", False),
        ("instance", "l", False),
    ]


def test_a_declaration_without_a_name_has_a_label() -> None:
    assert [d.label for d in find_declarations("example : p := h\n")] == ["example (no name)"]


def test_what_stands_before_the_keyword_belongs_to_the_declaration() -> None:
    """Probes and helpers go before the whole command, so its start must be right."""
    assert pieces("""
        def x := 1

        /-- Says `theorem no : p`. -/
        @[simp, foo (attr := simp [bar])]
        -- a note
        protected theorem a : p := h
        open Classical in
        set_option maxHeartbeats 400000 in -- slow
        /-- Doc. -/
        private theorem b : p := h
        variable (n : Nat) in omit [Foo] in theorem c : p := h
        attribute [local simp] foo in @[simp] theorem d : p := h
        """) == [
        "def x := 1",
        "/-- Says `theorem no : p`. -/\n@[simp, foo (attr := simp [bar])]\n-- a note\nprotected theorem a : p := h",
        "open Classical in\nset_option maxHeartbeats 400000 in -- slow\n/-- Doc. -/\nprivate theorem b : p := h",
        "variable (n : Nat) in omit [Foo] in theorem c : p := h",
        "attribute [local simp] foo in @[simp] theorem d : p := h",
    ]


def test_what_follows_the_last_token_belongs_to_no_declaration() -> None:
    assert pieces("""
        namespace A
        theorem a : p := by
          simp -- done

        -- about b

        /-! ## Part two -/

        theorem b : p := "x"
        /- the end -/
        end A
        open Foo
        """) == ["theorem a : p := by\n  simp", 'theorem b : p := "x"']


def test_where_termination_and_deriving_belong_to_the_declaration() -> None:
    found = pieces("""
        def f (n : Nat) : Nat := go n
        where
          go : Nat → Nat
            | 0 => 0
            | n + 1 => go n
        termination_by n
        decreasing_by
          simp
        structure S where
          x : Nat
        deriving Repr
        deriving instance BEq for S
        def g := 1
        """)
    assert [piece.split("\n")[-1] for piece in found] == ["  simp", "deriving Repr", "def g := 1"]


def test_words_in_a_proof_do_not_split_it() -> None:
    """`open … in`, `set_option … in` and names like command words are tactics and terms too."""
    assert names("""
        theorem a : p := by
          open Classical in
          simp
          set_option maxRecDepth 100 in
          show q
          have example' : T := inferInstance
          exact (lemma h) instance_foo
          where
            lemma := 1
        theorem b : p := h
        """) == ["a", "b"]


def test_text_that_is_no_code_declares_nothing() -> None:
    assert names("""
        /- theorem a : p := h -/
        -- theorem b : p := h
        /--
        theorem c : p := h
        -/
        theorem d : String := "
        theorem e : p := h
        "
        def f := s!"{"
        theorem g"}"
        theorem «theorem h» : p := h
        """) == ["d", "f", "«theorem h»"]


def test_mutual_blocks() -> None:
    text = lean("""
        theorem a : p := h
        /-- Doc. -/
        mutual
          theorem b : p := h
          @[simp]
          theorem c : p := h
        end
        theorem d : p := h
        """)
    found = find_declarations(text)
    assert [(d.name, d.is_mutual) for d in found] == [("a", False), ("b", True), ("c", True), ("d", False)]
    start, end = command_span(text, found[1])
    assert text[start:end].startswith("/-- Doc. -/\nmutual") and text[start:end].endswith("end")
    assert command_span(text, found[2]) == (start, end)
    assert command_span(text, found[3]) == (found[3].start, found[3].end)


def test_a_mutual_that_is_never_closed_reaches_to_the_end() -> None:
    text = "mutual\ntheorem a : p := h\n"
    assert command_span(text, find_declarations(text)[0]) == (0, len(text))


def test_unknown_commands_begin_at_column_zero() -> None:
    """A project's own commands end the declaration above them."""
    assert pieces("""
        theorem a : p := by
          simp
        my_command foo
        library_note "x"
        theorem b : x = ⊤
          := h
        initialize foo : Nat ← pure 1
        """) == ["theorem a : p := by\n  simp", "theorem b : x = ⊤\n  := h"]


def test_a_proof_at_column_zero_is_one_declaration() -> None:
    assert (
        len(
            pieces("""
        theorem a : p ∧
        q := by
        constructor
        exact h
        induction n with
        | zero => simp
        | succ n ih => simp
        theorem b : p := h
        """)
        )
        == 2
    )


@pytest.mark.parametrize(
    ("text", "body"),
    [
        ("theorem a (x : Nat := 0) : p := by simp", "by simp"),
        ("theorem a : let x := 1; x = 1 := rfl", "rfl"),
        ("theorem a : |x| ≤ |y| := h", "h"),
        ("theorem a : Continuous fun x => |x| := h", "h"),
        ("theorem a : f = fun\n  | 0 => x\n  | n => y := h", "h"),
        ("theorem a : ∃ x, f { y := x } = 1 := h", "h"),
        ("theorem a : match x with | 0 => True | _ => False := h", "h"),
        ("def f : Nat → Nat\n  | 0 => 1\n  | n + 1 => 2", "| 0 => 1\n  | n + 1 => 2"),
        ("def f : Nat → Nat | 0 => 1 | n => 2", "| 0 => 1 | n => 2"),
        ("instance : Foo where\n  x := 1", "x := 1"),
        ("inductive A | x | y", "| x | y"),
        ("inductive A where\n  | x", "| x"),
        ("structure A where\n  x : Nat := 1", "x : Nat := 1"),
        ("structure A := (x : Nat)", "(x : Nat)"),
        ("theorem a : p := by", "by"),
        ("axiom a : p", None),
        ("theorem a : p", None),
        ("theorem", None),
        ("theorem a :=", ""),
    ],
)
def test_where_the_body_begins(text: str, body: str | None) -> None:
    assert bodies(text) == [body]


def test_programs_are_blanked_and_nothing_moves() -> None:
    text = lean("""
        import Lean
        #eval IO.println "𝔸"
        #check Nat
        /-- info: 3 -/
        #guard_msgs in
        #eval 1 +
          2 -- three
        theorem a : p := h
        set_option maxRecDepth 9 in #eval! f
        run_cmd do
          foo
        #print axioms a
        #exit
        #eval 1
        """)
    blanked = blank_programs(text, len(text))
    assert [line.rstrip() for line in blanked.split("\n")] == [
        *["import Lean", "", "#check Nat", "", "", "", "    -- three", "theorem a : p := h", "", "", ""],
        *["#print axioms a", "#exit", "", ""],
    ]
    assert len(blanked) == len(text)
    assert blank_programs(text, text.index("theorem"))[text.index("theorem") :] == text[text.index("theorem") :]


def test_only_commands_that_run_programs_are_listed() -> None:
    text = '#eval 1\n#check 1\nrun_cmd x\nexample : p := by\n  #adaptation_note /-- x -/\n  simp\n#loogle "x"\n'
    assert [command.keyword for command in program_commands(text)] == ["#eval", "run_cmd", "#loogle"]


@pytest.mark.parametrize(
    ("header", "rest"),
    [
        ("import Lean", "\nopen Lean\n"),
        ("", "theorem a : p := h"),
        ("", "-- import A\ntheorem a : p := h"),
        ("/- (c) -/\nimport A.B\n-- why\nimport «C D»", " -- end\n\n/-! doc -/\n"),
        ("module\n\nprelude\npublic import A\nmeta import B\npublic meta import C\nimport all D", "\n\nsection\n"),
        ("import A import B", "\n#eval 1"),
        ("import A", "\nimport\ntheorem a : p := h"),
    ],
)
def test_header(header: str, rest: str) -> None:
    assert header_end(header + rest) == len(header)


def test_an_unfinished_import_hides_no_declaration() -> None:
    assert names("import\ntheorem a : p := h\n") == ["a"]


def test_split_name() -> None:
    assert split_name("A.«b.c».d'") == ["A", "«b.c»", "d'"]


def test_windows_line_ends() -> None:
    text = "theorem a : p := by\r\n  simp\r\n\r\ntheorem b : p := h\r\n"
    assert [text[d.start : d.end] for d in find_declarations(text)] == [
        "theorem a : p := by\r\n  simp",
        "theorem b : p := h",
    ]


@pytest.mark.parametrize("piece", ["@[a]\n", "private\n", "namespace A\n", "  open A in\n", "open A in ", "theorem a "])
def test_reading_takes_linear_time(piece: str) -> None:
    """Quadratic time would run into the time limit of the tests."""
    assert find_declarations(piece * 20_000) is not None


@given(LEAN_LIKE)
def test_any_text_has_declarations_in_order(text: str) -> None:
    end = 0
    for declaration in find_declarations(text):
        assert end <= declaration.start <= declaration.keyword_start < declaration.end <= len(text)
        assert declaration.body_start is None or declaration.keyword_start < declaration.body_start <= declaration.end
        end = declaration.end
    assert 0 <= header_end(text) <= len(text)
    blanked = blank_programs(text, len(text))
    assert len(blanked) == len(text) and blanked.count("\n") == text.count("\n")
