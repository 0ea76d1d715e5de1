output "job_name" {
  description = "Name of the Glue job."
  value       = aws_glue_job.this.name
}

output "log_groups" {
  description = "Where the job writes what it says."
  value       = [for group in aws_cloudwatch_log_group.this : group.name]
}
