"""Settings: frozen, checked, and each with a known origin.

The only module that reads the environment and `airside.toml`. A value comes from, in rising order:
the default here, `airside.toml` in the working directory (or the file that `AIRSIDE_CONFIG`
names), the environment (`AIRSIDE_SILVER__WINDOW_SECONDS=60`; an empty variable is not set), the
command line.
"""

import difflib
import json
import os
import re
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_origin
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    SecretStr,
    ValidationError,
    field_validator,
)
from pydantic.fields import FieldInfo

from airside.errors import UsageError

_CREDENTIALS = re.compile(r"//[^/\s]*@")
"""What stands before the host of an address."""
ENVIRONMENT_PREFIX = "AIRSIDE_"
CONFIG_VARIABLE = "AIRSIDE_CONFIG"
CONFIG_FILE = "airside.toml"

Seconds = Annotated[float, Field(gt=0, le=31_536_000)]  # a year: nobody means more
MessPreset = Literal["none", "typical", "hostile"]
Access = Literal["guarded", "open"]


def _true_is_not_one(value: object) -> object:
    """No setting is a truth value, and pydantic would take one for a number."""
    if isinstance(value, bool):
        raise ValueError("input should not be true or false")  # noqa: TRY004 - pydantic's way
    return value


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)

    _no_truth = field_validator("*", mode="before")(_true_is_not_one)


class SimulatorSettings(_Section):
    """`airside simulate`, and the simulator that `airside up` starts."""

    airport: str = Field("AMD", description="IATA code of the hub")
    flights_per_day: int = Field(
        600, ge=2, le=1_000_000, description="Departures and arrivals of a day"
    )
    seed: int = Field(1, ge=0, description="The same seed gives the same bytes")
    time_compression: float = Field(60, gt=0, description="Simulated seconds in a real second")
    telemetry_seconds: int = Field(
        60, ge=1, le=3_600, description="Simulated time between positions"
    )
    mess: MessPreset = Field("typical", description="How dirty the records are")
    mess_rates: dict[str, Annotated[int | float, BeforeValidator(_true_is_not_one)]] = Field(
        default_factory=dict,
        description="Single rates that differ from the preset's; JSON in the environment",
        examples=['{"duplicates": 0.1}'],
    )


class StreamSettings(_Section):
    """The stream."""

    url: str | None = Field(
        None,
        pattern=r"^kinesis://[a-zA-Z0-9_.-]{1,128}$",
        examples=["kinesis://airside"],
        description="A Kinesis data stream instead of the embedded one",
    )
    on_gap: Literal["stop", "skip"] = Field(
        "stop", description="What to do where Kinesis may have dropped records unread"
    )
    shards: int = Field(1, ge=1, le=512, description="Shards of a new embedded stream")
    retention_hours: float = Field(
        24,
        gt=0,
        description="Records that every consumer has read are kept so long on the embedded stream",
    )
    max_bytes: int = Field(
        10_000_000_000,
        ge=1_000_000,
        description="The embedded stream holds at most so much; full, it takes no more records",
    )
    patience_seconds: float = Field(
        3_600, ge=0, description="simulate, replay and ingest wait so long for room on a full one"
    )


def _without_credentials(value: str) -> str:
    """An address that may be shown and remembered."""
    if "@" in value.partition("://")[2].partition("/")[0]:
        raise ValueError("input should hold no keys; they come from where AWS' own tools take them")
    return value


class LakeSettings(_Section):
    """Archive, cleaned rows and exports, as files."""

    url: Annotated[str, AfterValidator(_without_credentials)] | None = Field(
        None,
        description="s3://bucket/prefix, or a folder; the data directory where none is named",
        examples=["s3://my-bucket/airside"],
    )


class BronzeSettings(_Section):
    """The archive."""

    cut_seconds: Seconds = Field(60, description="A file is cut at this age …")
    cut_bytes: int = Field(5_000_000, ge=1, description="… or at this size, as stored")
    keep_days: float | None = Field(
        None,
        gt=0,
        description="The archive is kept so long; for ever where not set",
        examples=["400"],
    )


class SilverSettings(_Section):
    """The transform."""

    window_seconds: Seconds = Field(1, description="Micro-batch trigger")
    # More clean ones than a row group of DuckDB has: they go into its file without its log.
    max_batch_records: int = Field(135_000, ge=1, description="A batch holds at most so many …")
    max_batch_bytes: int = Field(
        134_217_728, ge=1, le=1_073_741_824, description="… and so many bytes"
    )
    dedupe_horizon_hours: float = Field(
        24, gt=0, le=10_000_000, description="An event_id seen again within it is a duplicate"
    )
    dedupe_max_ids: int = Field(5_000_000, ge=1, description="So many ids are remembered")
    keep_days: float | None = Field(
        None,
        gt=0,
        description="Files of cleaned rows are kept so long; for ever where not set",
        examples=["400"],
    )
    quarantine_days: float | None = Field(
        None,
        gt=0,
        description="Files of refused records are kept so long; for ever where not set",
        examples=["90"],
    )


class WarehouseSettings(_Section):
    """The embedded warehouse, and one on a server beside it."""

    threads: int = Field(2, ge=1, description="Worker threads of DuckDB")
    memory_limit: str = Field(
        "512MB",
        pattern=r"^[1-9]\d*(\.\d+)?\s*[KMGT]i?B$",
        examples=["700MB", "1.5 GiB"],
        description="DuckDB's share of memory; beyond it, it spills to disk",
    )
    url: SecretStr | None = Field(
        None,
        description="A warehouse on PostgreSQL or Redshift, to refresh and to ask",
        examples=["postgresql://airside@db.example.org/airside"],
    )
    timeout_seconds: Seconds = Field(60, description="A question to a server may take so long")
    staging_days: float | None = Field(
        None,
        gt=0,
        description="Staging keeps rows so long after loading; for ever where not set",
        examples=["30"],
    )
    batch_hours: float = Field(
        48,
        ge=1,
        description="The embedded one accounts for single batches so long, then for hours",
    )
    wal_bytes: int = Field(
        25_000_000,
        ge=1_000_000,
        description="At this size its write-ahead log is merged into the file beside loading;"
        " at ten times, before anything more is loaded",
    )


class GoldSettings(_Section):
    """The star schema."""

    refresh_seconds: Seconds = Field(5, description="How often gold is refreshed")
    export_seconds: Seconds = Field(
        60, description="How often gold/*.parquet is written, in a twentieth of the time at most"
    )
    live_departure_minutes: int = Field(
        180, gt=0, description="A scheduled flight is live this near its departure"
    )
    live_landed_minutes: int = Field(30, gt=0, description="A landed flight stays live so long")
    live_stale_minutes: int = Field(
        360, gt=0, description="A flight unheard of for so long is not live"
    )
    turnaround_cutoff_minutes: int = Field(
        180, gt=0, description="A stay this long is not a turnaround"
    )


def _web_address(value: SecretStr) -> SecretStr:
    """An address that alerts can be sent to.

    What the client would stumble over later is refused here: its errors repeat the address, which
    may hold a secret, and go where everybody can read them.
    """
    text = value.get_secret_value()
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("input should be of ASCII characters without blanks")
    try:
        url = urlsplit(text)
        _ = url.port
        (url.hostname or "").encode("idna")  # as the system is asked for it
    except ValueError:
        raise ValueError("input should be an address, with a host and a port that exist") from None
    if url.scheme not in {"http", "https"} or not url.hostname:
        raise ValueError("input should be an address that starts with https:// or http://")
    if "@" in url.netloc:
        raise ValueError("input should hold no user and password; put a secret into its path")
    return value


def _listed(value: object) -> object:
    """The environment has only text: a list of names is written with commas."""
    return tuple(name.strip() for name in value.split(",")) if isinstance(value, str) else value


class DashboardSettings(_Section):
    """The page and the API."""

    host: str = Field("127.0.0.1", description="Address to listen on; beyond it, see token")
    port: int = Field(8080, ge=0, le=65535, description="Port to listen on; 0 takes a free one")
    token: SecretStr | None = Field(
        None,
        description="Secret that page, API and stream ask for; at least 16 characters",
        examples=["f3a91c…"],
    )
    access: Access = Field(
        "guarded",
        description="open lets everybody who can connect in, without a token, also from afar",
    )
    allowed_hosts: Annotated[tuple[str, ...], BeforeValidator(_listed)] = Field(
        (),
        description="Names by which browsers may call the server, beside localhost",
        examples=["ops.example.org, wall.example.org"],
    )
    airport: str | None = Field(
        None,
        pattern="^[A-Z]{3}$",
        description="The hub that the page shows; the busiest where none is named",
        examples=["AMD"],
    )
    poll_seconds: Seconds = Field(
        0.25, description="How often to look for new data of another process"
    )
    min_push_seconds: Seconds = Field(0.2, description="Least time between updates of the page")
    max_viewers: int = Field(500, ge=1, description="Open pages at once")
    max_body_bytes: int = Field(
        8_388_608, ge=1024, description="Largest body of a request that brings events"
    )
    max_backlog_records: int = Field(
        1_000_000, ge=1, description="With more records waiting, no further ones are taken"
    )
    max_backlog_seconds: Seconds = Field(
        3_600,
        description="On Kinesis, which cannot count them: no further ones with some waiting longer",
    )


class AlertSettings(_Section):
    """What to be alerted to; 0 switches a rule off."""

    every_seconds: Seconds = Field(10, description="How often the rules are looked at")
    airline_delay_minutes: float = Field(
        60, ge=0, description="An airline's mean departure delay over 24 hours of event time …"
    )
    airline_delay_flights: int = Field(5, ge=1, description="… of at least so many departures")
    security_wait_minutes: float = Field(
        60, ge=0, description="Wait at security for an active flight"
    )
    quarantine_share: float = Field(
        0.2, ge=0, le=1, description="Share of refused records in the last 15 minutes"
    )
    lag_seconds: float = Field(60, ge=0, description="Age of the oldest record not yet cleaned")
    silent_minutes: float = Field(
        15,
        ge=0,
        lt=1_440,
        description="Time since a source system was last heard; one is forgotten after a day",
    )
    schema_drift: float = Field(
        0.05,
        ge=0,
        le=1,
        description="Share of a source's records with a field or type that it did not send before",
    )
    keep: int = Field(1_000, ge=1, description="So many alerts are kept")
    webhook_url: Annotated[SecretStr, AfterValidator(_web_address)] | None = Field(
        None,
        description="Alerts are POSTed here as JSON, when they begin and when they end",
        examples=["https://ops.example.org/hooks/airside"],
    )


class LedgerSettings(_Section):
    """The ledger."""

    keep_attempts: int = Field(10_000, ge=100, description="Attempts kept of each stage")


class UpkeepSettings(_Section):
    """What the pipeline does by itself so that nothing grows without bound."""

    every_seconds: Seconds = Field(60, description="How often it looks for something to do")
    compaction: Literal["hourly", "never"] = Field(
        "hourly", description="When the small files of past hours are merged"
    )


class Settings(_Section):
    """Everything that can be set."""

    data_dir: Path = Field(Path("airside-data"), description="Where everything is kept")
    simulator: SimulatorSettings = SimulatorSettings()
    stream: StreamSettings = StreamSettings()
    lake: LakeSettings = LakeSettings()
    bronze: BronzeSettings = BronzeSettings()
    silver: SilverSettings = SilverSettings()
    warehouse: WarehouseSettings = WarehouseSettings()
    gold: GoldSettings = GoldSettings()
    ledger: LedgerSettings = LedgerSettings()
    upkeep: UpkeepSettings = UpkeepSettings()
    dashboard: DashboardSettings = DashboardSettings()
    alerts: AlertSettings = AlertSettings()


class Effective(BaseModel):
    """Settings, and where each value comes from."""

    model_config = ConfigDict(frozen=True)

    settings: Settings
    origins: dict[str, str]
    """Dotted name → `default`, the file, the environment variable, or `command line`."""


def load(overrides: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Effective:
    """Put the settings together.

    Args:
        overrides: Dotted names and values from the command line; None means not given.
        environment: Instead of the process's own, for tests.

    Raises:
        UsageError: A name is unknown or a value is wrong; says which, where, and what would do.
    """
    environment = os.environ if environment is None else environment
    values: dict[str, Any] = {}
    origins: dict[str, str] = {}
    for origin, name, value in _layers(overrides, environment):
        _check_name(name, origin)
        values[name] = value
        origins[name] = origin
    try:
        settings = Settings.model_validate(_nested(values))
    except ValidationError as error:
        raise UsageError(_explain(error, values, origins)) from None
    return Effective(
        settings=settings,
        origins={name: origins.get(name, "default") for name, _ in fields()},
    )


def fields() -> Iterator[tuple[str, FieldInfo]]:
    """Every setting's dotted name and definition, in order."""
    for name, info in Settings.model_fields.items():
        section = info.annotation
        if isinstance(section, type) and issubclass(section, _Section):
            for key, inner in section.model_fields.items():
                yield f"{name}.{key}", inner
        else:
            yield name, info


def environment_variable(name: str) -> str:
    """The environment variable that sets a dotted name."""
    return ENVIRONMENT_PREFIX + name.replace(".", "__").upper()


def _layers(
    overrides: Mapping[str, Any], environment: Mapping[str, str]
) -> Iterator[tuple[str, str, Any]]:
    """Give (origin, dotted name, value), later ones winning."""
    named = environment.get(CONFIG_VARIABLE)
    path = Path(named or CONFIG_FILE)
    if named or path.is_file():
        try:
            document = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise UsageError(f"{path} cannot be read: {error}; mend it or move it away") from error
        for name, value in _flat(document):
            yield str(path), name, value
    known = {environment_variable(name): name for name, _ in fields()}
    for variable, value in sorted(environment.items()):
        if variable.startswith(ENVIRONMENT_PREFIX) and variable != CONFIG_VARIABLE and value:
            fallback = variable.removeprefix(ENVIRONMENT_PREFIX).replace("__", ".").lower()
            name = known.get(variable, fallback)
            yield variable, name, _from_text(name, value)
    for name, value in overrides.items():
        if value is not None:
            yield "command line", name, value


def _from_text(name: str, text: str) -> object:
    """A table of values is JSON in the environment; what is not is refused with all the rest."""
    definition = dict(fields()).get(name)
    if definition is None or get_origin(definition.annotation) is not dict:
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text


def _flat(document: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for name, value in document.items():
        if isinstance(value, dict) and (value or name in Settings.model_fields):
            for key, inner in value.items():
                yield f"{name}.{key}", inner
        else:
            yield name, value


def _nested(values: Mapping[str, Any]) -> dict[str, Any]:
    document: dict[str, Any] = {}
    for name, value in values.items():
        section, _, key = name.rpartition(".")
        (document.setdefault(section, {}) if section else document)[key] = value
    return document


def _check_name(name: str, origin: str) -> None:
    known = [known for known, _ in fields()]
    if name in known:
        return
    near = difflib.get_close_matches(name, known, n=1)
    hint = f"did you mean {near[0]}?" if near else "`airside config` lists all settings"
    raise UsageError(f"unknown setting {name} ({origin}); {hint}")


def _explain(error: ValidationError, values: Mapping[str, Any], origins: Mapping[str, str]) -> str:
    first = error.errors()[0]
    location = [str(part) for part in first["loc"]]
    name = next((n for n in (".".join(location[:2]), location[0]) if n in values), location[0])
    inner = location[len(name.split(".")) :][:1]  # what follows are names of types
    where = ".".join([name, *inner])
    message = first["msg"].removeprefix("Value error, ")
    message = message[0].lower() + message[1:]
    if first["type"] == "string_pattern_mismatch":
        message = "not understood"  # the pattern says little to most people
    definition = dict(fields())[name]
    choices = [str(choice) for choice in get_args(definition.annotation)]
    near = difflib.get_close_matches(str(values.get(name)), choices, n=1)
    hint = f"; did you mean {near[0]}?" if near else ""
    if definition.examples:
        hint = f"; write for example {definition.examples[0]}"
    seen = (
        "hidden here"
        if _is_secret(definition.annotation)
        else _CREDENTIALS.sub("//…@", repr(first["input"]))
    )
    return f"setting {where} ({origins.get(name, 'default')}) is {seen}: {message}{hint}"


def _is_secret(annotation: object) -> bool:
    """Whether values of a type must not be shown, not even where they are wrong."""
    return annotation is SecretStr or any(map(_is_secret, get_args(annotation)))
