output "definition_arn" {
  description = "The task definition with its revision."
  value       = aws_ecs_task_definition.this.arn
}

output "family" {
  description = "Name of the task definition without its revision."
  value       = aws_ecs_task_definition.this.family
}

output "role_arns" {
  description = "The role that starts the task, and its own: who runs it must be able to pass both."
  value       = [aws_iam_role.start.arn, aws_iam_role.this.arn]
}

output "role_name" {
  description = "Name of the task's own role."
  value       = aws_iam_role.this.name
}

output "security_group_id" {
  description = "Security group of the task."
  value       = aws_security_group.this.id
}

output "log_group" {
  description = "Where it writes what it says."
  value       = aws_cloudwatch_log_group.this.name
}
