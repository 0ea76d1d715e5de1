# One task that does it all: reads Kinesis, keeps its lake on S3, serves the dashboard. See ../README.md.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  name  = "airside-${var.unique_suffix}"
  image = "${module.storage.repository_url}:${var.image_tag}"

  partition = data.aws_partition.current.partition
  account   = data.aws_caller_identity.current.account_id

  # The services that tasks in the network call, and what they may do there.
  interface_endpoints = {
    "ecr.api" = [
      { actions = ["ecr:GetAuthorizationToken"], resources = ["*"] },
      {
        actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        resources = [module.storage.repository_arn]
      },
    ]
    "ecr.dkr" = [
      { actions = ["ecr:GetAuthorizationToken"], resources = ["*"] },
      {
        actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
        resources = [module.storage.repository_arn]
      },
    ]
    "kinesis-streams" = [
      {
        actions = [
          "kinesis:DescribeStreamSummary",
          "kinesis:GetRecords",
          "kinesis:GetShardIterator",
          "kinesis:ListShards",
          "kinesis:PutRecords",
        ]
        resources = [module.stream.arn]
      },
    ]
    "logs" = [
      {
        actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        resources = ["arn:${local.partition}:logs:${var.aws_region}:${local.account}:log-group:/${local.name}/*"]
      },
    ]
    "secretsmanager" = [
      {
        actions   = ["secretsmanager:GetSecretValue"]
        resources = ["arn:${local.partition}:secretsmanager:${var.aws_region}:${local.account}:secret:${local.name}-*"]
      },
    ]
  }
}

module "kms" {
  source = "../modules/kms"

  name               = local.name
  log_group_prefixes = ["/${local.name}/"]
}

module "storage" {
  source = "../modules/storage"

  name         = local.name
  kms_key_arn  = module.kms.key_arn
  destroy_data = var.destroy_data

  zones = {
    lake = {
      keep_overwritten_days = 14
      cool_down             = { "lake/bronze/" = 30 }
    }
  }
}

module "network" {
  source = "../modules/network"

  name                = local.name
  cidr                = var.vpc_cidr
  availability_zones  = var.availability_zones
  interface_endpoints = local.interface_endpoints
  endpoint_zones      = var.endpoint_zones
  bucket_arns         = values(module.storage.bucket_arns)
  with_public_subnets = var.dashboard_public && var.certificate_arn != null
  kms_key_arn         = module.kms.key_arn
  log_retention_days  = var.log_retention_days
}

module "stream" {
  source = "../modules/stream"

  name            = local.name
  shards          = var.shards
  retention_hours = var.retention_hours
  kms_key_arn     = module.kms.key_arn
}

module "simulator" {
  source = "../modules/simulator"

  name               = local.name
  desired_tasks      = var.desired_tasks
  image              = local.image
  repository_arn     = module.storage.repository_arn
  cpu_architecture   = var.cpu_architecture
  options            = var.simulator_options
  stream_name        = module.stream.name
  stream_arn         = module.stream.arn
  subnet_ids         = module.network.private_subnet_ids
  clients            = module.network.clients
  kms_key_arn        = module.kms.key_arn
  log_retention_days = var.log_retention_days
}

module "compact" {
  source = "../modules/compact"

  name               = local.name
  image              = local.image
  repository_arn     = module.storage.repository_arn
  cpu_architecture   = var.cpu_architecture
  cpu                = var.compact_cpu
  memory             = var.compact_memory
  storage_gib        = var.compact_storage_gib
  cluster_arn        = module.simulator.cluster_arn
  stream_name        = module.stream.name
  stream_arn         = module.stream.arn
  lake_bucket        = module.storage.buckets["lake"]
  lake_bucket_arn    = module.storage.bucket_arns["lake"]
  certificate_arn    = var.certificate_arn
  dashboard_host     = var.dashboard_host
  public             = var.dashboard_public
  allowed_cidrs      = length(var.allowed_cidrs) > 0 ? var.allowed_cidrs : [var.vpc_cidr]
  token_version      = var.token_version
  destroy_data       = var.destroy_data
  private_subnet_ids = module.network.private_subnet_ids
  public_subnet_ids  = module.network.public_subnet_ids
  clients            = module.network.clients
  kms_key_arn        = module.kms.key_arn
  log_retention_days = var.log_retention_days
}

module "observability" {
  source = "../modules/observability"

  name                   = local.name
  alert_email            = var.alert_email
  stream_name            = module.stream.name
  cluster_arn            = module.simulator.cluster_arn
  max_quarantine_percent = var.max_quarantine_percent
  kms_key_arn            = module.kms.key_arn
  log_groups             = [module.simulator.log_group, module.compact.log_group]

  service = {
    cluster = module.simulator.cluster_name
    name    = module.compact.service_name
  }

  # what `airside up --json` says at each refresh
  verdicts = {
    log_group   = module.compact.log_group
    received    = "$.received"
    quarantined = "$.quarantined"
    is_total    = true
  }
}

module "cost" {
  source = "../modules/cost"

  name               = local.name
  monthly_budget_usd = var.monthly_budget_usd
  topic_arn          = module.observability.topic_arn
}
