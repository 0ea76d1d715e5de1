"""Checks the image without a container engine: `make check-image`.

The Dockerfile is linted by hadolint and held to rules of its own; then the steps of its build
stage are run, as they stand, in a temporary root in place of `/`; and what they make is tried as
the image would run it, writing nothing but the data directory and `/tmp`. What
needs an engine stays unproven: the base image and the system commands of the last stage.
"""

import contextlib
import fnmatch
import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from dockerfile_parse import DockerfileParser

ROOT = Path(__file__).parents[1]
DOCKERFILE = ROOT / "docker" / "Dockerfile"
UID = 10001
_OURS = ("/src", "/opt/airside", "/opt/builder", "/dist")
"""Paths of the build stage that are made in the temporary root."""
_TOKEN = "a-token-for-the-check-alone"  # noqa: S105 - of no use elsewhere
Step = tuple[str, str]


class CheckError(Exception):
    """What is wrong, in one line."""


def main() -> None:
    """Run every check; ends with exit code 1 and one line where one fails."""
    folder = Path(tempfile.mkdtemp(prefix="airside-image-"))
    try:
        _say("hadolint")
        _run([str(Path(sys.executable).with_name("hadolint")), str(DOCKERFILE)], ROOT)
        build, final = _stages()
        _say("rules")
        _check_rules(build, final)
        _say("the build stage's steps, in a temporary root")
        _build(build, folder)
        _say("the result, as the image runs it")
        _try(folder)
    except CheckError as error:
        sys.exit(f"check-image: {error}")
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    _say("all is well")


def _say(text: str) -> None:
    sys.stderr.write(f"check-image: {text}\n")


def _stages() -> tuple[list[Step], list[Step]]:
    """The instructions of the two stages."""
    parser = DockerfileParser(path=str(DOCKERFILE))
    stages: list[list[Step]] = []
    for each in parser.structure:
        if each["instruction"] == "FROM":
            stages.append([])
        if stages and each["instruction"] != "COMMENT":
            stages[-1].append((each["instruction"], each["value"]))
    if len(stages) != 2:
        raise CheckError(f"expected two stages, found {len(stages)}")
    return stages[0], stages[1]


def _check_rules(build: list[Step], final: list[Step]) -> None:
    text = DOCKERFILE.read_text(encoding="utf-8")
    last = dict(final)
    rules = {
        "the base is pinned to a patch release": re.search(
            r"^ARG BASE=python:3\.\d+\.\d+-slim-\w+$", text, re.MULTILINE
        ),
        "both stages have the same base": build[0][1] == "${BASE} AS build"
        and final[0][1] == "${BASE}",
        "a number says who runs it": re.fullmatch(r"[1-9]\d*:[1-9]\d*", last.get("USER", "")),
        "the entry point is in exec form": json.loads(last["ENTRYPOINT"]) == ["airside"],
        "the command is in exec form": json.loads(last["CMD"]),
        "there is a health check, without curl": "CMD [" in last.get("HEALTHCHECK", "")
        and "curl" not in last["HEALTHCHECK"],
        "nothing is fetched by ADD": not re.search(r"^ADD\b", text, re.MULTILINE),
        "whatever is installed has a hash": text.count("--require-hashes") == 2
        and len(re.findall(r"pip (?:install|wheel)", text)) - text.count("--no-index") == 3,
    }
    for rule, holds in rules.items():
        if not holds:
            raise CheckError(f"docker/Dockerfile breaks a rule: {rule}")
    for command in _copies(build):
        for source in command[:-1]:
            if not (ROOT / source).exists():
                raise CheckError(f"COPY {source}: there is no such file")
            if not _in_context(source):
                raise CheckError(f"COPY {source}: .dockerignore keeps it out")


def _copies(stage: list[Step]) -> list[list[str]]:
    return [v.split() for i, v in stage if i == "COPY" and not v.startswith("--from")]


def _in_context(path: str) -> bool:
    """Whether .dockerignore lets a path in: its last line that fits decides."""
    inside = True
    for line in (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines():
        if not line or line.startswith("#"):
            continue
        pattern = line.removeprefix("!")
        folders = [path, *(str(parent) for parent in Path(path).parents)]
        if any(
            fnmatch.fnmatch(f, pattern) or fnmatch.fnmatch(f"/{f}", pattern.replace("**", "*", 1))
            for f in folders
        ):
            inside = line.startswith("!")
    return inside


def _build(stage: list[Step], folder: Path) -> None:
    """Do what an engine would, with `folder` for `/`."""
    tools = folder / "bin"
    tools.mkdir()
    (tools / "python").symlink_to(Path(sys.base_prefix, "bin", f"python{_version()}"))
    # A machine's own mirrors, proxies and certificates go along.
    environment = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("AIRSIDE_", "PYTHON", "VIRTUAL_ENV"))
    } | {"PATH": f"{tools}:/usr/local/bin:/usr/bin:/bin"}
    here = folder
    for instruction, value in stage:
        if instruction == "ENV":
            environment |= dict(pair.split("=", 1) for pair in value.split())
        elif instruction == "WORKDIR":
            here = Path(_inside(value, folder))
            here.mkdir(parents=True)
        elif instruction == "COPY":
            *sources, target = value.split()
            _copy(sources, here / _inside(target, folder), is_folder=target.endswith("/"))
        elif instruction == "RUN":
            _run(["/bin/sh", "-ec", _inside(value, folder)], here, environment)


def _version() -> str:
    return f"{sys.version_info.major}.{sys.version_info.minor}"


def _inside(text: str, folder: Path) -> str:
    return re.sub(rf"(?<![\w/])({'|'.join(_OURS)})\b", lambda found: f"{folder}{found[1]}", text)


def _copy(sources: list[str], target: Path, *, is_folder: bool) -> None:
    for source in sources:
        path = ROOT / source
        if path.is_dir():
            shutil.copytree(
                path,
                target,
                ignore=lambda top, names: {
                    name
                    for name in names
                    if not _in_context(str(Path(top, name).relative_to(ROOT)))
                },
            )
        else:
            into = target / path.name if is_folder or len(sources) > 1 else target
            into.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, into)


def _try(folder: Path) -> None:
    """Run what was made: every command's help, records end to end, the health check, SIGTERM."""
    home, data, scratch = folder / "opt" / "airside", folder / "data", folder / "tmp"
    _make_ready(folder, home, data, scratch)
    before = _state(home)
    environment = {
        "PATH": f"{home}/bin:/usr/bin:/bin",
        "HOME": str(data),
        "TMPDIR": str(scratch),
        "PYTHONDONTWRITEBYTECODE": "1",
        "AIRSIDE_DATA_DIR": str(data),
        "AIRSIDE_DASHBOARD__HOST": "0.0.0.0",  # noqa: S104 - as in the image, with a token
        "AIRSIDE_DASHBOARD__PORT": str(_free_port()),
        "AIRSIDE_DASHBOARD__TOKEN": _TOKEN,
    }

    def run(*command: str) -> str:
        return _run([f"{home}/bin/{command[0]}", *command[1:]], data, environment, user=True)

    run("python", "-c", "import boto3, psycopg2, redshift_connector")
    overview = run("airside", "--help")
    for name in re.findall(r"^  ([a-z]+) {2,}", overview.partition("Commands:")[2], re.MULTILINE):
        run("airside", name, "--help")
    run("airside", "simulate", "--events", "500", "--time-compression", "max")
    run("airside", "run", "--until-drained")
    answered = json.loads(run("airside", "status", "--json"))
    if answered["received"] != 500 or not answered["balanced"]:
        raise CheckError(f"500 records went in, but the account is {answered}")
    with _serving([f"{home}/bin/airside", "up", "--no-simulator", "--quiet"], environment) as up:
        _wait_until_healthy(run, home, up)
        up.send_signal(signal.SIGTERM)
        if up.wait(timeout=60) != 0:
            raise CheckError(f"SIGTERM ended `airside up` with exit code {up.returncode}, not 0")
    if _state(home) != before:
        raise CheckError("something was written into the image's own files")


def _make_ready(folder: Path, home: Path, data: Path, scratch: Path) -> None:
    """Let the user write the data and `/tmp`, and nothing else."""
    for each in (data, scratch):
        each.mkdir()
        if (user := _user()) is not None:
            os.chown(each, user, user)
    folder.chmod(0o755)
    package = next(home.glob("lib/python3*/site-packages/airside"))
    if not list(package.glob("__pycache__/*.pyc")):
        raise CheckError("nothing is compiled, and a read-only image could not do it later")
    if not (package / "dashboard" / "static" / "index.html").is_file():
        raise CheckError("the wheel has no dashboard in it")
    for path in home.rglob("*"):
        if not path.is_symlink():
            path.chmod(path.stat().st_mode & ~0o222)


def _free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    return port


@contextlib.contextmanager
def _serving(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, user=_user(), group=_user()
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def _wait_until_healthy(run: Callable[..., str], home: Path, up: subprocess.Popen[bytes]) -> None:
    for _ in range(60):
        try:
            run("python", f"{home}/healthcheck.py")
        except CheckError as error:
            if up.poll() is not None:
                raise CheckError(f"`airside up` ended with exit code {up.returncode}") from error
            time.sleep(1)
        else:
            return
    raise CheckError("the health check did not succeed within a minute")


def _user() -> int | None:
    """The image's user, where this is root and the user can reach this interpreter."""
    python = Path(sys.base_prefix).resolve()
    reachable = all(path.stat().st_mode & 0o001 for path in (python, *python.parents))
    return UID if os.geteuid() == 0 and reachable else None


def _state(folder: Path) -> dict[str, tuple[int, int]]:
    """Every file below a folder, with what changes when it is written."""
    return {
        str(path): (path.lstat().st_size, path.lstat().st_mtime_ns)
        for path in folder.rglob("*")
        if not path.is_dir()
    }


def _run(
    command: list[str],
    folder: Path,
    environment: dict[str, str] | None = None,
    *,
    user: bool = False,
) -> str:
    who = _user() if user else None
    done = subprocess.run(  # noqa: PLW1510 - its exit code is looked at below
        command, cwd=folder, env=environment, capture_output=True, text=True, user=who, group=who
    )
    if done.returncode != 0:
        told = (done.stderr.strip() or done.stdout.strip())[-1500:]
        raise CheckError(f"{' '.join(command)[:300]} ended with {done.returncode}: {told}")
    return done.stdout


if __name__ == "__main__":
    main()
