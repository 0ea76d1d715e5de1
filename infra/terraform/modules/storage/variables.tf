variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "kms_key_arn" {
  description = "Key that buckets and images are encrypted with."
  type        = string
}

variable "zones" {
  description = "Buckets by the last part of their name. keep_overwritten_days: how long an overwritten or deleted version can be fetched back. cool_down: days by prefix after which its files move to colder storage. expire: days by prefix after which they are deleted."
  type = map(object({
    keep_overwritten_days = number
    cool_down             = optional(map(number), {})
    expire                = optional(map(number), {})
  }))
}

variable "destroy_data" {
  description = "Whether `terraform destroy` may delete buckets and repository with what is in them."
  type        = bool
}
