output "cluster_name" {
  description = "Name of the cluster."
  value       = aws_ecs_cluster.this.name
}

output "cluster_arn" {
  description = "ARN of the cluster."
  value       = aws_ecs_cluster.this.arn
}

output "service_name" {
  description = "Name of the simulator's service."
  value       = aws_ecs_service.this.name
}

output "log_group" {
  description = "Where the simulator writes what it says."
  value       = module.task.log_group
}
