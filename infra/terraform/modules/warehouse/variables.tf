variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "base_rpus" {
  description = "Capacity that it wakes up with; 4 is the least, and not offered in every region."
  type        = number

  validation {
    condition     = var.base_rpus == 4 || (var.base_rpus >= 8 && var.base_rpus % 8 == 0)
    error_message = "base_rpus must be 4 or a multiple of 8."
  }
}

variable "max_rpus" {
  description = "Capacity that it may grow to."
  type        = number
}

variable "monthly_rpu_hours" {
  description = "After so many RPU-hours in a month no query is taken until the next."
  type        = number
}

variable "subnet_ids" {
  description = "Private subnets in three zones."
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

variable "clean_bucket_arn" {
  description = "Bucket that COPY reads."
  type        = string
}

variable "kms_key_arn" {
  description = "Key of warehouse, bucket and logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}
