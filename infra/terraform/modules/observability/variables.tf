variable "name" {
  description = "Prefix of every name, such as airside-demo; also the name of the cluster."
  type        = string
}

variable "alert_email" {
  description = "Who is told."
  type        = string
}

variable "stream_name" {
  description = "Stream that is watched."
  type        = string
}

variable "archive_name" {
  description = "Firehose delivery stream; null where there is none."
  type        = string
  default     = null
}

variable "silver_job_name" {
  description = "Glue job; null where there is none."
  type        = string
  default     = null
}

variable "workgroup_name" {
  description = "Redshift workgroup; null where there is none."
  type        = string
  default     = null
}

variable "dead_letter_queue" {
  description = "Queue of what the schedule could not start; null where there is none."
  type        = string
  default     = null
}

variable "service" {
  description = "Service that must always run; null where there is none."
  type = object({
    cluster = string
    name    = string
  })
  default = null
}

variable "cluster_arn" {
  description = "Cluster whose tasks are watched."
  type        = string
}

variable "verdicts" {
  description = "The log that counts verdicts in JSON, the fields that have the figures, such as $.received, and whether these are totals since the beginning."
  type = object({
    log_group   = string
    received    = string
    quarantined = string
    is_total    = bool
  })
}

variable "log_groups" {
  description = "Log groups whose errors the dashboard shows."
  type        = list(string)
}

variable "max_iterator_age_minutes" {
  description = "How old the oldest unread record may become."
  type        = number
  default     = 10
}

variable "max_quarantine_percent" {
  description = "How many percent of the records may be refused."
  type        = number
}

variable "kms_key_arn" {
  description = "Key of the topic."
  type        = string
}
