"""checkov's policies, from an environment of its own; exceptions stand beside what they are for."""

import json
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from checks.problem import Problem

_SKIP = re.compile(r"#\s*checkov:skip=(\w+)(?::[ \t]*(.*))?")


class CheckovError(Exception):
    """checkov ended without a report."""


def check_policies(checkov: Path, root: Path) -> Iterator[Problem]:
    """What checkov refuses.

    Args:
        checkov: The program.
        root: Folder of all modules and roots.

    Raises:
        CheckovError: There is no report.
    """
    command = [str(checkov), "--directory", str(root), "--framework", "terraform"]
    options = ["--output", "json", "--quiet", "--compact", "--skip-download"]
    answer = subprocess.run([*command, *options], capture_output=True, text=True, check=False)
    try:
        report = json.loads(answer.stdout)
        failed = report["results"]["failed_checks"]
        errors = report["results"].get("parsing_errors", [])
    except (ValueError, KeyError, TypeError) as error:
        raise CheckovError(f"checkov gave no report: {answer.stderr[-600:]}") from error
    for file in errors:
        yield Problem(str(file), "checkov cannot read it")
    for check in failed:
        line = check["file_line_range"][0]
        where = f"{check['file_path'].lstrip('/')}:{line}: {check['resource']}"
        yield Problem(where, f"{check['check_id']}: {check['check_name']}")


def check_reasons(root: Path) -> Iterator[Problem]:
    """Exceptions without a reason."""
    for file in sorted(root.rglob("*.tf")):
        for number, line in enumerate(file.read_text().splitlines(), 1):
            found = _SKIP.search(line)
            if found and len((found[2] or "").split()) < 2:
                where = f"{file.relative_to(root)}:{number}"
                yield Problem(where, f"{found[1]} is skipped without a reason")
