output "task_family" {
  description = "Name of the task definition."
  value       = module.task.family
}

output "role_name" {
  description = "Name of the task's role; Redshift calls its user IAMR:<this>."
  value       = module.task.role_name
}

output "schedule_name" {
  description = "Name of the schedule, and of its group."
  value       = aws_scheduler_schedule.this.name
}

output "dead_letter_queue" {
  description = "Name of the queue of what could not be started."
  value       = aws_sqs_queue.dead_letters.name
}

output "log_group" {
  description = "Where gold writes what it says."
  value       = module.task.log_group
}

output "security_group_id" {
  description = "Security group of the task."
  value       = module.task.security_group_id
}
