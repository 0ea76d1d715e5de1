variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "running" {
  description = "Whether the schedule is on."
  type        = bool
}

variable "schedule" {
  description = "How often, as EventBridge writes it. Each refresh wakes Redshift for a minute at least."
  type        = string
}

variable "image" {
  description = "Image with its tag or digest."
  type        = string
}

variable "repository_arn" {
  description = "Repository that the image is in."
  type        = string
}

variable "cpu_architecture" {
  description = "What the image was built for: X86_64 or ARM64."
  type        = string
}

variable "cluster_arn" {
  description = "Cluster that the task runs in."
  type        = string
}

variable "subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "clients" {
  description = "The output `clients` of the network."
  type = object({
    vpc_id                   = string
    endpoints_security_group = string
    s3_prefix_list           = string
  })
}

variable "warehouse" {
  description = "Where the star schema is built, and as which role of the database."
  type = object({
    host              = string
    port              = number
    database          = string
    security_group_id = string
    gold_role         = string
  })
}

variable "workgroup_arn" {
  description = "Workgroup that the task signs in to."
  type        = string
}

variable "clean_bucket" {
  description = "Bucket of the cleaned zone."
  type        = string
}

variable "clean_bucket_arn" {
  description = "ARN of that bucket."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of bucket, queue and logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}
