"""The checker of the Terraform configuration finds what it is for."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from checks.check_iam import check_iam
from checks.check_lasting import check_lasting
from checks.check_plan import PASSWORD, check_plan
from checks.check_schema import check_schema
from checks.check_wiring import check_wiring
from checks.configuration import read_modules
from checks.policies import check_reasons
from checks.problem import Problem
from checks.provider_schema import ProviderSchema, SchemaMissingError
from checks.quicksight_definition import dashboard_definition
from checks.references import references

# The form of the npm package's declarations, with one resource and one data source.
DECLARATIONS = """
export interface KinesisStreamConfig extends cdktf.TerraformMetaArguments {
    /**
    * Docs: {@link https://x/providers/hashicorp/aws/6.25.0/docs#name KinesisStream#name}
    */
    readonly name: string;
    /**
    * Docs: {@link https://x/docs#kms_key_id KinesisStream#kms_key_id}
    */
    readonly kmsKeyId?: string;
    /**
    * Docs: {@link https://x/docs#tags KinesisStream#tags}
    */
    readonly tags?: {
        [key: string]: string;
    };
    /**
    * stream_mode_details block
    *
    * Docs: {@link https://x/docs#stream_mode_details KinesisStream#stream_mode_details}
    */
    readonly streamModeDetails?: KinesisStreamStreamModeDetails;
}
export interface KinesisStreamStreamModeDetails {
    /**
    * Docs: {@link https://x/docs#stream_mode KinesisStream#stream_mode}
    */
    readonly streamMode: string;
}
export declare class KinesisStream extends cdktf.TerraformResource {
    get arn(): string;
    get kmsKeyId(): string;
    get name(): string;
}
"""
REGION = """
export interface DataAwsRegionConfig extends cdktf.TerraformMetaArguments {
    /**
    * Docs: {@link https://x/docs#id DataAwsRegion#id}
    */
    readonly id?: string;
}
export declare class DataAwsRegion extends cdktf.TerraformDataSource {
    get region(): string;
}
"""


@pytest.fixture
def schema(tmp_path: Path) -> ProviderSchema:
    package = tmp_path / "package"
    for folder, text in {
        "kinesis-stream": DECLARATIONS,
        "data-aws-region": REGION,
        "s3-bucket": DECLARATIONS,
    }.items():
        (package / "lib" / folder).mkdir(parents=True)
        (package / "lib" / folder / "index.d.ts").write_text(text)
    return ProviderSchema(package=package)


def written(folder: Path, **files: str) -> Path:
    root = folder / "terraform"
    for name, text in files.items():
        file = root / name.replace("__", "/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.with_suffix(".tf").write_text(text)
    return root


def found(check: Callable[..., Iterable[Problem]], root: Path, *arguments: object) -> list[str]:
    modules, unreadable = read_modules(root)
    assert unreadable == []
    return [problem.what for problem in check(modules, *arguments)]


STREAM = 'resource "aws_kinesis_stream" "a" {\n name = "x"\n'


def test_a_right_resource_is_right(tmp_path: Path, schema: ProviderSchema) -> None:
    root = written(
        tmp_path,
        main=STREAM + ' count = 2\n tags = { a = "b" }\n'
        ' stream_mode_details {\n  stream_mode = "ON_DEMAND"\n }\n'
        " lifecycle {\n  prevent_destroy = true\n }\n}\n",
    )
    assert found(check_schema, root, schema) == []
    assert schema.version == "6.25.0"


@pytest.mark.parametrize(
    ("inside", "told"),
    [
        (' kms_key = "k"\n', "no argument or block kms_key; did you mean kms_key_id?"),
        (
            ' stream_mode_details {\n  mode = "x"\n }\n',
            "stream_mode_details.stream_mode is missing",
        ),
        (
            ' stream_mode_details {\n  stream_mode = "x"\n  shards = 1\n }\n',
            "no argument or block stream_mode_details.shards",
        ),
        (' stream_mode_details = "x"\n', "stream_mode_details is a block"),
        (' tags {\n  a = "b"\n }\n', "tags is a value"),
        (" encryption {\n }\n", "no argument or block encryption"),
        (
            2 * ' stream_mode_details {\n  stream_mode = "x"\n }\n',
            "stream_mode_details stands there 2 times",
        ),
        (
            ' dynamic "stream_mode_details" {\n for_each = [1]\n content {\n mode = 1\n }\n}\n',
            "no argument or block stream_mode_details.mode",
        ),
    ],
)
def test_what_is_wrong_in_a_resource_is_found(
    tmp_path: Path, schema: ProviderSchema, inside: str, told: str
) -> None:
    problems = found(check_schema, written(tmp_path, main=STREAM + inside + "}\n"), schema)
    assert any(told in problem for problem in problems), problems


def test_a_missing_required_argument_is_found(tmp_path: Path, schema: ProviderSchema) -> None:
    root = written(tmp_path, main='resource "aws_kinesis_stream" "a" {\n}\n')
    assert found(check_schema, root, schema) == ["name is missing"]


def test_an_unknown_type_is_found(tmp_path: Path, schema: ProviderSchema) -> None:
    root = written(tmp_path, main='data "aws_regions" "a" {\n}\n')
    assert found(check_schema, root, schema) == ["the AWS provider 6.25.0 has no data aws_regions"]


def test_a_missing_package_says_what_brings_it(tmp_path: Path) -> None:
    with pytest.raises(SchemaMissingError, match="make check-infra"):
        ProviderSchema(package=tmp_path / "nothing")


def test_the_definition_of_a_dashboard_is_checked_against_quicksights_api() -> None:
    names = {"sheets", "sheet_id", "visuals", "kpi_visual", "visual_id", "field", "name"}
    sheets = dashboard_definition(names).arguments["sheets"]
    assert sheets.is_block
    assert sheets.block is not None
    assert sheets.block.arguments["sheet_id"].required
    visuals = sheets.block.arguments["visuals"].block
    assert visuals is not None
    assert visuals.arguments.keys() == {"kpi_visual"}  # `field` is none


CALLED = {
    "modules__a__main": 'variable "in" {}\nvariable "more" {\n default = 1\n}\n'
    'output "out" {\n value = "${var.in}${var.more}"\n}\n'
}


@pytest.mark.parametrize(
    ("main", "told"),
    [
        ("", []),
        (" wrong = 1\n", ["module a has no variable wrong"]),
    ],
)
def test_what_a_module_is_given(
    tmp_path: Path, schema: ProviderSchema, main: str, told: list[str]
) -> None:
    call = f'module "m" {{\n source = "../modules/a"\n in = 1\n{main}}}\n'
    root = written(tmp_path, **CALLED, root__main=call)
    assert found(check_wiring, root, schema) == told


def test_what_a_module_is_not_given(tmp_path: Path, schema: ProviderSchema) -> None:
    call = 'module "m" {\n source = "../modules/a"\n}\nmodule "n" {\n source = "./away"\n}\n'
    assert found(check_wiring, written(tmp_path, **CALLED, root__main=call), schema) == [
        "module m is not given in, which has no default",
        "source './away' is no module here",
    ]


@pytest.mark.parametrize(
    ("expression", "told"),
    [
        ("module.m.out", None),
        ("module.m[*].out", None),
        ("module.m.other", "a has no such output"),
        ("module.n.out", "no such module is called"),
        ("var.x", "no such variable"),
        ("local.x", "no such local value"),
        ("aws_kinesis_stream.a.arn", None),
        ("aws_kinesis_stream.a[0].arn", None),
        ("aws_kinesis_stream.a.address", "aws_kinesis_stream has no attribute address"),
        ("aws_kinesis_stream.b.arn", "no such resource in this module"),
        ("data.aws_region.r.region", None),
        ("data.aws_region.r.name", "aws_region has no attribute name"),
        ('"text ${aws_kinesis_stream.a.address} text"', "has no attribute address"),
        ("{ for k in [1] : k => aws_kinesis_stream.a[var.y].arn }", "no such variable"),
        ('"var.x $${var.x} # local.x"', None),
    ],
)
def test_references(
    tmp_path: Path, schema: ProviderSchema, expression: str, told: str | None
) -> None:
    main = (
        f'{STREAM}}}\ndata "aws_region" "r" {{}}\n'
        'module "m" {\n source = "../modules/a"\n in = 1\n}\n'
        f'output "o" {{\n value = [data.aws_region.r.region, {expression}]\n}}\n'
    )
    problems = found(check_wiring, written(tmp_path, **CALLED, root__main=main), schema)
    assert len(problems) == (told is not None)
    assert told is None or told in problems[0]


def test_what_nobody_uses_is_found(tmp_path: Path, schema: ProviderSchema) -> None:
    text = 'variable "v" {}\nlocals {\n l = 1\n}\ndata "aws_region" "r" {}\n# var.v local.l\n'
    assert found(check_wiring, written(tmp_path, main=text), schema) == [
        "variable v is not used",
        "local value l is not used",
        "data source aws_region.r is not used",
    ]


def test_references_are_found_in_templates_and_nowhere_else() -> None:
    text = (
        'a = "x ${upper("${var.a}")} var.no" // var.no\n/* var.no */ b = <<-EOT\n'
        "  var.no ${local.b}\nEOT\nc = module.m.x[local.c].y # var.no\n"
    )
    assert [(".".join(each.parts), each.line) for each in references(text, "f")] == [
        ("var.a", 1),
        ("local.b", 3),
        ("module.m.x.y", 5),
        ("local.c", 5),
    ]


def test_a_file_that_is_no_hcl_is_found(tmp_path: Path) -> None:
    _, problems = read_modules(written(tmp_path, main='resource "a" {'))
    assert len(problems) == 1
    assert problems[0].where == "main.tf"


def policy(statement: str) -> str:
    return f'data "aws_iam_policy_document" "p" {{\n statement {{\n{statement} }}\n}}\n'


TRUST = (
    'actions = ["sts:AssumeRole"]\n principals {\n type = "Service"\n'
    ' identifiers = ["glue.amazonaws.com"]\n }\n'
)


def condition(variable: str) -> str:
    return (
        f' condition {{\n test = "StringEquals"\n variable = "{variable}"\n values = ["1"]\n }}\n'
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (policy('actions = ["s3:GetObject"]\n resources = ["${var.arn}/*"]\n'), []),
        (policy('actions = ["s3:*"]\n resources = ["${var.arn}"]\n'), ["s3:*: name the actions"]),
        (policy('actions = ["s3:Get"]\n resources = ["*"]\n'), ["resource *: name the resources"]),
        (policy('effect = "Deny"\n actions = ["s3:*"]\n resources = ["*"]\n'), []),
        (policy(TRUST + condition("aws:SourceAccount") + condition("aws:SourceArn")), []),
        (
            policy(TRUST + condition("aws:SourceAccount")),
            ["glue.amazonaws.com may take the role on: name aws:SourceArn as well"],
        ),
        (policy(TRUST), ["glue.amazonaws.com is let in for any account: name aws:SourceAccount"]),
        (
            policy('actions = ["s3:Get"]\n principals {\n type = "*"\n identifiers = ["*"]\n }\n'),
            ["anyone is let in, without a condition"],
        ),
        (
            'locals {\n e = { a = [{ actions = ["s3:*"], resources = ["*"] }] }\n}\n',
            ["s3:*: name the actions", "resource *: name the resources"],
        ),
        (
            'resource "aws_iam_role_policy" "p" {\n policy = jsonencode({})\n}\n',
            ["policy is no aws_iam_policy_document: nothing checks it"],
        ),
        (
            'resource "aws_iam_role_policy_attachment" "p" {\n role = "r"\n}\n',
            ["AWS's ready-made policies are too wide: write one out"],
        ),
    ],
)
def test_grants_that_are_too_wide_are_found(tmp_path: Path, text: str, told: list[str]) -> None:
    assert found(check_iam, written(tmp_path, main=text), {}) == told


def test_an_exception_is_for_one_grant_and_goes_with_it(tmp_path: Path) -> None:
    wide = policy('actions = ["x:Get"]\n resources = ["*"]\n')
    allowed = {("terraform", "p", "resource *"): "it knows no resources"}
    assert found(check_iam, written(tmp_path / "1", main=wide), allowed) == []
    assert found(check_iam, written(tmp_path / "2", main=""), allowed) == [
        "nothing needs the exception terraform / p / resource * any more"
    ]


def test_a_resource_that_aws_forgets_by_itself_is_found(tmp_path: Path) -> None:
    statement = 'resource "aws_redshiftdata_statement" "role" {\n sql = "CREATE ROLE x"\n}\n'
    (told,) = found(check_lasting, written(tmp_path, main=statement + STREAM + "}\n"))
    assert "use run_statement.sh" in told


def test_an_exception_from_checkov_needs_a_reason(tmp_path: Path) -> None:
    text = "# checkov:skip=CKV_AWS_1: it is so\n# checkov:skip=CKV_AWS_2\n"
    assert [str(problem) for problem in check_reasons(written(tmp_path, main=text))] == [
        "main.tf:2: CKV_AWS_2 is skipped without a reason"
    ]


def planned(*resources: tuple[str, dict[str, str]]) -> dict[str, object]:
    changes = [
        {"type": kind, "mode": "managed", "change": {"after": after}} for kind, after in resources
    ]
    return {"resource_changes": changes}


COMPACT = (
    ("aws_ecs_cluster", {"name": "airside-test"}),
    ("aws_ecs_service", {"name": "airside-test-simulator"}),
    ("aws_ecs_service", {"name": "airside-test-compact"}),
    ("aws_kinesis_stream", {"name": "airside-test-flight-events"}),
    ("aws_s3_bucket", {"bucket": "airside-test-lake"}),
)


def test_a_plan_that_makes_what_it_must_is_right() -> None:
    assert list(check_plan("compact", planned(*COMPACT), "")) == []


def test_what_a_plan_forgets_or_must_not_make_is_found() -> None:
    plan = planned(
        ("aws_ecs_cluster", {"name": "airside-test"}),
        ("aws_ecs_service", {"name": "airside-test-simulator"}),
        ("aws_ecs_service", {"name": "compact"}),
        ("aws_kinesis_stream", {"name": "airside-test-flight-events"}),
        ("aws_s3_bucket", {"bucket": "airside-test-lake"}),
        ("aws_nat_gateway", {}),
    )
    assert [each.what for each in check_plan("compact", plan, f'"x": "{PASSWORD}"')] == [
        "makes no aws_ecs_service with name airside-test-compact",
        "makes aws_nat_gateway: the network is to have no way out",
        "a password would be in the plan, and so in the state",
    ]


@pytest.mark.parametrize(
    ("kind", "name", "beyond"),
    [
        ("aws_lb", "airside-test", []),
        ("aws_lb", "airside-test-dashboard", [(38, 32)]),
        ("aws_lb_target_group", "airside-test-dash", [(33, 32)]),
        ("aws_iam_role", "airside-test-dashboard", []),
    ],
)
def test_a_name_too_long_for_aws_is_found(
    kind: str, name: str, beyond: list[tuple[int, int]]
) -> None:
    plan = planned(*COMPACT, (kind, {"name": name}))
    assert [each.what for each in check_plan("compact", plan, "")] == [
        f"makes {kind} {name}: with the longest unique_suffix its name has {longer} characters, "
        f"and AWS takes {longest}"
        for longer, longest in beyond
    ]


def test_only_the_public_scenario_has_a_gateway() -> None:
    plan = planned(("aws_internet_gateway", {}))
    told = "makes aws_internet_gateway: the network is to have no way out"
    assert told in [each.what for each in check_plan("compact", plan, "")]
    assert told not in [each.what for each in check_plan("compact-all", plan, "")]
