output "repository_url" {
  description = "Push the image here, with the tag image_tag."
  value       = module.storage.repository_url
}

output "stream" {
  description = "Send records here; any producer will do."
  value       = "kinesis://${module.stream.name}"
}

output "lake" {
  description = "Everything that came in, and what was made of it."
  value       = "s3://${module.storage.buckets["lake"]}/lake"
}

output "cluster" {
  description = "Cluster that the tasks run in."
  value       = module.simulator.cluster_name
}

output "dashboard_url" {
  description = "The dashboard."
  value       = module.compact.dashboard_url
}

output "load_balancer_host" {
  description = "What dashboard_host has to point at in DNS; null on a private port."
  value       = module.compact.load_balancer_host
}

output "show_token" {
  description = "Prints the token that the dashboard asks for."
  value       = "aws secretsmanager get-secret-value --region ${var.aws_region} --secret-id ${module.compact.token_secret_arn} --query SecretString --output text"
}

output "cloudwatch_dashboard" {
  description = "How the pipeline is doing."
  value       = module.observability.dashboard_url
}

output "check" {
  description = "Where does the data stop?"
  value       = "AWS_DEFAULT_REGION=${var.aws_region} airside doctor --aws ${var.unique_suffix}"
}
