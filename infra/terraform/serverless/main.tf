# The full stack: Kinesis, Firehose, Glue, Redshift Serverless, QuickSight. See ../README.md.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}

locals {
  name  = "airside-${var.unique_suffix}"
  feed  = "flight_events"
  image = "${module.storage.repository_url}:${var.image_tag}"

  # where dbt builds the star schema in Redshift
  gold_schema = "main"

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
        actions   = ["kinesis:DescribeStreamSummary", "kinesis:ListShards", "kinesis:PutRecords"]
        resources = [module.stream.arn]
      },
    ]
    "logs" = [
      {
        actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
        resources = ["arn:${local.partition}:logs:${var.aws_region}:${local.account}:log-group:/${local.name}/*"]
      },
    ]
    "redshift-serverless" = [
      {
        actions   = ["redshift-serverless:GetCredentials", "redshift-serverless:GetWorkgroup"]
        resources = ["arn:${local.partition}:redshift-serverless:${var.aws_region}:${local.account}:workgroup/*"]
      },
    ]
  }
}

module "kms" {
  source = "../modules/kms"

  name               = local.name
  log_group_prefixes = ["/${local.name}/", "/aws-glue/", "/aws/redshift/${local.name}/"]
}

module "storage" {
  source = "../modules/storage"

  name         = local.name
  kms_key_arn  = module.kms.key_arn
  destroy_data = var.destroy_data

  zones = {
    raw = {
      keep_overwritten_days = 30
      cool_down             = { "bronze/" = 30 }
    }
    clean = {
      keep_overwritten_days = 7
      cool_down             = { "silver/" = 90, "quarantine/" = 90 }
      expire                = { "temporary/" = 7 }
    }
    artifacts = {
      keep_overwritten_days = 90
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
  bucket_arns         = [module.storage.bucket_arns["clean"]]
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

module "archive" {
  source = "../modules/archive"

  name               = local.name
  feed               = local.feed
  stream_arn         = module.stream.arn
  bucket_arn         = module.storage.bucket_arns["raw"]
  kms_key_arn        = module.kms.key_arn
  buffering_seconds  = var.archive_buffering_seconds
  buffering_mb       = var.archive_buffering_mb
  log_retention_days = var.log_retention_days
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

module "silver" {
  source = "../modules/silver"

  name                 = local.name
  running              = var.silver_running
  stream_arn           = module.stream.arn
  clean_bucket         = module.storage.buckets["clean"]
  clean_bucket_arn     = module.storage.bucket_arns["clean"]
  artifacts_bucket     = module.storage.buckets["artifacts"]
  artifacts_bucket_arn = module.storage.bucket_arns["artifacts"]
  wheel_path           = var.wheel_path
  worker_type          = var.silver_worker_type
  workers              = var.silver_workers
  maintenance_window   = var.silver_maintenance_window
  kms_key_arn          = module.kms.key_arn
  log_retention_days   = var.log_retention_days
}

module "warehouse" {
  source = "../modules/warehouse"

  name               = local.name
  base_rpus          = var.redshift_base_rpus
  max_rpus           = var.redshift_max_rpus
  monthly_rpu_hours  = var.redshift_monthly_rpu_hours
  subnet_ids         = module.network.private_subnet_ids
  clients            = module.network.clients
  clean_bucket_arn   = module.storage.bucket_arns["clean"]
  kms_key_arn        = module.kms.key_arn
  log_retention_days = var.log_retention_days
}

module "gold" {
  source = "../modules/gold"

  name               = local.name
  running            = var.gold_running
  schedule           = var.gold_schedule
  image              = local.image
  repository_arn     = module.storage.repository_arn
  cpu_architecture   = var.cpu_architecture
  cluster_arn        = module.simulator.cluster_arn
  subnet_ids         = module.network.private_subnet_ids
  clients            = module.network.clients
  workgroup_arn      = module.warehouse.workgroup_arn
  clean_bucket       = module.storage.buckets["clean"]
  clean_bucket_arn   = module.storage.bucket_arns["clean"]
  kms_key_arn        = module.kms.key_arn
  log_retention_days = var.log_retention_days

  warehouse = {
    host              = module.warehouse.host
    port              = module.warehouse.port
    database          = module.warehouse.database
    security_group_id = module.warehouse.security_group_id
    gold_role         = module.warehouse.gold_role
  }
}

module "bi" {
  source = "../modules/bi"
  count  = var.quicksight_principal_arn == null ? 0 : 1

  name           = local.name
  principal_arn  = var.quicksight_principal_arn
  schema         = local.gold_schema
  gold_role_name = module.gold.role_name
  vpc_id         = module.network.vpc_id
  subnet_ids     = module.network.private_subnet_ids

  warehouse = {
    workgroup_name    = module.warehouse.workgroup_name
    host              = module.warehouse.host
    port              = module.warehouse.port
    database          = module.warehouse.database
    security_group_id = module.warehouse.security_group_id
    admin_secret_arn  = module.warehouse.admin_secret_arn
    reader            = module.warehouse.reader
    reader_secret_arn = module.warehouse.reader_secret_arn
  }
}

module "observability" {
  source = "../modules/observability"

  name                   = local.name
  alert_email            = var.alert_email
  stream_name            = module.stream.name
  archive_name           = module.archive.name
  silver_job_name        = module.silver.job_name
  workgroup_name         = module.warehouse.workgroup_name
  dead_letter_queue      = module.gold.dead_letter_queue
  cluster_arn            = module.simulator.cluster_arn
  max_quarantine_percent = var.max_quarantine_percent
  kms_key_arn            = module.kms.key_arn

  # what each refresh says that it has loaded
  verdicts = {
    log_group   = module.gold.log_group
    received    = "$.records"
    quarantined = "$.quarantined"
    is_total    = false
  }

  log_groups = concat(
    [module.simulator.log_group, module.gold.log_group],
    module.silver.log_groups,
  )
}

module "cost" {
  source = "../modules/cost"

  name               = local.name
  monthly_budget_usd = var.monthly_budget_usd
  topic_arn          = module.observability.topic_arn
}
