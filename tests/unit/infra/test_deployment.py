"""What the Terraform configuration runs by itself, and what it has to agree on with the package."""

import json
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from checks.configuration import read_modules

ROOT = Path(__file__).parents[3]
TERRAFORM = ROOT / "infra" / "terraform"
WAREHOUSE = TERRAFORM / "modules" / "warehouse"

# Stands in for AWS's command-line client: notes what it is asked, and answers as it is told.
AWS = f"""#!{sys.executable}
import json, os, sys
arguments = sys.argv[1:]
is_statement = arguments[1] == "execute-statement"
asked = sys.stdin.read() if is_statement else ""
with open(os.environ["NOTES"], "a") as notes:
    notes.write(json.dumps([arguments, asked]) + "\\n")
query = arguments[arguments.index("--query") + 1]
print({{
    "Id": "statement-1",
    "SecretString": '{{"password": "geheim"}}',
    "Status": "FAILED" if os.environ["FAILURE"] else "FINISHED",
    "Error": os.environ["FAILURE"],
}}[query])
"""


class Client:
    """Runs a script of the warehouse's with the stand-in."""

    def __init__(self, folder: Path) -> None:
        self._notes = folder / "notes"
        self._notes.touch()
        self._bin = folder / "bin"
        self._bin.mkdir()
        aws = self._bin / "aws"
        aws.write_text(AWS)
        aws.chmod(0o755)

    def run(
        self, script: str, sql: str = "", failure: str = ""
    ) -> subprocess.CompletedProcess[str]:
        environment = {
            "PATH": f"{self._bin}{os.pathsep}{os.environ['PATH']}",
            "NOTES": str(self._notes),
            "FAILURE": failure,
            "WORKGROUP": "wg",
            "DATABASE": "airside",
            "ADMIN_SECRET": "arn:admin",
            "DATABASE_USER": "airside_reader",
            "USER_SECRET": "arn:reader",
        }
        return subprocess.run(
            [WAREHOUSE / script],
            env=environment,
            input=sql,
            capture_output=True,
            text=True,
            check=False,
        )

    @property
    def calls(self) -> list[tuple[list[str], str]]:
        return [tuple(json.loads(line)) for line in self._notes.read_text().splitlines()]

    @property
    def statements(self) -> list[dict[str, str]]:
        return [json.loads(asked) for _, asked in self.calls if asked]


@pytest.fixture
def client(tmp_path: Path) -> Client:
    return Client(tmp_path)


def test_a_statement_is_run_by_the_administrator(client: Client) -> None:
    sql = 'ALTER DEFAULT PRIVILEGES FOR USER "IAMR:airside-gold" IN SCHEMA main GRANT SELECT'
    ran = client.run("run_statement.sh", sql)
    assert (ran.returncode, ran.stdout, ran.stderr) == (0, "", "")
    assert client.statements == [
        {"WorkgroupName": "wg", "Database": "airside", "SecretArn": "arn:admin", "Sql": sql}
    ]


@pytest.mark.parametrize(
    ("sql", "failure", "is_done"),
    [
        ("CREATE ROLE airside_gold", 'ERROR: role "airside_gold" already exists', True),
        ("CREATE USER r PASSWORD DISABLE", 'ERROR: user "r" already exists', True),
        ("CREATE ROLE airside_gold", "ERROR: permission denied", False),
        ("GRANT USAGE ON SCHEMA main TO r", "ERROR: something already exists", False),
        ("GRANT USAGE ON SCHEMA main TO r", 'ERROR: schema "main" does not exist', False),
    ],
)
def test_what_exists_already_is_done(client: Client, sql: str, failure: str, is_done: bool) -> None:
    ran = client.run("run_statement.sh", sql, failure)
    assert (ran.returncode == 0) is is_done
    assert (failure in ran.stderr) is not is_done


def test_a_password_is_set_and_is_in_no_argument_list_and_no_output(client: Client) -> None:
    ran = client.run("set_password.sh")
    assert ran.returncode == 0, ran.stderr
    (statement,) = client.statements
    assert statement["Sql"] == "ALTER USER airside_reader PASSWORD 'geheim'"
    assert "geheim" not in str([arguments for arguments, _ in client.calls])
    refused = client.run("set_password.sh", failure="ERROR: too weak")
    assert refused.returncode == 1
    assert "too weak" in refused.stderr
    assert "geheim" not in ran.stdout + ran.stderr + refused.stdout + refused.stderr


def test_every_statement_goes_through_the_script() -> None:
    modules, _ = read_modules(TERRAFORM)
    statements: list[str] = []
    for module in modules.values():
        for (kind, name), block in module.of_kind("resource").items():
            if kind == "terraform_data" and name != "reader_password":
                (provisioner,) = block.body.inside("provisioner")
                assert "self.triggers_replace.statement" in str(provisioner.values["environment"])
                statements.append(name)
    assert sorted(statements) == ["gold_may_create", "gold_role", "reader", "reader_grants"]


def test_another_token_is_another_definition_of_its_task() -> None:
    modules, _ = read_modules(TERRAFORM)
    compact = modules[TERRAFORM / "modules" / "compact"]
    version = compact.of_kind("resource")["aws_secretsmanager_secret_version", "token"]
    assert version.body.values["secret_string_wo_version"] == "${var.token_version}"
    environment = compact.named("module")["task"].body.values["environment"]
    assert "var.token_version" in str(environment)


def test_glue_installs_the_boto3_that_the_package_asks_for() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    (asked,) = project["optional-dependencies"]["aws"]
    silver = (TERRAFORM / "modules" / "silver" / "main.tf").read_text()
    installed = re.findall(r'"boto3~=([\d.]+)"', silver)
    assert [asked.removeprefix("boto3>=")] == installed
    major, minor = map(int, installed[0].split("."))
    assert (major, minor) >= (1, 41)  # LoginError, which the lake knows, came with botocore 1.41
