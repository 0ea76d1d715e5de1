"""Settings: which layer wins, where a value is from, and what is refused with which words."""

import runpy
from pathlib import Path
from typing import Any

import pytest

from airside.errors import UsageError
from airside.settings import Effective, environment_variable, fields, load

ROOT = Path(__file__).parents[2]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def effective(
    toml: str | None = None, environment: dict[str, str] | None = None, **overrides: Any
) -> Effective:
    """Put settings together; `section__name` is a setting in a section."""
    if toml is not None:
        Path("airside.toml").write_text(toml, encoding="utf-8")
    named = {name.replace("__", "."): value for name, value in overrides.items()}
    return load(named, environment or {})


def test_defaults_need_nothing() -> None:
    found = effective()
    assert found.settings.data_dir == Path("airside-data")
    assert found.settings.silver.window_seconds == 1
    assert (found.settings.bronze.cut_seconds, found.settings.bronze.cut_bytes) == (60, 5_000_000)
    assert set(found.origins.values()) == {"default"}
    assert list(found.origins) == [name for name, _ in fields()]


TOML = "[silver]\nwindow_seconds = 2"
ENVIRONMENT = {"AIRSIDE_SILVER__WINDOW_SECONDS": "3"}


@pytest.mark.parametrize(
    ("layers", "value", "origin"),
    [
        ({}, 1, "default"),
        ({"toml": TOML}, 2, "airside.toml"),
        ({"toml": TOML, "environment": ENVIRONMENT}, 3, "AIRSIDE_SILVER__WINDOW_SECONDS"),
        ({"environment": ENVIRONMENT, "silver__window_seconds": 4}, 4, "command line"),
        ({"toml": TOML, "silver__window_seconds": 4}, 4, "command line"),
        (
            {"toml": TOML, "environment": ENVIRONMENT, "silver__window_seconds": 4},
            4,
            "command line",
        ),
        (
            {"toml": TOML, "environment": ENVIRONMENT, "silver__window_seconds": None},
            3,
            "AIRSIDE_SILVER__WINDOW_SECONDS",
        ),
        ({"toml": TOML, "environment": {"AIRSIDE_SILVER__WINDOW_SECONDS": ""}}, 2, "airside.toml"),
    ],
)
def test_later_layers_win_and_are_named(layers: dict[str, Any], value: float, origin: str) -> None:
    found = effective(**layers)
    assert found.settings.silver.window_seconds == value
    assert found.origins.pop("silver.window_seconds") == origin
    assert set(found.origins.values()) == {"default"}


def test_layers_are_merged_setting_by_setting() -> None:
    found = effective(
        toml='data_dir = "there"\n[stream]\nshards = 3\nretention_hours = 48',
        environment={"AIRSIDE_STREAM__RETENTION_HOURS": "72"},
        data_dir="here",
    )
    assert found.settings.data_dir == Path("here")
    assert found.settings.stream.shards == 3
    assert found.settings.stream.retention_hours == 72


def test_the_file_may_be_named(folder: Path) -> None:
    (folder / "other.toml").write_text("[stream]\nshards = 9")
    found = effective("[stream]\nshards = 3", {"AIRSIDE_CONFIG": "other.toml"})
    assert found.settings.stream.shards == 9
    assert found.origins["stream.shards"] == "other.toml"
    assert effective(environment={"AIRSIDE_CONFIG": ""}).settings.stream.shards == 3


def test_the_process_environment_is_the_default(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIRSIDE_STREAM__SHARDS", "7")
    assert load({}).settings.stream.shards == 7


def test_settings_cannot_be_changed_afterwards() -> None:
    with pytest.raises(ValueError, match="frozen"):
        effective().settings.stream.shards = 2  # type: ignore[misc] # what must not be


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (
            {"toml": "[stream]\nshard = 3"},
            r"unknown setting stream\.shard \(airside\.toml\); did you mean stream\.shards\?",
        ),
        (
            {"toml": "[silvr]\nwindow_seconds = 3"},
            r"unknown setting silvr\.window_seconds .* did you mean silver\.window_seconds\?",
        ),
        ({"toml": "[silvr]"}, r"unknown setting silvr \(airside\.toml\)"),
        ({"toml": "silver = 3"}, r"unknown setting silver \(airside\.toml\)"),
        ({"toml": "[[silver]]\nwindow_seconds = 3"}, r"unknown setting silver "),
        (
            {"environment": {"AIRSIDE_STREAM_SHARDS": "3"}},
            r"unknown setting stream_shards \(AIRSIDE_STREAM_SHARDS\); did you mean stream\.shards",
        ),
        (
            {"environment": {"AIRSIDE_SPEED_OF_LIGHT": "3"}},
            r"unknown setting speed_of_light .*; `airside config` lists all settings",
        ),
        (
            {"data_dri": "x"},
            r"unknown setting data_dri \(command line\); did you mean data_dir\?",
        ),
    ],
)
def test_an_unknown_name_is_refused_in_every_layer(layers: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        effective(**layers)


@pytest.mark.parametrize(
    ("toml", "message"),
    [
        ("[stream]\nshards = 0", r"stream\.shards \(airside\.toml\) is 0: .* or equal to 1"),
        ("[stream]\nshards = 513", r"stream\.shards .* is 513: .*less than or equal to 512"),
        ("[stream]\nshards = 2.5", r"stream\.shards .* is 2\.5: .*valid integer"),
        ("[stream]\nshards = true", r"stream\.shards .* is True: .*not be true or false"),
        ("[stream]\nshards = [1]", r"stream\.shards .* is \[1\]: .*valid integer"),
        ("[stream]\nshards = 'x'", r"stream\.shards .* is 'x': .*valid integer"),
        ("[silver]\nwindow_seconds = 0", r"silver\.window_seconds .* is 0: .*greater than 0"),
        ("[silver]\nwindow_seconds = nan", r"silver\.window_seconds .* is nan: .*finite"),
        ("[silver]\nwindow_seconds = inf", r"silver\.window_seconds .* is inf: .*finite"),
        ("[silver]\nwindow_seconds = '60s'", r"silver\.window_seconds .* is '60s': .*number"),
        ("[silver.window_seconds]\nx = 1", r"silver\.window_seconds .* is \{'x': 1\}: .*number"),
        ("[silver]\nmax_batch_bytes = 1073741825", r"max_batch_bytes .*less than or equal"),
        ("[simulator]\nmess = 'Typical'", r"simulator\.mess .* is 'Typical': .* mean typical\?"),
        ("[simulator]\nmess = 'x'", r"is 'x': input should be 'none', 'typical' or 'hostile'$"),
        ("[simulator]\nseed = -1", r"simulator\.seed .* is -1: .*or equal to 0"),
        ("[simulator.mess_rates]\nlate = 'x'", r"simulator\.mess_rates\.late .* is 'x': "),
        ("[simulator.mess_rates]\nlate = true", r"simulator\.mess_rates\.late .* is True: "),
        ("[warehouse]\nmemory_limit = 'lots'", r"is 'lots': not understood; .* example 700MB"),
        ("[warehouse]\nmemory_limit = '0MB'", r"memory_limit .* is '0MB': not understood"),
        ("[warehouse]\nmemory_limit = 700", r"memory_limit .* is 700: .*valid string"),
        ("data_dir = 5", r"setting data_dir \(airside\.toml\) is 5: "),
        ("[silver]\ndedupe_horizon_hours = 2.4e10", r"dedupe_horizon_hours .*less than or equal"),
        ("[ledger]\nkeep_attempts = 99", r"ledger\.keep_attempts .* or equal to 100"),
    ],
)
def test_a_wrong_value_is_refused_with_its_place(toml: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        effective(toml)


@pytest.mark.parametrize(
    ("layers", "origin"),
    [
        ({"environment": {"AIRSIDE_STREAM__SHARDS": "x"}}, "AIRSIDE_STREAM__SHARDS"),
        ({"stream__shards": "x"}, "command line"),
        ({"toml": "[stream]\nshards = 2", "stream__shards": "x"}, "command line"),
    ],
)
def test_a_wrong_value_names_its_layer(layers: dict[str, Any], origin: str) -> None:
    with pytest.raises(UsageError, match=rf"stream\.shards \({origin}\) is 'x'"):
        effective(**layers)


@pytest.mark.parametrize(
    "host", ["ops..example.org", ".example.org", "x" * 64 + ".example.org", "ops.example.org.."]
)
def test_a_webhook_whose_host_cannot_be_is_refused_without_telling_it(host: str) -> None:
    address = f"https://{host}/swordfish"
    with pytest.raises(UsageError, match=r"webhook_url .* hidden .*, with a host and a port") as no:
        effective(alerts__webhook_url=address)
    assert "swordfish" not in str(no.value)


@pytest.mark.parametrize(
    "host", ["ops", "ops.example.org.", "192.0.2.7:8080", "[2001:db8::1]:443", "x" * 63 + ".org"]
)
def test_a_webhook_may_be_at_any_host_there_can_be(host: str) -> None:
    url = effective(alerts__webhook_url=f"https://{host}/x").settings.alerts.webhook_url
    assert url is not None
    assert url.get_secret_value() == f"https://{host}/x"


def test_rates_are_given_one_by_one() -> None:
    found = effective("[simulator.mess_rates]\nlate = 0.1\nlate_seconds = 30")
    assert found.settings.simulator.mess_rates == {"late": 0.1, "late_seconds": 30}
    found = effective(environment={"AIRSIDE_SIMULATOR__MESS_RATES": '{"duplicates": 0.5}'})
    assert found.settings.simulator.mess_rates == {"duplicates": 0.5}
    with pytest.raises(UsageError, match=r"is 'much': .*; write for example \{\"duplicates\""):
        effective(environment={"AIRSIDE_SIMULATOR__MESS_RATES": "much"})


@pytest.mark.parametrize("content", [b"x ==", b"\xff\xfe", b"[a]\n[a]"])
def test_a_file_that_is_not_toml(folder: Path, content: bytes) -> None:
    (folder / "airside.toml").write_bytes(content)
    with pytest.raises(UsageError, match=r"airside\.toml cannot be read: .*; mend it or move it"):
        effective()


def test_a_named_file_that_is_not_there() -> None:
    with pytest.raises(UsageError, match=r"gone\.toml cannot be read: .*No such file"):
        effective(environment={"AIRSIDE_CONFIG": "gone.toml"})


def test_every_setting_is_described_and_reachable() -> None:
    variables = set()
    for name, info in fields():
        assert info.description, name
        variables.add(environment_variable(name))
    assert len(variables) == len(list(fields()))
    for variable in variables:
        effective(environment={variable: ""})
        with pytest.raises(UsageError, match=variable):
            effective(environment={f"{variable}_": "x"})


def test_the_page_is_as_the_settings_are() -> None:
    script = ROOT / "docs" / "settings_page.py"
    page = runpy.run_path(str(script))["page"]()
    written = (ROOT / "docs" / "settings.md").read_text(encoding="utf-8")
    assert written == page, "docs/settings.md is stale: run `python docs/settings_page.py`"
    assert all(f"| `{name}` |" in page for name, _ in fields())
