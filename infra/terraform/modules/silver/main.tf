# Silver: a Glue streaming job that runs the project's own SQL inside Spark. It touches Kinesis and
# S3 only, so it needs no network of ours, and it installs what the wheel depends on from PyPI; of
# boto3 Glue has an older one than the lake on S3 asks for.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region
  name      = "${var.name}-silver"
  logs      = "/${var.name}/silver"
  script    = "${path.module}/../../../glue/silver_job.py"
  wheel     = "s3://${aws_s3_object.wheel.bucket}/${aws_s3_object.wheel.key}"

  # The script's own arguments; see infra/glue/silver_job.py.
  script_arguments = {
    "--stream_arn"     = var.stream_arn
    "--lake_url"       = "s3://${var.clean_bucket}"
    "--checkpoint_url" = "s3://${var.clean_bucket}/checkpoints/silver/"
  }
}

resource "aws_s3_object" "script" {
  bucket      = var.artifacts_bucket
  key         = "glue/silver_job.py"
  source      = local.script
  source_hash = filesha256(local.script)
  kms_key_id  = var.kms_key_arn
}

resource "aws_s3_object" "wheel" {
  bucket      = var.artifacts_bucket
  key         = "wheels/${basename(var.wheel_path)}"
  source      = var.wheel_path
  source_hash = filesha256(var.wheel_path)
  kms_key_id  = var.kms_key_arn
}

resource "aws_glue_security_configuration" "this" {
  # checkov:skip=CKV_AWS_99: the log groups below have the key; with it here, Glue writes to others
  name = local.name

  encryption_configuration {
    cloudwatch_encryption {
      cloudwatch_encryption_mode = "DISABLED"
    }

    job_bookmarks_encryption {
      job_bookmarks_encryption_mode = "CSE-KMS"
      kms_key_arn                   = var.kms_key_arn
    }

    s3_encryption {
      s3_encryption_mode = "SSE-KMS"
      kms_key_arn        = var.kms_key_arn
    }
  }
}

# Glue would make these without a limit.
resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: how long logs are worth keeping is a setting
  for_each = toset(["error", "output"])

  name              = "${local.logs}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_glue_job" "this" {
  name                   = local.name
  description            = "Stream to cleaned zone: one verdict for every record"
  role_arn               = aws_iam_role.job.arn
  glue_version           = "5.1"
  worker_type            = var.worker_type
  number_of_workers      = var.workers
  max_retries            = 3
  maintenance_window     = var.maintenance_window
  security_configuration = aws_glue_security_configuration.this.name

  command {
    name            = "gluestreaming"
    script_location = "s3://${aws_s3_object.script.bucket}/${aws_s3_object.script.key}"
    python_version  = "3"
  }

  execution_property {
    max_concurrent_runs = 1
  }

  default_arguments = merge(local.script_arguments, {
    "--job-language"                     = "python"
    "--additional-python-modules"        = join(",", [local.wheel, "boto3~=1.41"])
    "--TempDir"                          = "s3://${var.clean_bucket}/temporary/glue/"
    "--enable-metrics"                   = "true"
    "--enable-observability-metrics"     = "true"
    "--enable-continuous-cloudwatch-log" = "true"
    "--custom-logGroup-prefix"           = local.logs
  })

  depends_on = [
    aws_cloudwatch_log_group.this,
    aws_iam_role_policy.job,
  ]
}
