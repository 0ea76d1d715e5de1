#!/usr/bin/env bash
# Has Redshift run the statement on standard input, with its administrator's secret. The statement
# is in no argument list, no file and no output. A user or role to CREATE may exist already.
set -euo pipefail

sql=$(cat)
statement=$(
  printf '%s' "$sql" |
    python3 -c '
import json, os, sys
json.dump({
    "WorkgroupName": os.environ["WORKGROUP"],
    "Database": os.environ["DATABASE"],
    "SecretArn": os.environ["ADMIN_SECRET"],
    "Sql": sys.stdin.read(),
}, sys.stdout)' |
    aws redshift-data execute-statement --cli-input-json file:///dev/stdin --query Id --output text
)

for _ in $(seq 300); do
  status=$(aws redshift-data describe-statement --id "$statement" --query Status --output text)
  case $status in
    FINISHED) exit 0 ;;
    FAILED | ABORTED)
      error=$(aws redshift-data describe-statement --id "$statement" --query Error --output text)
      case "$sql:$error" in
        "CREATE "*:*"already exists"*) exit 0 ;;
      esac
      echo "Redshift did not run the statement: $error" >&2
      exit 1
      ;;
  esac
  sleep 2
done
echo "Redshift did not answer within ten minutes; apply again" >&2
exit 1
