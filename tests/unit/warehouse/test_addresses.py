"""URLs of warehouses: what they say, and that a password is never told."""

import inspect
from dataclasses import fields
from types import SimpleNamespace
from typing import Any

import pytest
import redshift_connector
from dbt.adapters.redshift.connections import RedshiftCredentials

from airside.errors import UsageError
from airside.warehouse.address import Address
from airside.warehouse.redshift import RedshiftServer
from airside.warehouse.servers import open_server

ENDPOINT = "wg.123456789012.eu-west-1.redshift-serverless.amazonaws.com"


def test_every_part_of_a_url_is_read() -> None:
    address = Address.parse("postgres://me%40x:p%2Fw@db.example.org:5433/ops?sslmode=require")
    assert address.dialect == "postgres"
    assert (address.host, address.port, address.database) == ("db.example.org", 5433, "ops")
    assert (address.user, address.password) == ("me@x", "p/w")
    assert address.options == {"sslmode": "require"}
    assert str(address) == "postgresql://me@x@db.example.org:5433/ops"
    assert "p/w" not in repr(address)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "airside",
        "mysql://me:geheim@host/db",
        "postgresql://me:geheim@host",
        "postgresql://me:geheim@host/a/b",
        "postgresql://me:geheim@host:port/db",
        "redshift:///db",
    ],
)
def test_what_is_no_url_of_a_warehouse_is_refused(url: str) -> None:
    with pytest.raises(UsageError, match="write postgresql://") as refused:
        Address.parse(url)
    assert "geheim" not in str(refused.value)


def test_redshift_logs_in_by_iam_where_no_user_is_named() -> None:
    server = RedshiftServer(f"redshift://{ENDPOINT}/airside?profile=ops")
    assert server.profile == {
        "type": "redshift",
        "method": "iam_role",
        "host": ENDPOINT,
        "port": 5439,
        "dbname": "airside",
        "tcp_keepalive_idle": 60,
        "tcp_keepalive_interval": 15,
        "tcp_keepalive_count": 4,
        "sslmode": "require",
        "is_serverless": True,
        "serverless_work_group": "wg",
        "serverless_acct_id": "123456789012",
        "region": "eu-west-1",
        "iam_profile": "ops",
    }
    assert server.secrets == {}


def test_redshift_may_think_for_as_long_as_a_statement_takes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[dict[str, Any]] = []

    def connect(**arguments: Any) -> Any:
        asked.append(arguments)
        return SimpleNamespace()

    server = RedshiftServer(f"redshift://me:geheim@{ENDPOINT}/airside")
    known = inspect.signature(redshift_connector.connect).parameters.keys()
    monkeypatch.setattr(redshift_connector, "connect", connect)
    server.connect()
    (arguments,) = asked
    assert arguments.keys() <= known
    profile = server.profile
    assert profile.keys() <= {"type", "dbname", "password"} | {
        field.name for field in fields(RedshiftCredentials)
    }
    # the driver keeps this one on the socket, where it cuts off whatever takes longer
    assert "timeout" not in arguments
    assert "connect_timeout" not in profile
    for told in (arguments, profile):  # a connection in silence is forgotten on the way after 350 s
        assert told["tcp_keepalive_idle"] == 60
        assert told["tcp_keepalive_interval"] == 15
        assert told["tcp_keepalive_count"] == 4


def test_a_password_reaches_dbt_by_its_environment_alone() -> None:
    server = RedshiftServer(f"redshift://me:geheim@{ENDPOINT}/airside")
    assert server.profile["method"] == "database"
    assert "geheim" not in str(server.profile)
    assert list(server.secrets.values()) == ["geheim"]


@pytest.mark.parametrize(
    ("url", "match"),
    [
        ("redshift://localhost/airside", "workgroup and region have to be known"),
        (f"redshift://{ENDPOINT}/airside?role=x", "unknown option role"),
        (f"redshift://{ENDPOINT}/airside?iam_role=x'--", "write the role's ARN"),
    ],
)
def test_what_redshift_cannot_do_with_is_refused(url: str, match: str) -> None:
    with pytest.raises(UsageError, match=match):
        open_server(url)


def test_a_missing_extra_is_one_clear_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(UsageError, match=r"pip install 'airside\[postgres\]'"):
        open_server("postgresql://host/db")
