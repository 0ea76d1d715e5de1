locals {
  minute = 60000

  # One metric each; what a profile does not have is null and left out.
  alarms = {
    for key, alarm in {
      iterator-age = {
        description = "The oldest record that a consumer has not read is more than ${var.max_iterator_age_minutes} minutes old, or nobody reads: look at the consumers' logs, then at the number of shards"
        namespace   = "AWS/Kinesis"
        metric      = "GetRecords.IteratorAgeMilliseconds"
        dimensions  = { StreamName = var.stream_name }
        statistic   = "Maximum"
        over        = var.max_iterator_age_minutes * local.minute
        missing     = "breaching"
      }
      writes-refused = {
        description = "The stream refuses records: producers send more than its shards take"
        namespace   = "AWS/Kinesis"
        metric      = "WriteProvisionedThroughputExceeded"
        dimensions  = { StreamName = var.stream_name }
        statistic   = "Sum"
        over        = 0
        missing     = "notBreaching"
      }
      archive-freshness = var.archive_name == null ? null : {
        description = "Firehose has held a record for more than 20 minutes: see its log for a permission on bucket or key"
        namespace   = "AWS/Firehose"
        metric      = "DeliveryToS3.DataFreshness"
        dimensions  = { DeliveryStreamName = var.archive_name }
        statistic   = "Maximum"
        over        = 1200
        missing     = "notBreaching"
      }
      silver-lag = var.silver_job_name == null ? null : {
        description = "The silver job is more than 10 minutes behind the stream: see its log; then more workers"
        namespace   = "Glue"
        metric      = "glue.driver.streaming.maxConsumerLagInMs"
        dimensions  = { JobName = var.silver_job_name, JobRunId = "ALL", Type = "gauge" }
        statistic   = "Maximum"
        over        = 10 * local.minute
        missing     = "notBreaching"
      }
      gold-dead-letters = var.dead_letter_queue == null ? null : {
        description = "The schedule could not start gold; the message in the queue has the reason in its attributes"
        namespace   = "AWS/SQS"
        metric      = "ApproximateNumberOfMessagesVisible"
        dimensions  = { QueueName = var.dead_letter_queue }
        statistic   = "Maximum"
        over        = 0
        missing     = "notBreaching"
      }
    } : key => alarm if alarm != null
  }
}

resource "aws_cloudwatch_metric_alarm" "this" {
  for_each = local.alarms

  alarm_name          = "${var.name}-${each.key}"
  alarm_description   = each.value.description
  namespace           = each.value.namespace
  metric_name         = each.value.metric
  dimensions          = each.value.dimensions
  statistic           = each.value.statistic
  comparison_operator = "GreaterThanThreshold"
  threshold           = each.value.over
  period              = 300
  evaluation_periods  = 3
  datapoints_to_alarm = 2
  treat_missing_data  = each.value.missing
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  depends_on = [aws_sns_topic_policy.alerts]
}

# The one service that must be there.
resource "aws_cloudwatch_metric_alarm" "service" {
  count = var.service == null ? 0 : 1

  alarm_name          = "${var.name}-not-running"
  alarm_description   = "No task of ${var.service.name} is running: see its events in ECS, then its log"
  namespace           = "ECS/ContainerInsights"
  metric_name         = "RunningTaskCount"
  dimensions          = { ClusterName = var.service.cluster, ServiceName = var.service.name }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 1
  period              = 60
  evaluation_periods  = 10
  datapoints_to_alarm = 10
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  depends_on = [aws_sns_topic_policy.alerts]
}

# What a log says of the records' verdicts, as metrics.
resource "aws_cloudwatch_log_metric_filter" "verdicts" {
  for_each = {
    received    = { metric = "RecordsReceived", field = var.verdicts.received }
    quarantined = { metric = "RecordsQuarantined", field = var.verdicts.quarantined }
  }

  name           = "${var.name}-${each.key}"
  log_group_name = var.verdicts.log_group
  pattern        = "{ ${var.verdicts.received} = * && ${var.verdicts.quarantined} = * }"

  metric_transformation {
    name      = each.value.metric
    namespace = "Airside/${var.name}"
    value     = each.value.field
  }
}

locals {
  # of totals, what they grew by within a period; else the figures added up
  verdict_statistics = var.verdicts.is_total ? ["Maximum", "Minimum"] : ["Sum"]
  received           = var.verdicts.is_total ? "(received_maximum - received_minimum)" : "received_sum"
  quarantined        = var.verdicts.is_total ? "(quarantined_maximum - quarantined_minimum)" : "quarantined_sum"

  verdict_queries = {
    for pair in setproduct(keys(aws_cloudwatch_log_metric_filter.verdicts), local.verdict_statistics) :
    "${pair[0]}_${lower(pair[1])}" => {
      metric    = aws_cloudwatch_log_metric_filter.verdicts[pair[0]].metric_transformation[0].name
      statistic = pair[1]
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "quarantine_rate" {
  alarm_name          = "${var.name}-quarantine-rate"
  alarm_description   = "More than ${var.max_quarantine_percent} percent of the records are refused: the quarantine has each with its reason; most often a producer has changed its format"
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.max_quarantine_percent
  evaluation_periods  = 2
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alerts.arn]
  ok_actions          = [aws_sns_topic.alerts.arn]

  metric_query {
    id          = "share"
    label       = "Quarantined, percent"
    expression  = "IF(${local.received} > 0, 100 * ${local.quarantined} / ${local.received}, 0)"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = local.verdict_queries

    content {
      id = metric_query.key

      metric {
        namespace   = "Airside/${var.name}"
        metric_name = metric_query.value.metric
        period      = 900
        stat        = metric_query.value.statistic
      }
    }
  }

  depends_on = [aws_sns_topic_policy.alerts]
}
