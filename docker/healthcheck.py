"""Ask the dashboard's API in this container whether it is well: exit 0, or 1 with the reason."""

import os
import sys
import urllib.request

URL = f"http://127.0.0.1:{os.environ.get('AIRSIDE_DASHBOARD__PORT', '8080')}/healthz"

try:
    with urllib.request.urlopen(URL, timeout=4):
        pass
except OSError as error:
    sys.exit(f"{URL}: {error}")
