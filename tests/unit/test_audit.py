"""The audit's report: what is known, and where it could not ask."""

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "security/audit.py"


@pytest.fixture(scope="module")
def audit() -> ModuleType:
    spec = importlib.util.spec_from_file_location("audit_script", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = sys.modules["audit_script"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_every_lock_of_the_tree_is_asked_about(audit: ModuleType) -> None:
    root = SCRIPT.parents[1]
    found = {
        str(path.relative_to(root))
        for pattern in (
            "*.lock",
            "*/*.lock",
            "*/*/*.lock",
            "*/package-lock.json",
            "*/*/package-lock.json",
            "*/*/*/package-lock.json",
        )
        for path in root.glob(pattern)
        if "node_modules" not in path.parts and not path.parts[len(root.parts)].startswith(".")
    }
    assert {name for name in found if not name.startswith("airside-data")} == {
        *audit.PYTHON_LOCKS,
        *(f"{folder}/package-lock.json" for folder in audit.NPM_FOLDERS),
    }


def test_what_pip_audit_knows_is_told(audit: ModuleType) -> None:
    vulnerable = {
        "name": "flask",
        "version": "0.5",
        "vulns": [{"id": "PYSEC-2019-179", "fix_versions": ["1.0"]}],
    }
    clean = {"name": "click", "version": "8.2", "vulns": []}
    output = json.dumps({"dependencies": [vulnerable, clean]})
    report = audit.python_report("a.lock", output, "")
    assert report.lines() == ["!! a.lock: 1 known", "     flask 0.5: PYSEC-2019-179, mended in 1.0"]
    output = json.dumps({"dependencies": [clean]})
    assert audit.python_report("a.lock", output, "").lines() == [
        "ok a.lock: nothing known against 1 packages"
    ]


@pytest.mark.parametrize(
    "output", ["", "Traceback", json.dumps({"dependencies": [{"name": "a", "skip_reason": "404"}]})]
)
def test_silence_is_not_taken_for_safety(audit: ModuleType, output: str) -> None:
    (line,) = audit.python_report("a.lock", output, "first\nName or service not known\n").lines()
    assert line.startswith("?  a.lock: could not ask: ")


def test_what_npm_says_is_told(audit: ModuleType) -> None:
    via = {"title": "Prototype pollution", "severity": "high"}
    document = {
        "metadata": {"dependencies": {"total": 7}},
        "vulnerabilities": {
            "lodash": {"range": "<4.17.21", "via": [via]},
            "user": {"range": "*", "via": ["lodash"]},
        },
    }
    report = audit.npm_report("p.json", json.dumps(document), "")
    assert report.found == ["lodash <4.17.21: Prototype pollution (high)"]
    refused = audit.npm_report("p.json", json.dumps({"message": "405 Method Not Allowed"}), "")
    assert refused.lines() == ["?  p.json: could not ask: 405 Method Not Allowed"]
    assert audit.npm_report("p.json", "", "").silence == "it gave no answer"
