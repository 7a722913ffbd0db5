"""What one source says: what is read, what is left out, and with which sentence."""

import math
from typing import Any, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lean_sidekick.settings.options import parse_options
from lean_sidekick.settings.settings import SettingKind, Settings, setting_rows

DEFAULTS = Settings()


def read(raw: object, **rights: Any) -> tuple[Settings, tuple[str, ...]]:
    """The settings that one source alone leads to, and its warnings."""
    options, warnings = parse_options(raw, "the test", **rights)
    return options.over(DEFAULTS), warnings


def test_table_has_the_types_of_the_class() -> None:
    """A default of another type than its field would be documented and parsed wrongly."""
    kinds = {
        bool: SettingKind.BOOLEAN,
        int: SettingKind.INTEGER,
        float: SettingKind.NUMBER,
        str: SettingKind.STRING,
        tuple[str, ...]: SettingKind.STRINGS,
    }
    hints = get_type_hints(Settings)
    assert {row.field_name: row.kind for row in setting_rows()} == {name: kinds[hint] for name, hint in hints.items()}


def test_every_default_is_a_value_that_may_be_said() -> None:
    """An editor sends defaults back; none of them may be refused."""
    for row in setting_rows():
        default = list(row.default) if isinstance(row.default, tuple) else row.default
        settings, warnings = read({row.wire_name: default})
        assert warnings == ()
        assert settings == DEFAULTS


def test_every_setting_is_read_into_its_own_field() -> None:
    other: dict[SettingKind, object] = {SettingKind.STRING: "/x", SettingKind.STRINGS: ["a"]}
    for row in setting_rows():
        said = other.get(row.kind)
        if row.kind is SettingKind.BOOLEAN:
            said = not row.default
        elif row.choices:
            said = next(choice for choice in row.choices if choice != row.default)
        elif said is None:
            said = row.minimum if row.minimum != row.default else row.maximum
        settings, warnings = read({row.wire_name: said})
        assert warnings == ()
        changed = {f for f in get_type_hints(Settings) if getattr(settings, f) != getattr(DEFAULTS, f)}
        assert changed == {row.field_name}


@pytest.mark.parametrize(
    "raw",
    [
        {"suggest": {"delayMs": 250}},
        {"suggest.delayMs": 250},
        {"leanSidekick": {"suggest": {"delayMs": 250}}},
        {"leanSidekick": {"suggest": {"delayMs": 250.0}, "server": {"path": "x"}, "trace": {"server": "off"}}},
    ],
)
def test_shapes_that_clients_send(raw: object) -> None:
    """Nested, dotted, with the section's name around it, with the extension's own settings beside it."""
    settings, warnings = read(raw)
    assert settings.suggest_delay_ms == 250
    assert warnings == ()


@pytest.mark.parametrize(
    ("raw", "sentence"),
    [
        (
            {"suggest": {"delayMs": "soon"}},
            'suggest.delayMs in the test is ignored: it must be a whole number from 0 to 60000, not "soon".',
        ),
        (
            {"suggest": {"delayMs": 2.5}},
            "suggest.delayMs in the test is ignored: it must be a whole number from 0 to 60000, not 2.5.",
        ),
        (
            {"suggest": {"delayMs": True}},
            "suggest.delayMs in the test is ignored: it must be a whole number from 0 to 60000, not true.",
        ),
        (
            {"suggest": {"timeoutS": math.nan}},
            "suggest.timeoutS in the test is ignored: it must be a number from 0.1 to 600, not NaN.",
        ),
        (
            {"suggest": {"timeoutS": 0}},
            "suggest.timeoutS in the test is ignored: it must be a number from 0.1 to 600, not 0.",
        ),
        (
            {"inlayHints": {"enabled": 1}},
            "inlayHints.enabled in the test is ignored: it must be true or false, not 1.",
        ),
        (
            {"lean": {"path": ["lean"]}},
            'lean.path in the test is ignored: it must be a text, not ["lean"].',
        ),
        (
            {"check": {"allowedAxioms": ["propext", 3]}},
            "check.allowedAxioms in the test is ignored: "
            'it must be a list of texts without sorryAx, not ["propext", 3].',
        ),
        (
            {"somethingElse": 3},
            "somethingElse in the test is ignored: there is no such setting.",
        ),
        (
            {"suggest": {"delayms": 3}, "x": 1},
            "suggest.delayms (did you mean suggest.delayMs?), x in the test are ignored: there is no such setting.",
        ),
        ([1], "The settings in the test are ignored: they must be a table of names."),
    ],
)
def test_one_sentence_for_what_cannot_be_used(raw: object, sentence: str) -> None:
    settings, warnings = read(raw)
    assert warnings == (sentence,)
    assert settings == DEFAULTS


def test_sorry_cannot_be_allowed() -> None:
    """With sorryAx among the allowed axioms every unfinished proof would count."""
    settings, warnings = read({"check": {"allowedAxioms": ["propext", "sorryAx"]}})
    assert "sorryAx" not in settings.allowed_axioms
    assert len(warnings) == 1


def test_a_wrong_value_does_not_take_the_others_with_it() -> None:
    settings, warnings = read({"suggest": {"delayMs": -1, "maxItems": 3}})
    assert (settings.suggest_delay_ms, settings.suggest_max_items, len(warnings)) == (400, 3, 1)


def test_many_unknown_names_are_one_short_sentence() -> None:
    _, warnings = read({"x" * 5000 + str(i): 1 for i in range(300)})
    assert len(warnings) == 1
    assert "and 295 more" in warnings[0]
    assert len(warnings[0]) < 500


def test_guarded_settings_need_the_right_to_set_them() -> None:
    """What decides which programs run is not for an untrusted source; all else is."""
    raw = {
        "lean": {"path": "/evil", "keepCommands": True, "threads": 3},
        "check": {"allowPrograms": True},
    }
    settings, warnings = read(raw, may_set_guarded=False)
    assert (settings.lean_path, settings.keep_commands, settings.allow_programs) == ("", False, False)
    assert settings.lean_threads == 3
    assert [w.split(" ")[0] for w in warnings] == ["lean.path", "lean.keepCommands", "check.allowPrograms"]
    assert all("trustedProjects" in w for w in warnings)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=10,
)
wire_names = st.sampled_from([row.wire_name for row in setting_rows()])


@given(st.dictionaries(wire_names | st.text(max_size=8), json_values, max_size=5) | json_values)
def test_reading_never_fails_and_never_leaves_the_ranges(raw: object) -> None:
    settings, _ = read(raw)
    for row in setting_rows():
        value = getattr(settings, row.field_name)
        assert type(value) is type(row.default)
        if row.kind in (SettingKind.INTEGER, SettingKind.NUMBER):
            assert row.minimum <= value <= row.maximum
