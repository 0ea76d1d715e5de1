variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "running" {
  description = "Whether the job is kept running. Set to false, a running one still has to be stopped by hand."
  type        = bool
}

variable "stream_arn" {
  description = "Stream that it reads."
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

variable "artifacts_bucket" {
  description = "Bucket that script and wheel are uploaded to."
  type        = string
}

variable "artifacts_bucket_arn" {
  description = "ARN of that bucket."
  type        = string
}

variable "wheel_path" {
  description = "The project's wheel on this machine."
  type        = string
}

variable "worker_type" {
  description = "Size of a worker. G.025X is enough for hundreds of records a second; auto scaling begins at G.1X."
  type        = string
}

variable "workers" {
  description = "Number of workers, the driver included; at least 2."
  type        = number

  validation {
    condition     = var.workers >= 2
    error_message = "workers must be 2 or more: one is the driver."
  }
}

variable "maintenance_window" {
  description = "When Glue may restart the job, such as Sun:3 (UTC)."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of stream, buckets and logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}
