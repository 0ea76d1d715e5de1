"""Runs every check and prints what it found: `python -m checks`, from the folder `infra`."""

import re
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path

from checks.check_iam import check_iam
from checks.check_lasting import check_lasting
from checks.check_schema import check_schema
from checks.check_wiring import check_wiring
from checks.configuration import read_modules
from checks.policies import CheckovError, check_policies, check_reasons
from checks.problem import Problem
from checks.provider_schema import ProviderSchema, SchemaMissingError
from checks.terraform import (
    StubError,
    check_format,
    check_scenario,
    check_valid,
    find_terraform,
    terraform_bench,
)

_INFRA = Path(__file__).parent.parent
_TERRAFORM = _INFRA / "terraform"
_ROOTS = [_TERRAFORM / "serverless", _TERRAFORM / "compact"]
_SCENARIOS = Path(__file__).parent / "scenarios"
_TOOLS = _INFRA.parent / ".venv-checkov" / "bin"


def main() -> int:
    """Run all checks.

    Returns:
        1 where anything is wrong, else 0.
    """
    try:
        problems = sum(_report(*step) for step in _steps())
    except (SchemaMissingError, StubError, CheckovError) as error:
        _say(f"check-infra: {error}")
        return 1
    _say(f"{problems} problems" if problems else "infra/terraform: no problems")
    return 1 if problems else 0


def _steps() -> Iterable[tuple[str, Callable[[], Iterable[Problem]]]]:
    modules, unreadable = read_modules(_TERRAFORM)
    text = "\n".join(file.read_text() for file in _TERRAFORM.rglob("*.tf"))
    names = frozenset(re.findall(r"\w+", text))
    schema = ProviderSchema(names)
    blocks = sum(len(module.blocks) for module in modules.values())
    yield f"python-hcl2: {len(modules)} modules, {blocks} blocks", lambda: unreadable
    yield f"schema of the AWS provider {schema.version}", lambda: check_schema(modules, schema)
    yield "wiring", lambda: check_wiring(modules, schema)
    yield "IAM", lambda: check_iam(modules)
    yield "resources that last", lambda: check_lasting(modules)
    yield "reasons of exceptions", lambda: check_reasons(_TERRAFORM)
    binary = find_terraform()
    if binary is None:
        _say("  --     terraform fmt, validate, plan: not run: no Terraform 1.11 or newer here")
    else:
        yield "terraform fmt", lambda: check_format(binary, _TERRAFORM)
        with terraform_bench(binary, _TOOLS / "python", modules, names) as bench:
            for root in _ROOTS:
                yield f"terraform validate: {root.name}", partial(check_valid, bench, root)
                for settings in sorted(_SCENARIOS.glob(f"{root.name}*.tfvars")):
                    plan = partial(check_scenario, bench, root, settings)
                    yield f"terraform plan: {settings.stem}", plan
    yield "checkov", lambda: check_policies(_TOOLS / "checkov", _TERRAFORM)


def _report(name: str, check: Callable[[], Iterable[Problem]]) -> int:
    begun = time.monotonic()
    found = sorted(check())
    verdict = "FAILED" if found else "ok"
    _say(f"  {verdict:6} {name} ({time.monotonic() - begun:.1f} s)")
    for problem in found:
        _say(f"         {problem}")
    return len(found)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
