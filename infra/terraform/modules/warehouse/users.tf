# Who may do what in the database. Gold signs in with its IAM role, and may make schemas, which are
# then its own; the reader, for QuickSight, has a password, which only Secrets Manager knows.
#
# A script runs each statement once, by way of this machine's AWS CLI. The provider's own resource for
# statements lasts a day: then the Data API forgets them, and Terraform would run them all again.

resource "terraform_data" "gold_role" {
  triggers_replace = {
    namespace = aws_redshiftserverless_namespace.this.namespace_id
    statement = "CREATE ROLE ${local.gold_role}"
  }

  provisioner "local-exec" {
    command     = local.run_statement
    environment = merge(local.as_administrator, { STATEMENT = self.triggers_replace.statement })
  }
}

resource "terraform_data" "gold_may_create" {
  triggers_replace = {
    role      = terraform_data.gold_role.id
    statement = "GRANT CREATE, TEMPORARY ON DATABASE ${local.database} TO ROLE ${local.gold_role}"
  }

  provisioner "local-exec" {
    command     = local.run_statement
    environment = merge(local.as_administrator, { STATEMENT = self.triggers_replace.statement })
  }
}

resource "terraform_data" "reader" {
  triggers_replace = {
    namespace = aws_redshiftserverless_namespace.this.namespace_id
    statement = "CREATE USER ${local.reader} PASSWORD DISABLE CONNECTION LIMIT 20"
  }

  provisioner "local-exec" {
    command     = local.run_statement
    environment = merge(local.as_administrator, { STATEMENT = self.triggers_replace.statement })
  }
}

locals {
  reader = "airside_reader"

  # raise it to change the password
  reader_password_version = 1

  run_statement = "printf %s \"$STATEMENT\" | ${path.module}/run_statement.sh"

  as_administrator = {
    AWS_REGION   = local.region
    WORKGROUP    = aws_redshiftserverless_workgroup.this.workgroup_name
    DATABASE     = local.database
    ADMIN_SECRET = aws_redshiftserverless_namespace.this.admin_password_secret_arn
  }
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

# The password would stay in the state with a statement, so a script of its own hands it over, from
# Secrets Manager to Redshift.
resource "terraform_data" "reader_password" {
  triggers_replace = [terraform_data.reader.id, local.reader_password_version]

  provisioner "local-exec" {
    command = "${path.module}/set_password.sh"

    environment = merge(local.as_administrator, {
      DATABASE_USER = local.reader
      USER_SECRET   = aws_secretsmanager_secret_version.reader.arn
    })
  }
}
