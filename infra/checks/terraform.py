"""`terraform fmt` and `terraform validate`, where there is a Terraform.

Validation needs no provider to be downloaded: `stub_provider` stands in for it, with the schema
that the other checks use.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from checks.configuration import Module
from checks.problem import Problem

_PROVIDER = "registry.terraform.io/hashicorp/aws"
_LEAST_VERSION = (1, 11)


class StubError(Exception):
    """The stand-in for the provider does not start."""


def find_terraform() -> str | None:
    """Path of a Terraform that is new enough, or None."""
    binary = shutil.which("terraform")
    if binary is None:
        return None
    answer = _run([binary, "version"], _environment())
    version = re.search(r"v(\d+)\.(\d+)", answer.stdout)
    is_new = version is not None and (int(version[1]), int(version[2])) >= _LEAST_VERSION
    return binary if is_new else None


def check_format(binary: str, root: Path) -> Iterator[Problem]:
    """Files that `terraform fmt` would write otherwise."""
    answer = _run([binary, "fmt", "-check", "-recursive", str(root)], _environment())
    for line in answer.stdout.splitlines():
        yield Problem(line, "is not formatted: terraform fmt -recursive infra/terraform")
    if answer.returncode and not answer.stdout:
        yield Problem(str(root), answer.stderr.strip())


def check_valid(
    binary: str,
    python: Path,
    roots: list[Path],
    modules: Mapping[Path, Module],
    names: Collection[str],
) -> Iterator[Problem]:
    """What `terraform validate` says of each root.

    Args:
        binary: Terraform.
        python: An interpreter that has grpcio and botocore.
        roots: Folders to validate.
        modules: All modules, for the types that the stand-in has to know.
        names: Every name that the configuration uses.

    Raises:
        StubError: The stand-in for the provider does not start.
    """
    with (
        tempfile.TemporaryDirectory() as folder,
        _stub(python, Path(folder), modules, names) as env,
    ):
        for root in roots:
            settings = {**env, "TF_DATA_DIR": str(Path(folder, root.name))}
            start = [binary, f"-chdir={root}"]
            answer = _run([*start, "init", "-backend=false", "-no-color", "-input=false"], settings)
            if answer.returncode:
                yield Problem(root.name, f"terraform init: {answer.stdout}{answer.stderr}")
                continue
            answer = _run([*start, "validate", "-json"], settings)
            for found in json.loads(answer.stdout)["diagnostics"]:
                where = found.get("range", {})
                line = where.get("start", {}).get("line", 0)
                what = " ".join(f"{found['summary']}. {found.get('detail', '')}".split())
                yield Problem(f"{where.get('filename', root.name)}:{line}", what)


@contextmanager
def _stub(
    python: Path, folder: Path, modules: Mapping[Path, Module], names: Collection[str]
) -> Iterator[dict[str, str]]:
    """Run the stand-in; gives the environment that makes Terraform use it."""
    socket = folder / "provider.sock"
    request = {
        "resources": _types(modules, "resource"),
        "data_sources": _types(modules, "data"),
        "names": sorted(names),
    }
    with subprocess.Popen(
        [str(python), "-m", "checks.stub_provider", str(socket)],
        cwd=Path(__file__).parent.parent,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdin is not None  # noqa: S101  a pipe was asked for
        assert process.stdout is not None  # noqa: S101  a pipe was asked for
        process.stdin.write(json.dumps(request) + "\n")
        process.stdin.flush()
        if process.stdout.readline().strip() != "ready":
            _, trouble = process.communicate()
            raise StubError(f"the stand-in for the provider does not start: {trouble[-600:]}")
        reattach = {
            _PROVIDER: {
                "Protocol": "grpc",
                "ProtocolVersion": 6,
                "Pid": process.pid,
                "Test": True,
                "Addr": {"Network": "unix", "String": str(socket)},
            }
        }
        try:
            yield {**_environment(), "TF_REATTACH_PROVIDERS": json.dumps(reattach)}
        finally:
            process.communicate()


def _types(modules: Mapping[Path, Module], kind: str) -> list[str]:
    return sorted({labels[0] for module in modules.values() for labels in module.of_kind(kind)})


def _environment() -> dict[str, str]:
    """Without the settings of whoever runs this: they may name mirrors, credentials, arguments."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TF_")}
    return {**kept, "TF_CLI_CONFIG_FILE": os.devnull, "CHECKPOINT_DISABLE": "1"}


def _run(command: list[str], env: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, env=env, capture_output=True, text=True, check=False)
