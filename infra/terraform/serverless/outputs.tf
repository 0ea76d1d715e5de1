output "repository_url" {
  description = "Push the image here, with the tag image_tag."
  value       = module.storage.repository_url
}

output "stream" {
  description = "Send records here; any producer will do."
  value       = "kinesis://${module.stream.name}"
}

output "buckets" {
  description = "Buckets by zone."
  value       = module.storage.buckets
}

output "cluster" {
  description = "Cluster that the tasks run in."
  value       = module.simulator.cluster_name
}

output "silver_job" {
  description = "The Glue job."
  value       = module.silver.job_name
}

output "warehouse_url" {
  description = "The star schema, from inside the network: --warehouse of `airside report`, `sql` and the rest."
  value       = "redshift://${module.warehouse.host}:${module.warehouse.port}/${module.warehouse.database}"
}

output "reader_secret_arn" {
  description = "Secret that QuickSight has to be allowed, under Security & permissions, before quicksight_principal_arn is set."
  value       = module.warehouse.reader_secret_arn
}

output "run_gold" {
  description = "Builds the star schema now, without waiting for the schedule."
  value       = "aws ecs run-task --region ${var.aws_region} --cluster ${module.simulator.cluster_name} --launch-type FARGATE --task-definition ${module.gold.task_family} --network-configuration 'awsvpcConfiguration={subnets=[${join(",", module.network.private_subnet_ids)}],securityGroups=[${module.gold.security_group_id}]}'"
}

output "quicksight_dashboard" {
  description = "The dashboard in QuickSight; null without quicksight_principal_arn."
  value       = one(module.bi[*].dashboard_url)
}

output "cloudwatch_dashboard" {
  description = "How the pipeline is doing."
  value       = module.observability.dashboard_url
}

output "check" {
  description = "Where does the data stop?"
  value       = "AWS_DEFAULT_REGION=${var.aws_region} airside doctor --aws ${var.unique_suffix}"
}
