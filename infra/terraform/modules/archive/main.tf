# The raw zone: Firehose copies every record of the stream, verbatim, one a line, to S3. The folders
# are those of `airside backfill`, which rebuilds everything from them.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  name = "${var.name}-archive"
  arn  = "arn:${data.aws_partition.current.partition}:firehose:${data.aws_region.current.region}:${data.aws_caller_identity.current.account_id}:deliverystream/${local.name}"
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: how long logs are worth keeping is a setting
  name              = "/${var.name}/archive"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_cloudwatch_log_stream" "this" {
  name           = "delivery"
  log_group_name = aws_cloudwatch_log_group.this.name
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["firehose.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [data.aws_caller_identity.current.account_id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.arn]
    }
  }
}

data "aws_iam_policy_document" "this" {
  statement {
    sid = "ReadTheStream"
    actions = [
      "kinesis:DescribeStream",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
      "kinesis:ListShards",
    ]
    resources = [var.stream_arn]
  }

  statement {
    sid = "FindTheBucket"
    actions = [
      "s3:GetBucketLocation",
      "s3:ListBucket",
      "s3:ListBucketMultipartUploads",
    ]
    resources = [var.bucket_arn]
  }

  statement {
    sid = "WriteTheArchive"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:GetObject",
      "s3:PutObject",
    ]
    resources = ["${var.bucket_arn}/bronze/*", "${var.bucket_arn}/errors/*"]
  }

  statement {
    sid       = "StreamAndBucketAreEncrypted"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "SayWhatFailed"
    actions   = ["logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:log-stream:${aws_cloudwatch_log_stream.this.name}"]
  }
}

resource "aws_iam_role" "this" {
  name               = local.name
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "this" {
  name   = "archive"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}

resource "aws_kinesis_firehose_delivery_stream" "this" {
  # checkov:skip=CKV_AWS_240: encryption at rest is the source's, the Kinesis stream; Firehose refuses its own
  # checkov:skip=CKV_AWS_241: as above
  name        = local.name
  destination = "extended_s3"

  kinesis_source_configuration {
    kinesis_stream_arn = var.stream_arn
    role_arn           = aws_iam_role.this.arn
  }

  extended_s3_configuration {
    role_arn            = aws_iam_role.this.arn
    bucket_arn          = var.bucket_arn
    kms_key_arn         = var.kms_key_arn
    compression_format  = "GZIP"
    file_extension      = ".ndjson.gz"
    buffering_interval  = var.buffering_seconds
    buffering_size      = var.buffering_mb
    prefix              = "bronze/${var.feed}/ingest_date=!{timestamp:yyyy-MM-dd}/ingest_hour=!{timestamp:HH}/"
    error_output_prefix = "errors/${var.feed}/!{firehose:error-output-type}/!{timestamp:yyyy-MM-dd}/"

    # Firehose writes records back to back, and no producer can be trusted to end each in a newline.
    processing_configuration {
      enabled = true

      processors {
        type = "AppendDelimiterToRecord"
      }
    }

    cloudwatch_logging_options {
      enabled         = true
      log_group_name  = aws_cloudwatch_log_group.this.name
      log_stream_name = aws_cloudwatch_log_stream.this.name
    }
  }

  # Firehose tries the role at once
  depends_on = [aws_iam_role_policy.this]
}
