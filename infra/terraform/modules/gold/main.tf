# Gold: every so often a task loads what silver has finished into staging and builds the star schema.

data "aws_caller_identity" "current" {}

locals {
  name = "${var.name}-gold"
}

data "aws_iam_policy_document" "task" {
  statement {
    sid       = "SignInToTheWarehouse"
    actions   = ["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"]
    resources = [var.workgroup_arn]
  }

  statement {
    sid       = "FindTheBucket"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket"]
    resources = [var.clean_bucket_arn]
  }

  statement {
    sid       = "ReadBatchDocuments"
    actions   = ["s3:GetObject"]
    resources = ["${var.clean_bucket_arn}/*"]
  }

  statement {
    sid       = "WriteManifests"
    actions   = ["s3:DeleteObject", "s3:PutObject"]
    resources = ["${var.clean_bucket_arn}/manifests/*"]
  }

  statement {
    sid       = "TheBucketIsEncrypted"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

module "task" {
  source = "../task"

  name           = var.name
  part           = "gold"
  image          = var.image
  repository_arn = var.repository_arn
  command = [
    "refresh", "--json",
    "--warehouse", "redshift://${var.warehouse.host}:${var.warehouse.port}/${var.warehouse.database}",
    "--lake", "s3://${var.clean_bucket}",
  ]
  policy             = data.aws_iam_policy_document.task.json
  role_tags          = { RedshiftDbRoles = var.warehouse.gold_role }
  cpu                = 512
  memory             = 2048
  cpu_architecture   = var.cpu_architecture
  clients            = var.clients
  kms_key_arn        = var.kms_key_arn
  log_retention_days = var.log_retention_days
}

resource "aws_vpc_security_group_egress_rule" "warehouse" {
  security_group_id            = module.task.security_group_id
  description                  = "Redshift"
  referenced_security_group_id = var.warehouse.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.warehouse.port
  to_port                      = var.warehouse.port
}

resource "aws_vpc_security_group_ingress_rule" "warehouse" {
  security_group_id            = var.warehouse.security_group_id
  description                  = "Gold"
  referenced_security_group_id = module.task.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.warehouse.port
  to_port                      = var.warehouse.port
}
