# Redshift Serverless: staging and the star schema. It sleeps between refreshes and is paid by the
# second while awake. Its administrator's password is Redshift's own secret, never in the state.

data "aws_caller_identity" "current" {}
data "aws_region" "current" {}

locals {
  account  = data.aws_caller_identity.current.account_id
  region   = data.aws_region.current.region
  database = "airside"

  # a role in the database, which gold's IAM role is given by a tag
  gold_role = "airside_gold"

  log_exports = ["connectionlog", "useractivitylog", "userlog"]
}

# Redshift would make these without a limit.
resource "aws_cloudwatch_log_group" "this" {
  # checkov:skip=CKV_AWS_338: how long logs are worth keeping is a setting
  for_each = toset(local.log_exports)

  name              = "/aws/redshift/${var.name}/${each.key}"
  retention_in_days = var.log_retention_days
  kms_key_id        = var.kms_key_arn
}

resource "aws_redshiftserverless_namespace" "this" {
  namespace_name = var.name
  db_name        = local.database
  admin_username = "airside_admin"

  manage_admin_password            = true
  admin_password_secret_kms_key_id = var.kms_key_arn

  kms_key_id           = var.kms_key_arn
  iam_roles            = [aws_iam_role.copy.arn]
  default_iam_role_arn = aws_iam_role.copy.arn
  log_exports          = local.log_exports

  depends_on = [aws_cloudwatch_log_group.this]
}

resource "aws_redshiftserverless_workgroup" "this" {
  namespace_name       = aws_redshiftserverless_namespace.this.namespace_name
  workgroup_name       = var.name
  base_capacity        = var.base_rpus
  max_capacity         = var.max_rpus
  subnet_ids           = var.subnet_ids
  security_group_ids   = [aws_security_group.this.id]
  publicly_accessible  = false
  enhanced_vpc_routing = true

  # All that there are: Redshift fills in what is left out, which would differ at every plan.
  dynamic "config_parameter" {
    for_each = {
      auto_mv                          = "true"
      datestyle                        = "ISO, MDY"
      enable_case_sensitive_identifier = "false"
      enable_user_activity_logging     = "true"
      max_query_execution_time         = "1800"
      query_group                      = "default"
      require_ssl                      = "true"
      search_path                      = "$user, public"
      use_fips_ssl                     = "false"
    }

    content {
      parameter_key   = config_parameter.key
      parameter_value = config_parameter.value
    }
  }
}

# A runaway query or schedule stops here, not at the end of the month.
resource "aws_redshiftserverless_usage_limit" "this" {
  resource_arn  = aws_redshiftserverless_workgroup.this.arn
  usage_type    = "serverless-compute"
  period        = "monthly"
  amount        = var.monthly_rpu_hours
  breach_action = "deactivate"
}

resource "aws_security_group" "this" {
  name        = "${var.name}-warehouse"
  description = "Redshift; each client adds a rule for itself"
  vpc_id      = var.clients.vpc_id
}

# COPY reads the lake through the network.
resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = aws_security_group.this.id
  description       = "S3: COPY from the cleaned zone"
  prefix_list_id    = var.clients.s3_prefix_list
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
