output "service_name" {
  description = "Name of the service."
  value       = aws_ecs_service.this.name
}

output "dashboard_url" {
  description = "Where the dashboard is."
  value       = local.has_load_balancer ? "https://${local.host}" : "http://${local.host}:${local.port}"
}

output "load_balancer_host" {
  description = "What the certificate's name has to point at (a CNAME or an alias); null on a private port."
  value       = one(aws_lb.this[*].dns_name)
}

output "token_secret_arn" {
  description = "Secret with the dashboard's token."
  value       = aws_secretsmanager_secret.token.arn
}

output "log_group" {
  description = "Where the task writes what it says."
  value       = module.task.log_group
}
