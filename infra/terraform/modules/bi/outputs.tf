output "dashboard_url" {
  description = "The dashboard."
  value       = "https://${local.region}.quicksight.aws.amazon.com/sn/dashboards/${aws_quicksight_dashboard.this.dashboard_id}"
}

output "data_source_id" {
  description = "The data source."
  value       = aws_quicksight_data_source.this.data_source_id
}
