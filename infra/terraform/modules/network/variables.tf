variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "cidr" {
  description = "Addresses of the network; at least a /24."
  type        = string
}

variable "availability_zones" {
  description = "Three zones; null takes the first three of the region."
  type        = list(string)

  validation {
    condition     = var.availability_zones == null ? true : length(distinct(var.availability_zones)) == 3
    error_message = "availability_zones must be three different zones, such as us-east-1a."
  }
}

variable "interface_endpoints" {
  description = "What may be done by the endpoint of each service, such as kinesis-streams."
  type = map(list(object({
    actions   = list(string)
    resources = list(string)
  })))
}

variable "endpoint_zones" {
  description = "In how many zones each endpoint has an address. One is cheapest; with more the endpoints outlive the loss of a zone."
  type        = number

  validation {
    condition     = var.endpoint_zones >= 1 && var.endpoint_zones <= 3
    error_message = "endpoint_zones must be 1, 2 or 3."
  }
}

variable "bucket_arns" {
  description = "Buckets that can be reached."
  type        = list(string)
}

variable "with_public_subnets" {
  description = "Whether there are public subnets, for a load balancer that the internet reaches."
  type        = bool
  default     = false
}

variable "kms_key_arn" {
  description = "Key that logs are encrypted with."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}
