"""Redshift Serverless, through redshift_connector, which dbt-redshift brings.

Files never pass through this process: COPY has Redshift read them from S3, by a manifest that
names each with its size, and with a role of its own.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from typing import Any

import redshift_connector
from redshift_connector.error import Error, InterfaceError

from airside.errors import AirsideError, UsageError
from airside.events import Feed
from airside.lake import Lake
from airside.warehouse.address import Address
from airside.warehouse.batch_document import BatchFile
from airside.warehouse.redshift_copy import (
    MANIFESTS,
    check_order,
    copy_statements,
    insert_statement,
    manifest,
)
from airside.warehouse.server import Parameters, Session, explained, unreachable

_PORT = 5439
_PASSWORD = "DBT_ENV_SECRET_AIRSIDE_WAREHOUSE_PASSWORD"  # noqa: S105 - the name of a variable
_HOST = re.compile(
    r"(?P<workgroup>[^.]+)\.(?P<account>\d{12})\.(?P<region>[^.]+)\.redshift-serverless\..+"
)
# The driver's own time-out stays on the socket and would cut off every statement that takes longer,
# so none is set: what notices a server that is gone are keep-alives, after two minutes. They are
# also what keeps a silent connection known to the network, which forgets one after 350 seconds.
_KEEPALIVE: Mapping[str, Any] = {
    "tcp_keepalive_idle": 60,
    "tcp_keepalive_interval": 15,
    "tcp_keepalive_count": 4,
}
_ROLE = re.compile(r"default|arn:[\w-]+:iam::\d{12}:role/[\w+=,.@/-]+")
_LAYOUTS = {
    "quarantine": " DISTSTYLE EVEN SORTKEY (batch_id)",
    "batches": " DISTSTYLE ALL SORTKEY (batch_id)",
    "checkpoints": " DISTSTYLE ALL",
    "removed_reasons": " DISTSTYLE ALL",
}
_FEED_LAYOUT = " DISTKEY (leg_key) SORTKEY (batch_id)"


class RedshiftServer:
    """See `Server` for what each method promises.

    Without a user in the URL it logs in by IAM, as the AWS SDK finds credentials. Options of the
    URL: `iam_role`, the ARN of the role that COPY reads the lake with (the namespace's default role
    where none is named), `workgroup`, `account` and `region` where the host does not say them, and
    `profile`, of the AWS configuration.

    Args:
        url: `redshift://…`.

    Raises:
        UsageError: An option is not understood, or the host is none of Redshift Serverless.
    """

    types: Mapping[str, str] = {
        "VARCHAR": "VARCHAR(65535)",
        "VARCHAR[]": "SUPER",
        "TIMESTAMP": "TIMESTAMP",
        "DOUBLE": "DOUBLE PRECISION",
        "INTEGER": "INTEGER",
        "BIGINT": "BIGINT",
        "BLOB": "VARBYTE(1048576)",  # a record has 1 MiB at most
    }

    def __init__(self, url: str) -> None:
        self.address = address = Address.parse(url)
        known = {"iam_role", "workgroup", "account", "region", "profile"}
        unknown = set(address.options) - known
        if unknown:
            raise UsageError(
                f"{address}: unknown option {min(unknown)}; known are {', '.join(sorted(known))}"
            )
        self._role = address.options.get("iam_role", "default")
        if not _ROLE.fullmatch(self._role):
            raise UsageError(
                f"{address}: iam_role is {self._role!r}; write the role's ARN, such as "
                "arn:aws:iam::123456789012:role/airside-copy"
            )
        match = _HOST.fullmatch(address.host or "")
        told = match.groupdict() if match else {}
        names = ("workgroup", "account", "region")
        self._place = {name: address.options.get(name, told.get(name)) for name in names}
        if not address.user and not (self._place["workgroup"] and self._place["region"]):
            raise UsageError(
                f"{address}: to log in by IAM, workgroup and region have to be known; write the "
                "whole endpoint, WORKGROUP.ACCOUNT.REGION.redshift-serverless.amazonaws.com"
            )

    @property
    def profile(self) -> dict[str, object]:
        """For dbt-redshift: by IAM, or with the user and password of the URL."""
        profile: dict[str, object] = {
            "type": "redshift",
            "host": self.address.host,
            "port": self.address.port or _PORT,
            "dbname": self.address.database,
            "sslmode": "require",
            **_KEEPALIVE,
        }
        if self.address.user:
            return profile | {
                "method": "database",
                "user": self.address.user,
                "password": f"{{{{ env_var('{_PASSWORD}', '') }}}}",
            }
        profile |= {
            "method": "iam_role",
            "is_serverless": True,
            "serverless_work_group": self._place["workgroup"],
            "region": self._place["region"],
        }
        if self._place["account"]:
            profile["serverless_acct_id"] = self._place["account"]
        if "profile" in self.address.options:
            profile["iam_profile"] = self.address.options["profile"]
        return profile

    @property
    def secrets(self) -> dict[str, str]:
        """The password, where the URL has one."""
        return {_PASSWORD: self.address.password} if self.address.password else {}

    def connect(self, *, timeout_seconds: float | None = None) -> Any:  # noqa: ANN401 - has no types
        """Open a connection; a workgroup at rest wakes first."""
        login: dict[str, Any] = {
            "user": self.address.user or "",
            "password": self.address.password or "",
        }
        if not self.address.user:
            login |= {
                "iam": True,
                "is_serverless": True,
                "serverless_work_group": self._place["workgroup"],
                "serverless_acct_id": self._place["account"],
                "region": self._place["region"],
                "profile": self.address.options.get("profile"),
            }
        try:
            connection = redshift_connector.connect(
                host=self.address.host,
                port=self.address.port or _PORT,
                database=self.address.database,
                application_name="airside",
                **_KEEPALIVE,
                **login,
            )
        except Exception as error:  # it lets errors of boto3 and of sockets through
            raise unreachable(self.address, _message(error)) from error
        connection.autocommit = True
        if timeout_seconds is not None:
            with self.translated_errors(), connection.cursor() as cursor:
                cursor.execute(f"SET statement_timeout TO {int(timeout_seconds * 1000)}")
        return connection

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Connect for the length of a block."""
        with closing(self.connect()) as connection:
            yield Session(connection, self)

    def run(self, cursor: Any, sql: str, parameters: Parameters) -> None:  # noqa: ANN401 - has no types
        """Execute a statement."""
        cursor.paramstyle = "qmark"
        cursor.execute(sql, list(parameters))

    @contextmanager
    def translated_errors(self) -> Iterator[None]:
        """Turn the driver's errors into Airside's."""
        try:
            yield
        except AirsideError:
            raise
        except InterfaceError as error:
            raise unreachable(self.address, _message(error)) from error
        except Error as error:
            raise explained(self.address, _state(error), _message(error)) from error
        except OSError as error:
            raise unreachable(self.address, str(error)) from error

    def table_options(self, table: str) -> str:
        """Legs lie together, and what a refresh takes in next lies at the end."""
        return _LAYOUTS.get(table, _FEED_LAYOUT)

    def indexes(self, feed: Feed) -> list[str]:  # noqa: ARG002 - PostgreSQL needs it
        """Redshift has none: sort keys do."""
        return []

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Wait until no other refresh runs, and keep others waiting.

        Redshift has no advisory locks: whoever holds this table's lock, in a transaction of its
        own, refreshes.
        """
        with self.session() as session:
            session.execute("CREATE SCHEMA IF NOT EXISTS staging")
            session.execute("CREATE TABLE IF NOT EXISTS staging.refreshing (nothing INTEGER)")
            with session.transaction():
                session.execute("LOCK TABLE staging.refreshing")
                yield

    def copy_in(
        self,
        session: Session,
        lake: Lake,
        *,
        table: str,
        columns: Mapping[str, str],
        files: Sequence[BatchFile],
        batch: str,
        batch_id: int,
    ) -> int:
        """Have Redshift read the files into a table of its own, then insert them with the id."""
        check_order(lake, files, list(columns))
        name = f"{MANIFESTS}/{table}/{batch}.manifest"
        with lake.publish(name) as path:
            path.write_text(manifest(lake.url, files), encoding="utf-8")
        for statement in copy_statements(
            table,
            {column: self.types[kind] for column, kind in columns.items()},
            manifest_url=f"{lake.url}/{name}",
            role=self._role,
        ):
            session.execute(statement)
        ((rows,),) = session.execute(f"SELECT count(*) FROM incoming_{table}")
        session.execute(insert_statement(table, list(columns)), [batch_id])
        session.execute(f"DROP TABLE incoming_{table}")
        return int(rows)


def _details(error: Exception) -> Mapping[str, str]:
    """What the server said, by the letters of its protocol."""
    first = error.args[0] if error.args else None
    return first if isinstance(first, dict) else {}


def _state(error: Exception) -> str | None:
    return _details(error).get("C")


def _message(error: Exception) -> str:
    return _details(error).get("M") or str(error)
