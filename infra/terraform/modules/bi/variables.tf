variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "principal_arn" {
  description = "QuickSight user or group that owns what is made."
  type        = string
}

variable "schema" {
  description = "Schema of the star schema's tables."
  type        = string
}

variable "gold_role_name" {
  description = "Role that builds the tables."
  type        = string
}

variable "vpc_id" {
  description = "Network of the warehouse."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets in at least two zones."
  type        = list(string)
}

variable "warehouse" {
  description = "Where the tables are, and who reads them."
  type = object({
    workgroup_name    = string
    host              = string
    port              = number
    database          = string
    security_group_id = string
    admin_secret_arn  = string
    reader            = string
    reader_secret_arn = string
  })
}
