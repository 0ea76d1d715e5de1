# One key for everything that Airside stores: stream, buckets, images, logs, queue, topic, warehouse.
# Roles of the account use it as their own policies say; the services below, which have no role,
# are named here, each held to this account.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region
}

data "aws_iam_policy_document" "key" {
  # In a key's own policy "*" is this key, and without a full right for the account the key could
  # become unmanageable for ever.
  # checkov:skip=CKV_AWS_109: a key policy constrains one key, see above
  # checkov:skip=CKV_AWS_111: a key policy constrains one key, see above
  # checkov:skip=CKV_AWS_356: a key policy constrains one key, see above
  statement {
    sid       = "AccountDecidesByIAM"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${local.partition}:iam::${local.account}:root"]
    }
  }

  statement {
    sid = "LogGroupsOfThisStack"
    actions = [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey*",
      "kms:ReEncrypt*",
    ]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${local.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      values = [
        for prefix in var.log_group_prefixes :
        "arn:${local.partition}:logs:${local.region}:${local.account}:log-group:${prefix}*"
      ]
    }
  }

  statement {
    sid       = "AlertsToTheTopic"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }

  # EventBridge does not say for which account it publishes: with a condition nothing would arrive,
  # and nobody would be told.
  statement {
    sid       = "FailuresToTheTopic"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey*"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }
  }
}

resource "aws_kms_key" "this" {
  description             = "Everything that ${var.name} stores"
  enable_key_rotation     = true
  deletion_window_in_days = 30
  policy                  = data.aws_iam_policy_document.key.json
}

resource "aws_kms_alias" "this" {
  name          = "alias/${var.name}"
  target_key_id = aws_kms_key.this.key_id
}
