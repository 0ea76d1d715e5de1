# Everything in one task: it reads the stream, keeps its lake on S3 and serves the dashboard. What is
# on its own disk is rebuilt from the lake when a new task takes over.

locals {
  port = 8080

  has_load_balancer = var.certificate_arn != null
  internal_host     = "dashboard.${aws_service_discovery_private_dns_namespace.this.name}"
  host              = local.has_load_balancer ? var.dashboard_host : local.internal_host
  clients_allowed   = toset(var.allowed_cidrs)
}

data "aws_iam_policy_document" "this" {
  statement {
    sid = "ReadTheStream"
    actions = [
      "kinesis:DescribeStreamSummary",
      "kinesis:GetRecords",
      "kinesis:GetShardIterator",
      "kinesis:ListShards",
    ]
    resources = [var.stream_arn]
  }

  # events that are sent to the dashboard's API go to the stream
  statement {
    sid       = "WriteToTheStream"
    actions   = ["kinesis:PutRecords"]
    resources = [var.stream_arn]
  }

  statement {
    sid       = "FindTheLake"
    actions   = ["s3:GetBucketLocation", "s3:ListBucket", "s3:ListBucketMultipartUploads"]
    resources = [var.lake_bucket_arn]
  }

  statement {
    sid = "KeepTheLake"
    actions = [
      "s3:AbortMultipartUpload",
      "s3:DeleteObject",
      "s3:GetObject",
      "s3:ListMultipartUploadParts",
      "s3:PutObject",
    ]
    resources = ["${var.lake_bucket_arn}/*"]
  }

  statement {
    sid       = "StreamAndLakeAreEncrypted"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

# Lives while Terraform runs and is never stored; raise token_version for a new one, which restarts the
# task.
ephemeral "aws_secretsmanager_random_password" "token" {
  password_length     = 48
  exclude_punctuation = true
}

resource "aws_secretsmanager_secret" "token" {
  # checkov:skip=CKV2_AWS_57: people hold this token; raising token_version changes it
  name        = "${var.name}-dashboard-token"
  description = "Lets people into the dashboard"
  kms_key_id  = var.kms_key_arn
}

resource "aws_secretsmanager_secret_version" "token" {
  secret_id                = aws_secretsmanager_secret.token.id
  secret_string_wo         = ephemeral.aws_secretsmanager_random_password.token.random_password
  secret_string_wo_version = var.token_version
}

module "task" {
  source = "../task"

  name           = var.name
  part           = "compact"
  image          = var.image
  repository_arn = var.repository_arn
  command = [
    "up", "--no-simulator", "--json",
    "--stream", "kinesis://${var.stream_name}",
    "--lake", "s3://${var.lake_bucket}/lake",
    "--host", "0.0.0.0",
    "--port", tostring(local.port),
  ]
  environment = {
    AIRSIDE_DASHBOARD__ALLOWED_HOSTS = local.host

    # a task reads its secrets once, at its start: another version has to be another definition
    TOKEN_VERSION = tostring(var.token_version)
  }
  secrets            = { AIRSIDE_DASHBOARD__TOKEN = aws_secretsmanager_secret.token.arn }
  policy             = data.aws_iam_policy_document.this.json
  cpu                = var.cpu
  memory             = var.memory
  storage_gib        = var.storage_gib
  cpu_architecture   = var.cpu_architecture
  ports              = [local.port]
  clients            = var.clients
  kms_key_arn        = var.kms_key_arn
  log_retention_days = var.log_retention_days

  health_check = {
    command     = ["CMD", "python", "/opt/airside/healthcheck.py"]
    interval    = 15
    timeout     = 5
    retries     = 4
    startPeriod = 300
  }
}

resource "aws_ecs_service" "this" {
  name            = "${var.name}-compact"
  cluster         = var.cluster_arn
  task_definition = module.task.definition_arn
  desired_count   = 1
  launch_type     = "FARGATE"
  propagate_tags  = "SERVICE"

  # One task at a time owns the lake: the old one ends before the new one begins.
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  availability_zone_rebalancing      = "DISABLED"

  # the first start rebuilds from the lake
  health_check_grace_period_seconds = local.has_load_balancer ? 900 : null

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.private_subnet_ids
    security_groups  = [module.task.security_group_id]
    assign_public_ip = false
  }

  service_registries {
    registry_arn = aws_service_discovery_service.this.arn
  }

  dynamic "load_balancer" {
    for_each = aws_lb_target_group.this

    content {
      target_group_arn = load_balancer.value.arn
      container_name   = "compact"
      container_port   = local.port
    }
  }

  # the token has to be there when the task starts, and the listener before the service names it
  depends_on = [
    aws_lb_listener.https,
    aws_secretsmanager_secret_version.token,
  ]
}
