# One command of the image as a Fargate task: its definition, log group, security group, the role
# that starts it and the role that it has. A service or a schedule runs it.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region
  family    = "${var.name}-${var.part}"

  # The image declares this folder a volume of its user, so the root file system can be read-only.
  data_dir = "/data"
}

resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: how long logs are worth keeping is a setting
  name              = "/${var.name}/${var.part}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${local.partition}:ecs:${local.region}:${local.account}:*"]
    }
  }
}

data "aws_iam_policy_document" "start" {
  # checkov:skip=CKV_AWS_356: a token for the registry is for all of it; what it pulls is narrowed below
  statement {
    sid       = "LogInToTheRegistry"
    actions   = ["ecr:GetAuthorizationToken"]
    resources = ["*"]
  }

  statement {
    sid = "PullTheImage"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:GetDownloadUrlForLayer",
    ]
    resources = [var.repository_arn]
  }

  statement {
    sid       = "WriteItsLog"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  dynamic "statement" {
    for_each = length(var.secrets) > 0 ? [1] : []

    content {
      sid       = "HandItsSecretsIn"
      actions   = ["secretsmanager:GetSecretValue"]
      resources = values(var.secrets)
    }
  }

  dynamic "statement" {
    for_each = length(var.secrets) > 0 ? [1] : []

    content {
      sid       = "SecretsAreEncrypted"
      actions   = ["kms:Decrypt"]
      resources = [var.kms_key_arn]
    }
  }
}

resource "aws_iam_role" "start" {
  name               = "${local.family}-start"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_iam_role_policy" "start" {
  name   = "start"
  role   = aws_iam_role.start.id
  policy = data.aws_iam_policy_document.start.json
}

resource "aws_iam_role" "this" {
  name               = local.family
  assume_role_policy = data.aws_iam_policy_document.trust.json
  tags               = var.role_tags
}

resource "aws_iam_role_policy" "this" {
  name   = "work"
  role   = aws_iam_role.this.id
  policy = var.policy
}

resource "aws_ecs_task_definition" "this" {
  family                   = local.family
  requires_compatibilities = ["FARGATE"]
  network_mode             = "awsvpc"
  cpu                      = var.cpu
  memory                   = var.memory
  execution_role_arn       = aws_iam_role.start.arn
  task_role_arn            = aws_iam_role.this.arn

  runtime_platform {
    operating_system_family = "LINUX"
    cpu_architecture        = var.cpu_architecture
  }

  volume {
    name = "data"
  }

  dynamic "ephemeral_storage" {
    for_each = var.storage_gib > 20 ? [var.storage_gib] : []

    content {
      size_in_gib = ephemeral_storage.value
    }
  }

  container_definitions = jsonencode([
    {
      name                   = var.part
      image                  = var.image
      essential              = true
      entryPoint             = ["airside"]
      command                = var.command
      readonlyRootFilesystem = true
      stopTimeout            = 120
      linuxParameters        = { initProcessEnabled = true }
      mountPoints            = [{ sourceVolume = "data", containerPath = local.data_dir, readOnly = false }]

      environment = [
        for key, value in merge(
          {
            AIRSIDE_DATA_DIR   = local.data_dir
            AWS_DEFAULT_REGION = local.region
            AWS_REGION         = local.region
            TMPDIR             = local.data_dir
          },
          var.environment,
        ) : { name = key, value = value }
      ]
      secrets = [for key, arn in var.secrets : { name = key, valueFrom = arn }]

      portMappings = [for port in var.ports : { containerPort = port, hostPort = port, protocol = "tcp" }]
      healthCheck  = var.health_check

      logConfiguration = {
        logDriver = "awslogs"
        options = {
          awslogs-group         = aws_cloudwatch_log_group.this.name
          awslogs-region        = local.region
          awslogs-stream-prefix = "task"
        }
      }
    },
  ])
}
