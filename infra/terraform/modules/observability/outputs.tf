output "topic_arn" {
  description = "Where alerts go."
  value       = aws_sns_topic.alerts.arn

  # who is given the topic may publish to it
  depends_on = [aws_sns_topic_policy.alerts]
}

output "dashboard_url" {
  description = "The CloudWatch dashboard."
  value       = "https://${local.region}.console.aws.amazon.com/cloudwatch/home?region=${local.region}#dashboards:name=${aws_cloudwatch_dashboard.this.dashboard_name}"
}
