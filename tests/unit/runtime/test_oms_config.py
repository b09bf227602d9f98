"""What the scripted OMS may be told."""

from __future__ import annotations

from pathlib import Path

import pytest

from penstock.domain import ConfigError
from penstock.runtime import OmsConf, read_oms_conf
from tests.tidy.rules import ROOT


def read(tmp_path: Path, *lines: str) -> OmsConf:
    """A file with these settings."""
    path = tmp_path / "oms.toml"
    path.write_text("\n".join(["[oms]", *lines]), encoding="utf-8")
    return read_oms_conf(path)


def test_the_shipped_configuration_is_sound() -> None:
    """It trades what the shipped router and venues trade."""
    assert "PNSK" == read_oms_conf(ROOT / "conf" / "oms.toml").oms.symbol


@pytest.mark.parametrize(
    ("line", "where"),
    [
        ("parent = 5", "oms.parent"),
        ('parents = "5"', "oms.parents"),
        ("parents = 0", "oms.parents"),
        ("rate_per_s = 0.0", "oms.rate_per_s"),
        ("urgency_frac = 1.01", "oms.urgency_frac"),
        ('objective = "fast"', "oms.objective"),
        ('comp_id = "a b"', "oms.comp_id"),
        ('router = "nowhere"', "oms.router"),
        ('router = "localhost:70000"', "oms.router"),
        ("size_min_shares = 5_000", "oms.size_min_shares"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, line: str, where: str) -> None:
    """Every key, every type and every range."""
    with pytest.raises(ConfigError) as caught:
        read(tmp_path, 'symbol = "PNSK"', line)

    assert [f"{tmp_path}/oms.toml: {where}"] == [p.where for p in caught.value.problems]


def test_what_is_traded_must_be_said(tmp_path: Path) -> None:
    """No security is a default."""
    with pytest.raises(ConfigError, match=r"oms\.symbol"):
        read(tmp_path)


def test_a_file_that_is_not_there_is_an_error_with_an_example(tmp_path: Path) -> None:
    """The most common mistake of all."""
    with pytest.raises(ConfigError, match=r"start from conf/oms\.toml"):
        read_oms_conf(tmp_path / "none.toml")
