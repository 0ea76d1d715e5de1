# The role that COPY reads the cleaned zone with.
data "aws_iam_policy_document" "copy_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["redshift.amazonaws.com", "redshift-serverless.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "copy" {
  statement {
    sid       = "FindTheBucket"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.clean_bucket_arn]
  }

  statement {
    sid       = "ReadTheCleanedZone"
    actions   = ["s3:GetObject"]
    resources = ["${var.clean_bucket_arn}/*"]
  }

  statement {
    sid       = "TheBucketIsEncrypted"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "copy" {
  name               = "${var.name}-copy"
  assume_role_policy = data.aws_iam_policy_document.copy_trust.json
}

resource "aws_iam_role_policy" "copy" {
  name   = "read"
  role   = aws_iam_role.copy.id
  policy = data.aws_iam_policy_document.copy.json
}
