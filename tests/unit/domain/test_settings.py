"""A settings file works, or says everything that is wrong with it at once."""

import json
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penstock.domain import ConfigError
from penstock.domain.settings import parse_toml


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class Lit(msgspec.Struct, frozen=True, tag="lit", tag_field="kind"):
    rate_per_s: float


class Pool(msgspec.Struct, frozen=True, tag="pool", tag_field="kind"):
    delay_us: float


class Open(msgspec.Struct, frozen=True, kw_only=True):
    opens_s: float = 0.0
    n_orders: int = 0


class Place(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    mic: Annotated[str, msgspec.Meta(pattern="^[A-Z0-9]{4}$", description="of four capitals")]
    order: Literal["price", "size"] = "price"
    share_frac: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)] = 0.5
    flow: Lit | Pool | None = None
    hours: Annotated[Open, msgspec.Meta(description="for markets")] | None = None
    rests: tuple[Open, ...] = ()


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    name: str
    n_days: Annotated[int, msgspec.Meta(gt=0)]
    places: Annotated[tuple[Place, ...], msgspec.Meta(min_length=1)]
    is_open: bool = True
    colour: Colour = Colour.RED
    waits_s: tuple[float, ...] = ()
    pair: tuple[int, str] = (1, "a")
    weights: dict[str, Annotated[float, msgspec.Meta(ge=0)]] = {}
    either: int | str = 0

    def __post_init__(self) -> None:
        if self.name == "impossible":
            raise ValueError("name and n_days contradict each other")


GOOD = """
name = "a day"
n_days = 3

[[places]]
mic = "XNYS"

[[places]]
mic = "XNAS"
order = "size"
share_frac = 1
flow = { kind = "lit", rate_per_s = 20 }
"""


def problems_of(text: str) -> list[tuple[str, str, str, str]]:
    """Where, expected, found and fix of every problem."""
    with pytest.raises(ConfigError) as caught:
        parse_toml(text, Settings, file="day.toml")
    return [(p.where, p.expected, p.found, p.fix) for p in caught.value.problems]


def only_problem_of(text: str) -> tuple[str, str, str, str]:
    """The same, where there must be one."""
    (problem,) = problems_of(text)
    return problem


def test_a_whole_number_may_stand_where_a_fraction_is_wanted() -> None:
    """Nobody should have to write 20.0; the struct holds what its type says."""
    settings = parse_toml(GOOD, Settings, file="day.toml")

    assert 20.0 == (settings.places[1].flow or Lit(rate_per_s=0)).rate_per_s  # type: ignore[union-attr]
    assert (1.0, "size") == (settings.places[1].share_frac, settings.places[1].order)
    assert True is settings.is_open


def test_a_syntax_error_names_its_line() -> None:
    """The reader of the message has an editor open, and wants a line number."""
    where, expected, found, _ = only_problem_of('name = "x"\nn_days = \n')

    assert ("day.toml:2", "valid TOML") == (where, expected)
    assert "invalid value (at line 2, column 10)" == found


def test_a_key_that_reads_like_a_place_is_not_taken_for_one() -> None:
    """TOML's reader quotes keys before it says where it is."""
    where, _, found, _ = only_problem_of('["at line 999"]\n["at line 999"]\n')

    assert ("day.toml:2", '["at line 999"], which is there already') == (where, found)


def test_an_unfinished_text_is_blamed_on_its_last_line() -> None:
    """The parser only says "end of document" there."""
    assert "day.toml:3" == only_problem_of('name = "x"\n\nn_days = "')[0]


def test_brackets_beyond_reason_are_an_error_and_not_a_crash() -> None:
    """A file from somebody else must not be able to end the process."""
    assert "valid TOML" == only_problem_of("a = " + "[" * 100_000)[1]


def test_all_problems_come_at_once() -> None:
    """One run, one list: nobody mends a file key by key."""
    text = """
name = 5
n_days = 0
colour = "rot"
waits_s = [1.0, "2"]
pair = [1]
is_open = "true"
[[places]]
mic = "nyse"
[[places]]
order = "prize"
share_frac = 1.5
[weights]
a = -1.0
"""

    assert [
        ("day.toml: name", "a string", "5"),
        ("day.toml: n_days", "a whole number above 0", "0"),
        (
            "day.toml: places[0].mic",
            "a string of four capitals",
            "the string 'nyse'",
        ),
        ("day.toml: places[1].mic", "a string of four capitals", "nothing"),
        ("day.toml: places[1].order", "one of price, size", "the string 'prize'"),
        ("day.toml: places[1].share_frac", "a number of at least 0 and of at most 1", "1.5"),
        ("day.toml: is_open", "true or false", "the string 'true'"),
        ("day.toml: colour", "one of red, blue", "the string 'rot'"),
        ("day.toml: waits_s[1]", "a number", "the string '2'"),
        ("day.toml: pair", "an array of 2 items", "an array of 1 item"),
        ("day.toml: weights.a", "a number of at least 0", "-1.0"),
    ] == [problem[:3] for problem in problems_of(text)]


def test_an_unknown_key_is_refused_with_the_key_that_was_meant() -> None:
    """A misspelt key would be a default in disguise; it is not reported as missing as well."""
    where, _, found, fix = only_problem_of(GOOD.replace("n_days", "n_day"))

    assert ("day.toml: n_day", "the unknown key 'n_day'") == (where, found)
    assert "did you mean `n_days`?" == fix


def test_an_unknown_key_deep_inside_is_found() -> None:
    """The struct of the tagged table does not forbid unknown keys; the reader does."""
    where, expected, _, _ = only_problem_of(GOOD.replace("rate_per_s = 20", "rate_per_s=1, x=2"))

    assert "day.toml: places[1] (XNAS).flow.x" == where
    assert "one of the keys rate_per_s, kind" == expected


def test_a_missing_key_names_the_section_it_belongs_to() -> None:
    """Where to write it is the question that is left."""
    where, expected, found, fix = only_problem_of(GOOD.replace('mic = "XNYS"', ""))

    assert "day.toml: places[0].mic" == where
    assert ("nothing", "add `mic = …` under [[places]]") == (found, fix)
    assert expected.startswith("a string")


def test_a_missing_section_is_named_as_it_is_written() -> None:
    """An empty file, and a section inside another one of several."""
    fixes = {where: fix for where, _, _, fix in problems_of("")}
    assert "add a section [[places]] for each" == fixes["day.toml: places"]
    assert "add `name = …` under the top of the file" == fixes["day.toml: name"]

    class Inner(msgspec.Struct):
        inner: Place

    class Outer(msgspec.Struct):
        outer: list[Inner]

    with pytest.raises(ConfigError) as caught:
        parse_toml("[[outer]]", Outer, file="day.toml")
    assert "add a section [outer.inner]" == caught.value.problems[0].fix


def test_the_mark_that_some_editors_put_first_is_no_error() -> None:
    """A byte order mark: Windows writes it."""
    assert parse_toml(GOOD, Settings, file="day.toml") == parse_toml(
        "\ufeff" + GOOD, Settings, file="day.toml"
    )


def test_a_wrong_choice_gets_a_suggestion() -> None:
    """Most wrong choices are typing errors."""
    fix = only_problem_of(GOOD.replace('"size"', '"sise"'))[3]

    assert "did you mean size?" == fix


@pytest.mark.parametrize("number", ["nan", "inf", "-inf"])
def test_what_is_not_finite_is_not_a_setting(number: str) -> None:
    """TOML allows them; no quantity of ours has such a value."""
    assert "day.toml: waits_s[0]" == only_problem_of(f"waits_s = [{number}]\n{GOOD}")[0]


@pytest.mark.parametrize("number", ["1" * 400, "1" * 5_000, "9223372036854775808"])
def test_a_number_beyond_64_bits_is_an_error_and_not_a_crash(number: str) -> None:
    """TOML sets no limit; arrays do, and Python has two of its own on the way."""
    found = only_problem_of(GOOD.replace("n_days = 3", f"n_days = {number}"))[2]

    assert len(found) < 200


@pytest.mark.parametrize(
    ("line", "fix"),
    [
        ('n_days = "3"', "write a number, without quotes"),
        ("n_days = 3.0", "write a whole number, without a decimal point"),
        ("n_days = true", "write a number"),
        ("n_days = 2026-03-02", "write 20260302, without dashes"),
    ],
)
def test_a_number_of_the_wrong_kind_is_not_converted(line: str, fix: str) -> None:
    """What was meant is the user's to say, but the likeliest mistake is ours to name."""
    assert fix == only_problem_of(GOOD.replace("n_days = 3", line))[3]


def test_one_section_where_a_list_is_wanted_is_explained() -> None:
    """Single brackets in place of double ones is the commonest TOML mistake."""
    assert (
        "day.toml: places",
        "[[places]], in double brackets, one for each",
        "a table with mic",
        "write [[places]] in place of [places], each time",
    ) == only_problem_of('name="x"\nn_days=1\n[places]\nmic="XNYS"\n')


@pytest.mark.parametrize(
    ("wrong", "line", "name"),
    [
        (GOOD.replace("[[places]]", "[places]"), 5, "places"),
        (GOOD.replace("[[places]]", "[places]", 1), 5, "places"),
        (GOOD.replace('NYS"\n\n[[places]]', 'NYS"\n\n[ places ]  # two'), 8, "places"),
        (GOOD + "[places.rests]\nopens_s = 1\n[places.rests]\n", 13, "places.rests"),
    ],
)
def test_single_brackets_that_toml_itself_refuses_are_explained(
    wrong: str, line: int, name: str
) -> None:
    """TOML says "cannot overwrite a value", at the next of the list, which may be right."""
    where, expected, found, fix = only_problem_of(wrong)

    assert (f"day.toml:{line}", f"[{name}]") == (where, found)
    assert f"[[{name}]], in double brackets, one for each" == expected
    assert f"write [[{name}]] in place of [{name}], each time" == fix


@pytest.mark.parametrize(
    ("text", "where", "found"),
    [
        ("[weights]\n[weights]\n", "day.toml:2", "[weights]"),
        ("[waits_s]\n[[waits_s]]\n", "day.toml:2", "[[waits_s]]"),
        ("places = 1\n[[places]]\n", "day.toml:2", "[[places]]"),
        ('name = "x"\nn_days = 1\nname = "y"  # = [z]\n', "day.toml:3", "`name`"),
        ("n_days = 1\nweights = { a = 1, b = 2, a = 3 }\n", "day.toml:2", "`a`"),
        ("waits_s = [1]\nwaits_s = [\n2,\n]\n", "day.toml:4", "a name"),
    ],
)
def test_a_key_or_section_that_is_there_twice_is_named(text: str, where: str, found: str) -> None:
    """TOML says "cannot overwrite a value": nobody meant to overwrite one. No list was meant."""
    assert (
        where,
        "each key and each section once",
        f"{found}, which is there already",
        "remove one of the two, or rename one",
    ) == only_problem_of(text)


def test_a_dotted_key_into_what_is_no_section_is_not_there_twice() -> None:
    """TOML's own words are the better ones."""
    _, expected, found, _ = only_problem_of("name = 1\nname.x = 2\n")

    assert "valid TOML" == expected
    assert "already" not in found


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ('nme = "x"\nn_dys = 1\nplces = []\n', "did you mean `name`"),
        ('[[places]]\nmic = "XNYS"\nshare = 0.5\ntitle = 1\nfees = 2\n[log]\nlevel = 1\n',
         "did you mean `share_frac`"),
    ],
)  # fmt: skip
def test_the_right_kind_of_file_full_of_slips_is_told_key_by_key(text: str, meant: str) -> None:
    """One vague problem would be all that whoever wrote it learns at first."""
    assert any(meant in problem[2] + problem[3] for problem in problems_of(text))


def test_a_file_of_another_kind_is_one_problem_and_not_one_for_every_key() -> None:
    """Its first section with an inner one, a list, and a value: each as it is written."""
    where, expected, found, fix = only_problem_of(
        "n_days = 1\nspeed = 2\n[router]\na = 1\n[[venues]]\n[[venues]]\n"
    )

    assert ("day.toml", "a file with `name`, `n_days`, [[places]]") == (where, expected)
    assert "one with `n_days`, `speed`, [router], [[venues]]" == found
    assert "`penstock check day.toml` says what it is" in fix


def test_known_sections_with_other_keys_are_those_of_another_kind() -> None:
    """A router has [oms], too, but not the client's."""

    class Client(msgspec.Struct):
        oms: Open

    with pytest.raises(ConfigError) as caught:
        parse_toml('[places]\nscenario = "x"\nseed = 1\n', Settings, file="a.toml")
    assert "one with [places]" == caught.value.problems[0].found
    with pytest.raises(ConfigError, match=r"a\.toml: oms\.a: expected one of the keys"):
        parse_toml("[oms]\na = 1\nb = 2\n", Client, file="a.toml")  # nothing is missing


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('nam = "x"\nn_day = 1\n[[place]]\nmic = "XNYS"\n', "did you mean `places`?"),
        ('mic = "XNYS"\nshare_frac = 1\n', "keys of [[places]]: mic, share_frac"),
        ('[place]\nmic = "XNYS"\n', "did you mean `places`?"),
        ("places = [[{ a = 1 }], 2]\n", "write it as a [section]"),
    ],
)
def test_names_that_were_mistyped_or_have_no_header_make_no_other_kind(
    text: str, said: str
) -> None:
    """Whoever wrote them meant this reader, and is helped better key by key."""
    assert any(said in problem[2] + problem[3] for problem in problems_of(text))


def test_a_key_is_not_sent_to_a_place_where_it_would_be_wrong_again() -> None:
    """A section by that name takes no number; the key beside it may have been meant."""

    class Stock(msgspec.Struct, frozen=True, kw_only=True):
        price_usd: float

    class Day(msgspec.Struct):
        stock: Stock
        price: Open = Open()

    with pytest.raises(ConfigError) as caught:
        parse_toml("[stock]\nprice = 40.0\n", Day, file="day.toml")
    (problem,) = caught.value.problems
    assert ("day.toml: stock.price", "did you mean `price_usd`?") == (problem.where, problem.fix)
    with pytest.raises(ConfigError, match="move it to the top of the file"):
        parse_toml("[stock]\nprice_usd = 1\n[stock.price]\nopens_s = 1\n", Day, file="day.toml")


def test_a_line_break_at_the_end_of_a_name_is_no_part_of_it() -> None:
    """`$` matches before it, so the pattern alone would take it."""
    where, _, found, _ = only_problem_of(GOOD.replace('"XNYS"', '"XNYS\\n"'))

    assert ("day.toml: places[0].mic", r"the string 'XNYS\n'") == (where, found)


def test_keys_of_another_section_are_told_once_with_the_place_they_belong_to() -> None:
    """A section that has keys of its own must have the others, too."""
    text = GOOD.replace('mic = "XNYS"', 'mic = "XNYS"\nopens_s = 3\nn_orders = 5')
    first, second, missing = problems_of(text.replace('mic = "XNAS"', "n_days = 2"))

    assert (
        "day.toml: places[0] (XNYS).opens_s",
        "keys of [[places]]",
        "keys of [places.hours] or [[places.rests]]: opens_s, n_orders",
        "remove them, or move them to [places.hours] for markets or [[places.rests]]",
    ) == first
    assert (
        "day.toml: places[1].n_days",
        "keys of [[places]]",
        "a key of the top of the file: n_days",
        "remove it, or move it to the top of the file",
    ) == second
    assert "day.toml: places[1].mic" == missing[0]


def test_a_key_that_is_all_but_right_is_a_slip_wherever_else_it_may_belong() -> None:
    """`[[place]]` is the list of places mistyped, even if `place` is a key of something."""

    class Auction(msgspec.Struct, frozen=True):
        place: str = ""

    class Day(msgspec.Struct):
        places: tuple[Place, ...] = ()
        auction: Auction = Auction()

    with pytest.raises(ConfigError, match="did you mean `places`"):
        parse_toml("[[place]]", Day, file="day.toml")


def test_an_empty_list_breaks_a_limit_on_its_length() -> None:
    """A scenario without venues has the right type."""
    where, expected, found, _ = only_problem_of('name="x"\nn_days=1\nplaces=[]\n')

    assert ("day.toml: places", "an array of at least 1 item", "an array of 0 items") == (
        where,
        expected,
        found,
    )


def test_a_choice_of_types_names_them_all() -> None:
    """There is no single right type to ask for."""
    where, expected, found, _ = only_problem_of(f"either = 1.5\n{GOOD}")

    assert ("day.toml: either", "a whole number or a string", "1.5") == (where, expected, found)


def test_a_tagged_table_is_held_to_the_type_it_claims() -> None:
    """The tag says which keys are wanted."""
    unknown, missing = problems_of(GOOD.replace('kind = "lit"', 'kind = "pool"'))

    where = "day.toml: places[1] (XNAS).flow"
    assert (f"{where}.rate_per_s", "one of the keys delay_us, kind") == unknown[:2]
    assert (f"{where}.delay_us", "a number", "nothing") == missing[:3]


def test_what_the_struct_itself_refuses_is_a_config_error() -> None:
    """Rules between settings live in `__post_init__`; their words reach the user."""
    where, _, found, _ = only_problem_of(GOOD.replace("a day", "impossible"))

    assert ("day.toml", "name and n_days contradict each other") == (where, found)


VALUES = st.recursive(
    st.none().map(lambda _: "x")
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)
KEYS = st.sampled_from([*Settings.__struct_fields__, "mic", "order", "flow", "kind", "nme"])


def toml_of(value: object) -> str:
    """A value in TOML's inline form."""
    match value:
        case bool():
            return str(value).lower()
        case dict():
            return (
                "{" + ", ".join(f"{json.dumps(k)} = {toml_of(v)}" for k, v in value.items()) + "}"
            )
        case list():
            return "[" + ", ".join(toml_of(item) for item in value) + "]"
        case str():
            return json.dumps(value)
        case _:
            return str(value)


@given(st.dictionaries(KEYS, VALUES, max_size=8))
def test_any_other_text_is_one_clear_error(table: dict[str, object]) -> None:
    """Whatever somebody writes, nothing but ConfigError comes out; each problem has its place."""
    text = "".join(f"{key} = {toml_of(value)}\n" for key, value in table.items())
    with pytest.raises(ConfigError) as caught:
        parse_toml(text, Settings, file="day.toml")

    assert {"day.toml"} == {problem.where.partition(":")[0] for problem in caught.value.problems}


def test_the_message_reads_like_the_house_example() -> None:
    """Where, expected, found, then the fix on a line of its own."""
    with pytest.raises(ConfigError) as caught:
        parse_toml(GOOD.replace('"size"', '"sise"'), Settings, file="conf/day.toml")

    assert (
        "conf/day.toml: places[1] (XNAS).order: expected one of price, size; found the string "
        "'sise'.\n"
        "  Fix: did you mean size?"
    ) == str(caught.value)
