# Who may do what in the database. Gold signs in with its IAM role, and may make schemas, which are
# then its own; the reader, for QuickSight, has a password, which only Secrets Manager knows.

resource "aws_redshiftdata_statement" "gold_role" {
  workgroup_name = aws_redshiftserverless_workgroup.this.workgroup_name
  database       = local.database
  secret_arn     = aws_redshiftserverless_namespace.this.admin_password_secret_arn
  sql            = "CREATE ROLE ${local.gold_role}"
}

resource "aws_redshiftdata_statement" "gold_may_create" {
  workgroup_name = aws_redshiftserverless_workgroup.this.workgroup_name
  database       = local.database
  secret_arn     = aws_redshiftserverless_namespace.this.admin_password_secret_arn
  sql            = "GRANT CREATE, TEMPORARY ON DATABASE ${local.database} TO ROLE ${local.gold_role}"

  depends_on = [aws_redshiftdata_statement.gold_role]
}

resource "aws_redshiftdata_statement" "reader" {
  workgroup_name = aws_redshiftserverless_workgroup.this.workgroup_name
  database       = local.database
  secret_arn     = aws_redshiftserverless_namespace.this.admin_password_secret_arn
  sql            = "CREATE USER ${local.reader} PASSWORD DISABLE CONNECTION LIMIT 20"
}

locals {
  reader = "airside_reader"

  # raise it to change the password
  reader_password_version = 1
}

# Lives while Terraform runs and is never stored; Redshift dislikes most punctuation in passwords.
ephemeral "aws_secretsmanager_random_password" "reader" {
  password_length            = 40
  exclude_punctuation        = true
  require_each_included_type = true
}

resource "aws_secretsmanager_secret" "reader" {
  # checkov:skip=CKV_AWS_149: QuickSight's role for secrets may use AWS's own key, not ours
  # checkov:skip=CKV2_AWS_57: changed by hand, as QuickSight keeps no connection open to notice
  name        = "${var.name}-reader"
  description = "Signs QuickSight in to Redshift, to read"
}

resource "aws_secretsmanager_secret_version" "reader" {
  secret_id                = aws_secretsmanager_secret.reader.id
  secret_string_wo_version = local.reader_password_version

  secret_string_wo = jsonencode({
    username = local.reader
    password = ephemeral.aws_secretsmanager_random_password.reader.random_password
    engine   = "redshift"
    host     = aws_redshiftserverless_workgroup.this.endpoint[0].address
    port     = aws_redshiftserverless_workgroup.this.endpoint[0].port
    dbname   = local.database
  })
}

# A statement would stay in the state with the password in it, so a script hands it over: from
# Secrets Manager to Redshift, by way of this machine's AWS CLI.
resource "terraform_data" "reader_password" {
  triggers_replace = [aws_redshiftdata_statement.reader.id, local.reader_password_version]

  provisioner "local-exec" {
    command = "${path.module}/set_password.sh"

    environment = {
      AWS_REGION    = local.region
      WORKGROUP     = aws_redshiftserverless_workgroup.this.workgroup_name
      DATABASE      = local.database
      DATABASE_USER = local.reader
      ADMIN_SECRET  = aws_redshiftserverless_namespace.this.admin_password_secret_arn
      USER_SECRET   = aws_secretsmanager_secret_version.reader.arn
    }
  }
}
