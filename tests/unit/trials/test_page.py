"""The comparison page and the terminal's tables say what the comparison holds, and only that."""

from __future__ import annotations

import io
import re
from functools import cache
from html.parser import HTMLParser

import msgspec
import plotly.graph_objects as go
import plotly.offline
import pytest
from rich.console import Console

from penstock.trials.compare import Comparison, PolicyResult, ScenarioResult
from penstock.trials.page import comparison_page
from penstock.trials.page_figures import looks, on_one_scale, trade_off_figure
from penstock.trials.page_words import (
    baseline_sentence,
    contrast_sentence,
    interval,
    number,
    verdict,
)
from penstock.trials.statistics import Estimate
from penstock.trials.table import comparison_tables
from tests.support import comparisons

VOID = {"meta", "br", "link", "img", "input", "hr"}
EVIL = "</script><script>alert('x')</script><img src=https://evil.example/x onerror=alert(1)>\"&'"
SHA = "b1946ac92492"
REPLAY = "ibm-2013-replay[thin]"


class Document(HTMLParser):
    """Text by table row, open tags, attributes that load something; scripts apart."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.unbalanced: list[str] = []
        self.loads: list[str] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.rows: list[list[str]] = []
        self.text = ""
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        found = dict(attrs)
        self.ids += [value for name, value in attrs if name == "id" and value]
        link = found.get("href") if tag != "a" else None
        self.loads += [value for value in (found.get("src"), link, found.get("srcset")) if value]
        if tag not in VOID:
            self.open.append(tag)
        if tag == "tr":
            self.rows.append([])
        elif tag in {"td", "th"} and self.rows:
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open.pop() != tag:
            self.unbalanced.append(tag)

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] in {"script", "style"}:
            return
        self.text += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def row(self, heading: str, *, nth: int = 0) -> list[str]:
        """The nth row that starts with this text."""
        return [row for row in self.rows if row and row[0] == heading][nth]


@cache
def page() -> str:
    """The page of the usual comparison, made once."""
    return comparison_page(comparisons.comparison(), {SHA: comparisons.card()})


@cache
def document() -> Document:
    """The same page, read once."""
    return Document(page())


def without_library(html: str) -> str:
    """What is ours: the page but for Plotly's script."""
    return html.replace(plotly.offline.get_plotlyjs(), "")


def only(scenario: ScenarioResult, name: str = "market") -> Comparison:
    """A comparison in one market."""
    return comparisons.comparison(scenarios={name: scenario})


def printed(comparison: Comparison, width: int = 120) -> str:
    """What a terminal of that width shows."""
    console = Console(file=io.StringIO(), width=width, color_system=None)
    for table in comparison_tables(comparison):
        console.print(table)
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue()


def test_every_figure_of_a_policy_stands_in_its_row() -> None:
    """A reader checks the page against the JSON; both come from one struct."""
    for nth, scenario in enumerate(comparisons.comparison().scenarios.values()):
        for name, result in scenario.policies.items():
            row = document().row(name, nth=nth)

            assert expected_row(name, result, scenario) == row


def expected_row(name: str, result: PolicyResult, scenario: ScenarioResult) -> list[str]:
    """Written out by hand here, with its own formatting, so that a swapped column shows."""

    def fixed(value: float | None, decimals: int = 2, sign: str = "-") -> str:
        if value is None:
            return "not known"
        text = f"{value:{sign}.{decimals}f}".replace("-", "−")
        return text.lstrip("−+") if float(text.replace("−", "-")) == 0 else text

    def mean(value: float | None, ci95: tuple[float, float] | None) -> str:
        if value is None or ci95 is None:
            return "not known"
        return f"{fixed(value)} ± {fixed((ci95[1] - ci95[0]) / 2)}"

    def difference(value: float | None, ci95: tuple[float, float] | None) -> str:
        if value is None or ci95 is None:
            return "not known"
        return f"{fixed(value, 3, '+')}[{fixed(ci95[0], 3, '+')}, {fixed(ci95[1], 3, '+')}]"

    if name == scenario.best_baseline:
        against = ["baseline", "baseline"]
    else:
        versus = result.versus["best_baseline"]
        against = [
            difference(versus.diff_bps, versus.ci95),
            difference(versus.reference_diff_bps, versus.reference_ci95),
        ]
    return [
        name,
        mean(result.shortfall_bps, result.ci95),
        mean(result.reference_cost_bps, result.reference_ci95),
        *against,
        fixed(result.median_bps),
        fixed(result.p95_bps),
        fixed(100 * result.completion_frac, 1),
        fixed(result.time_to_complete_s, 1),
        fixed(result.fees_bps),
        fixed(result.leakage_bps),
        fixed(result.children_per_parent, 1),
    ]


def test_every_day_is_listed_for_every_policy() -> None:
    """The dots of the plots can be read as figures, by people and by programs without a screen."""
    scenario = comparisons.comparison().scenarios[REPLAY]

    listed = [row for row in document().rows if row and row[0] == "12"][-1]

    assert ["12"] + [
        number(policy.shortfall_by_day_bps[11]) for policy in scenario.policies.values()
    ] == listed


def test_headings_carry_units() -> None:
    """A figure without a unit is a guess."""
    heading = document().row("Policy")

    assert "Shortfallbps, ± 95 %" == heading[1]
    assert "Completion%, mean of parents" == heading[7]
    assert "Time to completes" == heading[8]


def test_tags_are_balanced_and_ids_are_unique() -> None:
    """A browser forgives; a screen reader and a second plot in the same element do not."""
    found = document()

    assert [] == found.unbalanced
    assert [] == found.open
    assert len(set(found.ids)) == len(found.ids)


def test_nothing_is_loaded_from_anywhere() -> None:
    """The page must work on a desk that has no way out, years from now."""
    html = without_library(page())

    assert plotly.offline.get_plotlyjs() in page()
    assert [] == document().loads
    assert "http://" not in html
    assert "https://" not in html
    assert "@import" not in html
    assert "default-src 'none'" in html


@pytest.mark.parametrize("where", ["scenario", "description", "note", "policy", "command", "model"])
def test_a_string_is_shown_and_never_run(where: str) -> None:
    """Names and descriptions come from files that somebody else wrote."""
    honest = comparisons.scenario(n_days=3)
    result = honest
    if where == "description":
        result = msgspec.structs.replace(honest, description=EVIL)
    elif where == "note":
        result = msgspec.structs.replace(honest, notes=(EVIL,))
    elif where == "policy":
        result = comparisons.renamed(honest, "sweep", EVIL)
    comparison = only(result, EVIL if where == "scenario" else "market")
    card = comparisons.card()
    if where == "command":
        comparison = msgspec.structs.replace(comparison, command=EVIL, machine=EVIL)
    elif where == "model":
        comparison = msgspec.structs.replace(comparison, model=EVIL)
        card = msgspec.structs.replace(card, name=EVIL, trained_on=EVIL, metrics={EVIL: {}})

    sha256 = EVIL if where == "model" else SHA
    html = comparison_page(comparison, {sha256: card})
    found = Document(html)
    honest_tags = Document(comparison_page(only(honest), {SHA: comparisons.card()})).tags

    assert EVIL in found.text
    assert "<img" not in without_library(html)
    assert [] == found.unbalanced
    assert honest_tags.count("script") == found.tags.count("script")


def test_a_name_in_a_plot_is_not_formatting() -> None:
    """Plotly reads tags in its texts: a policy called `<b>x` would lose three letters."""
    comparison = only(comparisons.renamed(comparisons.scenario(n_days=2), "sweep", "<b>x"))

    figure = trade_off_figure(comparison.scenarios["market"], looks(comparison))

    assert "&lt;b&gt;x" in [trace.name for trace in figure.data]


def test_a_recorded_day_has_no_reference_price_and_the_page_says_so() -> None:
    """Null is not zero: a replay must not look free of leakage."""
    found = Document(comparison_page(only(comparisons.scenario(mode="replay", n_days=4)), {}))

    row = found.row("supervised")

    assert "not known" == row[2]
    assert "not known" == row[4]
    assert "not known" == row[10]
    assert "this market has no reference price" in found.text
    assert "one recorded day, run 4 times" in found.text
    assert "nan" not in found.text.lower().split()


def test_a_single_day_has_no_interval() -> None:
    """One day cannot say how much days differ; no claim is made from it."""
    found = Document(comparison_page(only(comparisons.scenario(n_days=1)), {}))

    row = found.row("static")

    assert row[1].endswith("± not known")
    assert row[3].endswith("interval not known")
    assert "no verdict from 1 seed" in found.text
    assert "cheaper by" not in found.text
    assert "dearer by" not in found.text


def test_a_comparison_without_baselines_is_a_page_without_differences() -> None:
    """Somebody may ask for the learned policy alone."""
    found = Document(comparison_page(only(comparisons.scenario(policies=("supervised",))), {}))

    assert "No baseline was compared" in found.text
    assert ["not known", "not known"] == found.row("supervised")[3:5]
    assert not any(name.startswith("difference-") for name in found.ids)


def test_plots_beside_each_other_have_one_scale_that_holds_everything() -> None:
    """A dot, a mean with its interval and an empty plot; each reaches somewhere else."""
    left, right, empty = (go.Figure() for _ in range(3))
    left.add_trace(go.Scatter(x=[-3.0, 1.0], y=[0, 1]))
    right.add_trace(go.Scatter(x=[2.0], y=[0], error_x={"array": [5.0], "arrayminus": [0.5]}))
    on_one_scale(left, right, empty)
    low, high = left.layout.xaxis.range

    assert (low, high) == tuple(right.layout.xaxis.range) == tuple(empty.layout.xaxis.range)
    assert -3.5 < low < -3.0
    assert 7.0 < high < 7.5


def test_an_empty_comparison_is_still_a_page() -> None:
    """Nothing to show is not an error."""
    found = Document(comparison_page(comparisons.comparison(scenarios={}), {}))

    assert [] == found.unbalanced
    assert "no policy" in found.text


def test_notes_come_before_any_figure() -> None:
    """What a result is not must be read first."""
    scenario = comparisons.comparison().scenarios[REPLAY]
    section = document().text[document().text.index(scenario.description) :]

    assert "What this is and is not" in section
    assert all(note in section for note in scenario.notes)
    assert section.index(scenario.notes[0]) < section.index("All figures")


def test_the_model_is_measured_against_the_venue_average() -> None:
    """A forecast that a table of averages could make is no reason to trade by it."""
    card = comparisons.card()
    fill = card.metrics["fill_frac"]

    row = document().row("Fill fraction, 0 to 1")

    assert ["41,208", "0.301", "0.372"] == row[1:4]
    assert f"{100 * fill['r2_vs_baseline']:.1f}" == row[4]
    assert ["−0.004", "0.412", "0.503"] == row[5:]
    assert "–" == document().row("Slippage, bps")[6]
    assert card.trained_on in document().text
    assert "calibration-0" in document().ids


def test_without_a_card_the_page_says_which_model_it_was() -> None:
    """The hash finds the model again."""
    found = Document(comparison_page(comparisons.comparison(), {}))

    assert "card was not given" in found.text
    assert str(comparisons.comparison().model) in found.text


def test_the_foot_says_how_to_make_it_again() -> None:
    """A published figure carries its command, machine, versions and state hash."""
    comparison = comparisons.comparison()
    foot = document().text[-1500:]

    assert comparison.command in foot
    assert comparison.machine in foot
    assert all(scenario.state_hash in foot for scenario in comparison.scenarios.values())
    assert re.search(r"penstock \S+, Python 3\.", foot)


def test_the_same_comparison_gives_the_same_page() -> None:
    """Two people compare their pages with `cmp`."""
    assert page() == comparison_page(comparisons.comparison(), {SHA: comparisons.card()})


def test_a_policy_keeps_its_colour_and_shape_wherever_it_stands() -> None:
    """A reader learns the colours once."""
    alone = looks(only(comparisons.scenario(n_days=2, policies=("supervised", "static"))))
    among = looks(comparisons.comparison())

    assert alone["supervised"] == among["supervised"]
    assert len(among) == len({look.colour for look in among.values()})
    assert len(among) == len({look.symbol for look in among.values()})


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "not known"),
        (float("nan"), "not known"),
        (-0.001, "0.00"),
        (-1.5, "\N{MINUS SIGN}1.50"),
        (1234.5, "1,234.50"),
    ],
)
def test_a_number_is_written_one_way(value: float | None, shown: str) -> None:
    """No minus before a zero, no nan, thousands apart."""
    assert shown == number(value)


@pytest.mark.parametrize(
    ("ci95", "said"),
    [
        ((-0.5, -0.3), "cheaper by 0.400 bps"),
        ((-0.9, 0.1), "no difference shown"),
        (None, "no difference shown"),
    ],
)
def test_a_claim_needs_an_interval_on_one_side_of_zero(
    ci95: tuple[float, float] | None, said: str
) -> None:
    """The words follow the interval, not the mean."""
    assert said == verdict(Estimate(mean=-0.4, ci95=ci95, n_days=20))


def test_a_few_days_have_no_verdict_however_narrow_their_interval() -> None:
    """Two that happen to agree would show anything: their spread is the luckiest there is."""
    difference = Estimate(mean=-1.3, ci95=(-1.31, -1.29), n_days=2)

    assert "no verdict from 2 seeds" == verdict(difference)
    assert "no verdict from 4 seeds" in printed(only(comparisons.scenario(n_days=4)))
    sentence = contrast_sentence(comparisons.scenario(n_days=4)) or ""
    assert sentence.endswith("p not given: 4 days are too few")


def test_who_leaves_much_undone_is_named() -> None:
    """The rest is charged without impact, so that doing nothing looks cheap."""
    scenario = comparisons.scenario()
    idle = msgspec.structs.replace(scenario.policies["static"], completion_frac=0.455)
    changed = msgspec.structs.replace(scenario, policies=scenario.policies | {"static": idle})

    assert "Parents are not filled by static (46%)" in printed(only(changed))
    assert "Parents are not filled" not in printed(only(scenario))


def test_a_positive_difference_is_dearer() -> None:
    """The sign convention in words."""
    assert "dearer by 0.400 bps" == verdict(Estimate(mean=0.4, ci95=(0.3, 0.5), n_days=20))


def test_a_baseline_chosen_on_the_judged_seeds_is_called_that() -> None:
    """The best of several on the judged days is flattered by luck; the reader must know."""
    chosen_here = msgspec.structs.replace(comparisons.scenario(n_days=3), baseline_seeds=())
    alone = msgspec.structs.replace(
        comparisons.scenario(n_days=3, policies=("sweep", "supervised")), baseline_seeds=()
    )

    assert "strongest on other seeds (1000000 to 1000009)" in baseline_sentence(
        comparisons.scenario(n_days=3)
    )
    assert "which flatters it" in baseline_sentence(chosen_here)
    assert "the only one compared" in baseline_sentence(alone)


def test_the_terminal_shows_each_policy_and_the_finding() -> None:
    """What a newcomer sees first, and often all they see."""
    scenario = comparisons.scenario()
    versus = scenario.policies["supervised"].versus["best_baseline"]
    assert versus.reference_ci95 is not None

    shown = printed(only(scenario))

    assert all(re.search(rf"^{name} ", shown, re.MULTILINE) for name in scenario.policies)
    assert interval(versus.reference_ci95, 3, signed=True) in shown
    assert "strongest on other seeds" in shown
    assert "cheaper by" in shown
    assert "excludes zero" in shown


def test_the_terminal_table_fits_eighty_columns() -> None:
    """A table that wraps is not read."""
    row = next(
        line
        for line in printed(only(comparisons.scenario()), width=80).splitlines()
        if line.startswith("supervised ")
    )

    assert re.search(r"\[\S+, \S+\].*\d$", row)


def test_a_name_in_brackets_is_not_markup() -> None:
    """`ibm-2013-replay[thin]` is a scenario, not a style of Rich."""
    shown = printed(comparisons.comparison())

    assert REPLAY in shown
    assert "not known" in shown


def test_each_model_has_its_card() -> None:
    """Two scenarios, two models: neither stands for the other."""
    another = msgspec.structs.replace(comparisons.card(), name="another")
    cards = {SHA: comparisons.card(), "0123456789ab": another}
    html = comparison_page(comparisons.comparison(), cards)

    assert {"calibration-0", "calibration-1"} <= set(Document(html).ids)
    assert "The models" in html
    assert "another" in html
    assert "0123456789ab" in html
