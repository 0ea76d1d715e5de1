variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "desired_tasks" {
  description = "1 runs the simulator, 0 stops it."
  type        = number
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

variable "options" {
  description = "Further options of `airside simulate`."
  type        = list(string)
}

variable "stream_name" {
  description = "Stream that it writes to."
  type        = string
}

variable "stream_arn" {
  description = "ARN of that stream."
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

variable "kms_key_arn" {
  description = "Key of stream and logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}
