variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that records are encrypted with."
  type        = string
}

variable "shards" {
  description = "Shards: each takes 1 MB or 1,000 records a second."
  type        = number
}

variable "retention_hours" {
  description = "How long records stay. A consumer that is down for longer loses some; beyond 24 hours AWS charges extra."
  type        = number

  validation {
    condition     = var.retention_hours >= 24 && var.retention_hours <= 8760
    error_message = "retention_hours must be 24 to 8760."
  }
}
