output "workgroup_name" {
  description = "Name of the workgroup."
  value       = aws_redshiftserverless_workgroup.this.workgroup_name
}

output "workgroup_arn" {
  description = "ARN of the workgroup."
  value       = aws_redshiftserverless_workgroup.this.arn
}

output "host" {
  description = "Address, inside the network."
  value       = aws_redshiftserverless_workgroup.this.endpoint[0].address
}

output "port" {
  description = "Port, inside the network."
  value       = aws_redshiftserverless_workgroup.this.endpoint[0].port
}

output "database" {
  description = "Name of the database."
  value       = local.database
}

output "security_group_id" {
  description = "Group that clients are let into."
  value       = aws_security_group.this.id
}

output "admin_secret_arn" {
  description = "Redshift's own secret with the administrator's password."
  value       = aws_redshiftserverless_namespace.this.admin_password_secret_arn
}

output "gold_role" {
  description = "Role in the database for who builds the star schema."
  value       = local.gold_role

  depends_on = [terraform_data.gold_may_create]
}

output "reader" {
  description = "User in the database who only reads."
  value       = local.reader

  depends_on = [terraform_data.reader]
}

output "reader_secret_arn" {
  description = "Secret that signs the reader in."
  value       = aws_secretsmanager_secret.reader.arn

  depends_on = [terraform_data.reader_password]
}
