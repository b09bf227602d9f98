"""[[clients]] and [[drop_copies]]: what they mean, and what in them cannot be meant."""

from pathlib import Path

import pytest

from penstock.domain import ConfigError
from penstock.risk import AccountLimits, ClientLimits
from penstock.runtime.config import RouterConf
from penstock.runtime.config_check import parse_router_conf
from penstock.wire.fix import ClientRules, IdentityPart

SHIPPED = (Path(__file__).parents[3] / "conf/router.toml").read_text(encoding="utf-8")
PLAIN = SHIPPED.replace('clients = ["OMS"]', "")

FUND = """
[[clients]]
comp_id = "FUND"
max_order_shares = 10_000
max_order_usd = 1_000_000
day_usd = 50_000_000
open_orders = 200
messages_per_s = 50
away_bps = 500
symbols = ["PNSK"]
max_order_age_s = 5
max_clock_ahead_s = 1
allows_replace = false
cancel_on_disconnect = true
custom_tags = true
carries = ["account"]
keeps = ["sub_ids"]
unknown_tags = "ignore"
ignored_tags = [207, 5001]

[[clients.accounts]]
account = "A1"
day_usd = 1_000_000
"""


def conf_of(more: str, text: str = PLAIN) -> RouterConf:
    """The shipped file with something more."""
    return parse_router_conf(text + more, file="router.toml")


def problems(more: str) -> list[str]:
    """Everything that is wrong."""
    with pytest.raises(ConfigError) as caught:
        conf_of(more)
    return [str(problem) for problem in caught.value.problems]


def test_a_client_has_the_limits_of_its_table() -> None:
    """Symbols become numbers; what is left out is no limit."""
    conf = conf_of(FUND)

    assert (
        ClientLimits(
            client="FUND",
            max_order_shares=10_000,
            max_order_usd=1_000_000,
            day_usd=50_000_000,
            open_orders=200,
            messages_per_s=50,
            away_bps=500.0,
            allowed=(0,),
            accounts=(AccountLimits(account="A1", day_usd=1_000_000),),
        ),
    ) == conf.limits.clients
    assert (True, False) == (
        conf.cancels_on_disconnect("FUND"),
        conf.cancels_on_disconnect("OMS"),
    )


def test_a_client_has_the_rules_of_its_table() -> None:
    """Others have the usual ones."""
    rules = conf_of(FUND).desk_rules

    assert ClientRules(
        max_age_ns=rules.of("FUND").max_age_ns,
        max_ahead_ns=rules.of("FUND").max_ahead_ns,
        allows_replace=False,
        has_custom_tags=True,
        identity=frozenset({IdentityPart.ACCOUNT, IdentityPart.SUB_IDS}),
        unknown_tags="ignore",
        ignored_tags=frozenset({207, 5_001}),
    ) == rules.of("FUND")
    assert (5_000_000_000, 1_000_000_000) == rules.of("FUND")[:2]
    assert ClientRules() == rules.of("OMS")


@pytest.mark.parametrize(
    ("listed", "more", "ids"),
    [
        ("", "", ("OMS",)),
        ('clients = ["A", "B"]', "", ("A", "B")),
        ("", FUND, ("FUND",)),
        ('clients = ["OMS"]', FUND, ("OMS", "FUND")),
        ('clients = ["FUND"]', FUND, ("FUND",)),
        ("clients = []", FUND, ("FUND",)),
    ],
)
def test_clients_are_those_of_the_list_and_of_the_tables(
    listed: str, more: str, ids: tuple[str, ...]
) -> None:
    """A table may say more about one of the list."""
    text = SHIPPED.replace('clients = ["OMS"]', listed) if listed else PLAIN

    assert ids == conf_of(more, text).client_ids


def test_a_session_for_copies_may_log_on_and_is_no_client() -> None:
    """It has a session of its own."""
    conf = conf_of('\n[[drop_copies]]\ncomp_id = "RISK"\nclients = ["OMS"]\n')

    assert (("OMS",), ("OMS", "RISK")) == (conf.client_ids, conf.oms_sessions)
    assert ["RISK"] == conf.desk_rules.copies_of("OMS")


@pytest.mark.parametrize(
    ("more", "where", "found"),
    [
        ('[[clients]]\ncomp_id = "A"\n[[clients]]\ncomp_id = "A"', "clients", "A again"),
        ('[[clients]]\ncomp_id = "PNYA"', "clients (PNYA)", "a venue"),
        ('[[clients]]\ncomp_id = "A"\nsymbols = ["NOPE"]', "clients[0] (A).symbols", "NOPE"),
        ('[[clients]]\ncomp_id = "A"\nsymbols = []', "clients[0] (A).symbols", "none"),
        (
            '[[clients]]\ncomp_id = "A"\nsymbols = ["PNSK"]\nrestricted_symbols = ["PNSK"]',
            "clients[0] (A).symbols",
            "PNSK",
        ),
        (
            '[[clients]]\ncomp_id = "A"\nday_usd = 600_000_000',
            "clients[0] (A).day_usd",
            "600000000",
        ),
        (
            '[[clients]]\ncomp_id = "A"\nmax_order_usd = 200_000_000',
            "clients[0] (A).max_order_usd",
            "200000000",
        ),
        (
            '[[clients]]\ncomp_id = "A"\nday_usd = 5\naccounts = [{account = "X", day_usd = 6}]',
            "clients[0] (A).accounts (X).day_usd",
            "6",
        ),
        (
            '[[clients]]\ncomp_id = "A"\ncarries = []\naccounts = [{account = "X"}]',
            "clients[0] (A).accounts",
            "none of it",
        ),
        (
            '[[clients]]\ncomp_id = "A"\ncarries = ["parties"]',
            "clients[0] (A).carries",
            "parties, which PINT",
        ),
        (
            '[[clients]]\ncomp_id = "A"\nkeeps = ["account"]',
            "clients[0] (A).keeps",
            "account",
        ),
        ('[[clients]]\ncomp_id = "A"\nignored_tags = [99]', "(A).ignored_tags", "99"),
        ('[[drop_copies]]\ncomp_id = "OMS"\nclients = ["OMS"]', "(OMS).comp_id", "OMS"),
        ('[[drop_copies]]\ncomp_id = "R"\nclients = []', "(R).clients", "none"),
        ('[[drop_copies]]\ncomp_id = "R"\nclients = ["X"]', "(R).clients", "X"),
    ],
)
def test_what_cannot_be_meant_is_refused_before_anything_starts(
    more: str, where: str, found: str
) -> None:
    """With the key and what it says."""
    told = problems("\n" + more + "\n")

    assert any(where in text and found in text for text in told), told


def test_all_contradictions_come_at_once() -> None:
    """And a limit of [risk] that belongs to one client is shown its place."""
    told = problems(
        '\n[[clients]]\ncomp_id = "A"\nsymbols = ["X"]\nignored_tags = [38]\n'
        '[[drop_copies]]\ncomp_id = "R"\nclients = ["Z"]\n'
        '[[risk.clients]]\nclient = "A"\n'
    )

    assert 4 == len(told)
