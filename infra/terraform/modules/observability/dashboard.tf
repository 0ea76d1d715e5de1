# One page, from left to right as the data flows.

locals {
  graphs = [
    for graph in [
      {
        title   = "Stream: records in and out"
        metrics = [for metric in ["IncomingRecords", "GetRecords.Records"] : ["AWS/Kinesis", metric, "StreamName", var.stream_name]]
        stat    = "Sum"
      },
      {
        title   = "Stream: age of the oldest unread record, ms"
        metrics = [["AWS/Kinesis", "GetRecords.IteratorAgeMilliseconds", "StreamName", var.stream_name]]
        stat    = "Maximum"
      },
      var.archive_name == null ? null : {
        title   = "Raw zone: seconds to S3"
        metrics = [["AWS/Firehose", "DeliveryToS3.DataFreshness", "DeliveryStreamName", var.archive_name]]
        stat    = "Maximum"
      },
      var.silver_job_name == null ? null : {
        title   = "Silver: behind the stream, ms"
        metrics = [["Glue", "glue.driver.streaming.maxConsumerLagInMs", "JobName", var.silver_job_name, "JobRunId", "ALL", "Type", "gauge"]]
        stat    = "Maximum"
      },
      {
        title   = "Verdicts: received and quarantined"
        metrics = [for filter in aws_cloudwatch_log_metric_filter.verdicts : ["Airside/${var.name}", filter.metric_transformation[0].name]]
        stat    = var.verdicts.is_total ? "Maximum" : "Sum"
      },
      var.workgroup_name == null ? null : {
        title   = "Warehouse: seconds of capacity"
        metrics = [["AWS/Redshift-Serverless", "ComputeSeconds", "Workgroup", var.workgroup_name]]
        stat    = "Sum"
      },
      {
        title   = "Tasks: units of processor, MB of memory"
        metrics = [for metric in ["CpuUtilized", "MemoryUtilized"] : ["ECS/ContainerInsights", metric, "ClusterName", var.name]]
        stat    = "Average"
      },
    ] : graph if graph != null
  ]

  widgets = concat(
    [
      for index, graph in local.graphs : {
        type   = "metric"
        x      = index % 3 * 8
        y      = floor(index / 3) * 6
        width  = 8
        height = 6
        properties = {
          title   = graph.title
          region  = local.region
          metrics = graph.metrics
          stat    = graph.stat
          period  = 300
          view    = "timeSeries"
        }
      }
    ],
    [
      {
        type   = "alarm"
        x      = 0
        y      = ceil(length(local.graphs) / 3) * 6
        width  = 8
        height = 6
        properties = {
          title = "Alarms"
          alarms = concat(
            [for alarm in aws_cloudwatch_metric_alarm.this : alarm.arn],
            [for alarm in aws_cloudwatch_metric_alarm.service : alarm.arn],
            [aws_cloudwatch_metric_alarm.quarantine_rate.arn],
          )
        }
      },
      {
        type   = "log"
        x      = 8
        y      = ceil(length(local.graphs) / 3) * 6
        width  = 16
        height = 6
        properties = {
          title  = "Errors"
          region = local.region
          view   = "table"
          query = join(" | ", concat(
            [for group in var.log_groups : "SOURCE '${group}'"],
            ["fields @timestamp, @log, @message", "filter @message like /(?i)error|exception|traceback/", "sort @timestamp desc", "limit 50"],
          ))
        }
      },
    ],
  )
}

resource "aws_cloudwatch_dashboard" "this" {
  dashboard_name = var.name
  dashboard_body = jsonencode({ widgets = local.widgets })
}
