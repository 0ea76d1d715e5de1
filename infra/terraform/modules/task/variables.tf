variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "part" {
  description = "What the task is, such as gold; the last part of its names."
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

variable "command" {
  description = "Arguments of `airside`."
  type        = list(string)
}

variable "environment" {
  description = "Environment variables beside region and data directory."
  type        = map(string)
  default     = {}
}

variable "secrets" {
  description = "Environment variables whose values are secrets: ARN by name."
  type        = map(string)
  default     = {}
}

variable "policy" {
  description = "What the task may do, as JSON."
  type        = string
}

variable "role_tags" {
  description = "Tags of the task's role; Redshift reads database roles from one."
  type        = map(string)
  default     = {}
}

variable "cpu" {
  description = "Units of processor: 1024 are one."
  type        = number
}

variable "memory" {
  description = "Memory in MiB; Fargate allows certain amounts for each cpu."
  type        = number
}

variable "storage_gib" {
  description = "Disk in GiB; 20 come free."
  type        = number
  default     = 20
}

variable "cpu_architecture" {
  description = "What the image was built for: X86_64 or ARM64."
  type        = string
}

variable "ports" {
  description = "Ports that the task listens on."
  type        = list(number)
  default     = []
}

variable "health_check" {
  description = "Health check of the container; null for none."
  type = object({
    command     = list(string)
    interval    = number
    timeout     = number
    retries     = number
    startPeriod = number
  })
  default = null
}

variable "clients" {
  description = "The output `clients` of the network."
  type = object({
    vpc_id                   = string
    endpoints_security_group = string
    s3_prefix_list           = string
  })
}

variable "kms_key_arn" {
  description = "Key of logs and secrets."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}
