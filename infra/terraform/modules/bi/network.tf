# QuickSight puts interfaces of its own into the network. Its group does not remember connections,
# so the answers of the warehouse need a rule as well; and the warehouse has to let it in.

resource "aws_security_group" "this" {
  # checkov:skip=CKV2_AWS_5: the VPC connection attaches it
  name        = "${var.name}-quicksight"
  description = "Interfaces of QuickSight"
  vpc_id      = var.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "to_warehouse" {
  security_group_id            = aws_security_group.this.id
  description                  = "Questions to Redshift"
  referenced_security_group_id = var.warehouse.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = var.warehouse.port
  to_port                      = var.warehouse.port
}

resource "aws_vpc_security_group_ingress_rule" "from_warehouse" {
  # checkov:skip=CKV_AWS_25: from the warehouse's group only; answers go to a port that QuickSight chose
  security_group_id            = aws_security_group.this.id
  description                  = "Answers of Redshift, to whatever port asked"
  referenced_security_group_id = var.warehouse.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = 1024
  to_port                      = 65535
}

resource "aws_vpc_security_group_ingress_rule" "into_warehouse" {
  security_group_id            = var.warehouse.security_group_id
  description                  = "QuickSight"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = var.warehouse.port
  to_port                      = var.warehouse.port
}

data "aws_iam_policy_document" "network_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["quicksight.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }
  }
}

data "aws_iam_policy_document" "network" {
  # checkov:skip=CKV_AWS_356: EC2 knows no resources for its describing actions
  statement {
    sid     = "MakeInterfaces"
    actions = ["ec2:CreateNetworkInterface"]
    resources = concat(
      [
        "arn:${local.partition}:ec2:${local.region}:${local.account}:network-interface/*",
        aws_security_group.this.arn,
      ],
      [for id in var.subnet_ids : "arn:${local.partition}:ec2:${local.region}:${local.account}:subnet/${id}"],
    )
  }

  statement {
    sid = "ChangeAndRemoveThem"
    actions = [
      "ec2:DeleteNetworkInterface",
      "ec2:ModifyNetworkInterfaceAttribute",
    ]
    resources = [
      "arn:${local.partition}:ec2:${local.region}:${local.account}:network-interface/*",
      aws_security_group.this.arn,
    ]
  }

  statement {
    sid = "LookAround"
    actions = [
      "ec2:DescribeNetworkInterfaces",
      "ec2:DescribeSecurityGroups",
      "ec2:DescribeSubnets",
    ]
    resources = ["*"]
  }
}

resource "aws_iam_role" "network" {
  name               = "${var.name}-quicksight"
  assume_role_policy = data.aws_iam_policy_document.network_trust.json
}

resource "aws_iam_role_policy" "network" {
  name   = "interfaces"
  role   = aws_iam_role.network.id
  policy = data.aws_iam_policy_document.network.json
}
