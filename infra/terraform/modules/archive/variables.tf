variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "feed" {
  description = "Kind of record, and name of its folder."
  type        = string
}

variable "stream_arn" {
  description = "Stream that is archived."
  type        = string
}

variable "bucket_arn" {
  description = "Bucket of the raw zone."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of stream, bucket and logs."
  type        = string
}

variable "buffering_seconds" {
  description = "A file is written after this long at the latest."
  type        = number

  validation {
    condition     = var.buffering_seconds >= 60 && var.buffering_seconds <= 900
    error_message = "buffering_seconds must be 60 to 900: less makes very many small files."
  }
}

variable "buffering_mb" {
  description = "A file is written at this size at the latest, before compression."
  type        = number
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}
