#!/usr/bin/env bash
# Gives a Redshift user the password that its secret holds. The password is in no argument list, no
# file and no output.
set -euo pipefail

statement=$(
  aws secretsmanager get-secret-value --secret-id "$USER_SECRET" --query SecretString --output text |
    python3 -c '
import json, os, sys
password = json.load(sys.stdin)["password"]
json.dump({
    "WorkgroupName": os.environ["WORKGROUP"],
    "Database": os.environ["DATABASE"],
    "SecretArn": os.environ["ADMIN_SECRET"],
    "Sql": "ALTER USER %s PASSWORD \x27%s\x27" % (os.environ["DATABASE_USER"], password),
}, sys.stdout)' |
    aws redshift-data execute-statement --cli-input-json file:///dev/stdin --query Id --output text
)

for _ in $(seq 60); do
  status=$(aws redshift-data describe-statement --id "$statement" --query Status --output text)
  case $status in
    FINISHED) exit 0 ;;
    FAILED | ABORTED)
      echo "Redshift did not take the password of $DATABASE_USER:" \
        "$(aws redshift-data describe-statement --id "$statement" --query Error --output text)" >&2
      exit 1
      ;;
  esac
  sleep 2
done
echo "Redshift did not answer within two minutes; apply again" >&2
exit 1
