"""`terraform fmt`, `validate` and `plan`, where there is a Terraform.

No provider needs to be downloaded: `stub_provider` stands in for it, with the schema that the other
checks use. A plan goes through every expression with the settings of a scenario, so it finds what
validation cannot: keys that are known too late, nulls, conditions that fail.
"""

import json
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from checks.check_plan import check_plan
from checks.configuration import Module
from checks.problem import Problem

_PROVIDER = "hashicorp/aws"
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


@dataclass(frozen=True)
class Bench:
    """A Terraform with the stand-in for its provider, ready to work.

    Attributes:
        binary: Terraform.
        folder: For its files: nothing is written beside the configuration.
        environment: What makes it use the stand-in.
    """

    binary: str
    folder: Path
    environment: dict[str, str]

    def run(self, root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a command on a root."""
        env = {**self.environment, "TF_DATA_DIR": str(self.folder / root.name)}
        return _run([self.binary, f"-chdir={root}", *arguments], env)


def check_valid(bench: Bench, root: Path) -> Iterator[Problem]:
    """What `terraform init` and `terraform validate` say of a root; init has to come first."""
    begun = bench.run(root, "init", "-backend=false", "-no-color", "-input=false")
    if begun.returncode:
        yield Problem(root.name, f"terraform init: {begun.stdout}{begun.stderr}")
        return
    yield from _diagnostics(root.name, bench.run(root, "validate", "-json").stdout)


def check_scenario(bench: Bench, root: Path, settings: Path) -> Iterator[Problem]:
    """What `terraform plan` says with the settings of a file, and what is wrong with the plan."""
    plan = str(bench.folder / f"{settings.stem}.plan")
    given = ["-refresh=false", "-lock=false", "-input=false", f"-var-file={settings}"]
    planned = bench.run(root, "plan", "-no-color", *given, f"-out={plan}")
    if planned.returncode:
        yield Problem(settings.name, " ".join(planned.stderr.split()))
        return
    shown = bench.run(root, "show", "-json", plan).stdout
    yield from check_plan(settings.stem, json.loads(shown), shown)


def _diagnostics(name: str, answer: str) -> Iterator[Problem]:
    for found in json.loads(answer)["diagnostics"]:
        where = found.get("range", {})
        line = where.get("start", {}).get("line", 0)
        what = " ".join(f"{found['summary']}. {found.get('detail', '')}".split())
        yield Problem(f"{where.get('filename', name)}:{line}", what)


@contextmanager
def terraform_bench(
    binary: str, python: Path, modules: Mapping[Path, Module], names: Collection[str]
) -> Iterator[Bench]:
    """Run the stand-in while Terraform works.

    Args:
        binary: Terraform.
        python: An interpreter that has what the stand-in imports.
        modules: All modules, for the types that the stand-in has to know.
        names: Every name that the configuration uses.

    Raises:
        StubError: The stand-in does not start.
    """
    with tempfile.TemporaryDirectory() as folder:
        socket = Path(folder) / "provider.sock"
        with _stub(python, socket, modules, names) as environment:
            yield Bench(binary, Path(folder), environment)


@contextmanager
def _stub(
    python: Path, socket: Path, modules: Mapping[Path, Module], names: Collection[str]
) -> Iterator[dict[str, str]]:
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
