# The cluster that all tasks run in, and the simulator as a service: desired_tasks starts and stops it.

resource "aws_ecs_cluster" "this" {
  name = var.name

  setting {
    name  = "containerInsights"
    value = "enabled"
  }
}

data "aws_iam_policy_document" "this" {
  statement {
    sid = "WriteToTheStream"
    actions = [
      "kinesis:DescribeStreamSummary",
      "kinesis:ListShards",
      "kinesis:PutRecords",
    ]
    resources = [var.stream_arn]
  }

  statement {
    sid       = "TheStreamIsEncrypted"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

module "task" {
  source = "../task"

  name               = var.name
  part               = "simulator"
  image              = var.image
  repository_arn     = var.repository_arn
  command            = concat(["simulate", "--stream", "kinesis://${var.stream_name}"], var.options)
  policy             = data.aws_iam_policy_document.this.json
  cpu                = 256
  memory             = 512
  cpu_architecture   = var.cpu_architecture
  clients            = var.clients
  kms_key_arn        = var.kms_key_arn
  log_retention_days = var.log_retention_days
}

resource "aws_ecs_service" "this" {
  name            = "${var.name}-simulator"
  cluster         = aws_ecs_cluster.this.id
  task_definition = module.task.definition_arn
  desired_count   = var.desired_tasks
  launch_type     = "FARGATE"
  propagate_tags  = "SERVICE"

  # two simulators would send everything twice
  deployment_minimum_healthy_percent = 0
  deployment_maximum_percent         = 100
  availability_zone_rebalancing      = "DISABLED"

  deployment_circuit_breaker {
    enable   = true
    rollback = true
  }

  network_configuration {
    subnets          = var.subnet_ids
    security_groups  = [module.task.security_group_id]
    assign_public_ip = false
  }
}
