# Things that end badly, as they end: a mail with the reason AWS gives.

locals {
  failures = {
    for key, failure in {
      silver-failed = var.silver_job_name == null ? null : {
        description = "A run of the silver job failed"
        pattern = {
          source      = ["aws.glue"]
          detail-type = ["Glue Job State Change"]
          detail      = { jobName = [var.silver_job_name], state = ["FAILED", "TIMEOUT"] }
        }
        paths   = { state = "$.detail.state", reason = "$.detail.message", run = "$.detail.jobRunId" }
        message = "\"The silver job ended: <state>. <reason> (run <run>). It is started again within a quarter of an hour.\""
      }
      task-failed = {
        description = "A task ended with an error"
        pattern = {
          source      = ["aws.ecs"]
          detail-type = ["ECS Task State Change"]
          detail = {
            clusterArn = [var.cluster_arn]
            lastStatus = ["STOPPED"]
            "$or" = [
              { containers = { exitCode = [{ anything-but = [0, 143] }] } },
              { stopCode = ["TaskFailedToStart"] },
            ]
          }
        }
        paths   = { group = "$.detail.group", reason = "$.detail.stoppedReason", task = "$.detail.taskArn" }
        message = "\"A task of <group> ended: <reason> (<task>). Its log group has its last words.\""
      }
    } : key => failure if failure != null
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  for_each = local.failures

  name          = "${var.name}-${each.key}"
  description   = each.value.description
  event_pattern = jsonencode(each.value.pattern)
}

resource "aws_cloudwatch_event_target" "this" {
  for_each = local.failures

  rule = aws_cloudwatch_event_rule.this[each.key].name
  arn  = aws_sns_topic.alerts.arn

  input_transformer {
    input_paths    = each.value.paths
    input_template = each.value.message
  }
}
