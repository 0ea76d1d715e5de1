# A streaming job runs until something ends it. This starts it, and starts it again within a quarter
# of an hour; while it runs, Glue refuses a second run, and nothing happens.

resource "aws_scheduler_schedule_group" "this" {
  name = local.name
}

data "aws_iam_policy_document" "starter_trust" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [local.account]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_scheduler_schedule_group.this.arn]
    }
  }
}

data "aws_iam_policy_document" "starter" {
  statement {
    sid       = "StartTheJob"
    actions   = ["glue:StartJobRun"]
    resources = [aws_glue_job.this.arn]
  }

  statement {
    sid       = "TheScheduleIsEncrypted"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "starter" {
  name               = "${local.name}-starter"
  assume_role_policy = data.aws_iam_policy_document.starter_trust.json
}

resource "aws_iam_role_policy" "starter" {
  name   = "start"
  role   = aws_iam_role.starter.id
  policy = data.aws_iam_policy_document.starter.json
}

resource "aws_scheduler_schedule" "this" {
  name                = local.name
  group_name          = aws_scheduler_schedule_group.this.name
  description         = "Keeps the silver job running"
  schedule_expression = "rate(15 minutes)"
  state               = var.running ? "ENABLED" : "DISABLED"
  kms_key_arn         = var.kms_key_arn

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = "arn:${local.partition}:scheduler:::aws-sdk:glue:startJobRun"
    role_arn = aws_iam_role.starter.arn
    input    = jsonencode({ JobName = aws_glue_job.this.name })

    # the refusal of a second run is no failure to repeat
    retry_policy {
      maximum_retry_attempts = 0
    }
  }
}
