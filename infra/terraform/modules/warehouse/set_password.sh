#!/usr/bin/env bash
# Gives a Redshift user the password that its secret holds. The password is in no argument list, no
# file and no output.
set -euo pipefail

aws secretsmanager get-secret-value --secret-id "$USER_SECRET" --query SecretString --output text |
  python3 -c '
import json, os, sys
password = json.load(sys.stdin)["password"]
sys.stdout.write("ALTER USER %s PASSWORD \x27%s\x27" % (os.environ["DATABASE_USER"], password))' |
  "$(dirname "$0")/run_statement.sh"
