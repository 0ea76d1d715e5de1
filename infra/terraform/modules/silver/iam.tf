data "aws_iam_policy_document" "job_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["glue.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:glue:${local.region}:${local.account}:*"]
    }
  }
}

data "aws_iam_policy_document" "job" {
  # checkov:skip=CKV_AWS_356: CloudWatch knows no resources for metrics; the namespace is the limit
  # checkov:skip=CKV_AWS_111: as above
  statement {
    sid = "ReadTheStream"
    actions = [
      "kinesis:DescribeStream",
      "kinesis:DescribeStreamSummary",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
      "kinesis:ListShards",
    ]
    resources = [var.stream_arn]
  }

  statement {
    sid     = "ReadScriptAndWheel"
    actions = ["s3:GetObject"]
    resources = [
      "${var.artifacts_bucket_arn}/${aws_s3_object.script.key}",
      "${var.artifacts_bucket_arn}/${aws_s3_object.wheel.key}",
    ]
  }

  statement {
    sid       = "FindTheBuckets"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.artifacts_bucket_arn, var.clean_bucket_arn]
  }

  statement {
    sid = "WriteTheCleanedZone"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:PutObject",
    ]
    resources = ["${var.clean_bucket_arn}/*"]
  }

  statement {
    sid       = "StreamAndBucketsAreEncrypted"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid = "WriteItsLog"
    actions = [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:PutLogEvents",
    ]
    # Glue may add the name of the security configuration to a group's
    resources = [
      "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${local.logs}*",
      "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:/aws-glue/*",
    ]
  }

  statement {
    sid       = "CountWhatItDoes"
    actions   = ["cloudwatch:PutMetricData"]
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = ["Glue"]
    }
  }
}

resource "aws_iam_role" "job" {
  name               = local.name
  assume_role_policy = data.aws_iam_policy_document.job_trust.json
}

resource "aws_iam_role_policy" "job" {
  name   = "work"
  role   = aws_iam_role.job.id
  policy = data.aws_iam_policy_document.job.json
}
