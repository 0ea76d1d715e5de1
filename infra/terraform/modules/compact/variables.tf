variable "name" {
  description = "Prefix of every name, such as airside-demo."
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

variable "cpu" {
  description = "Units of processor: 1024 are one."
  type        = number
}

variable "memory" {
  description = "Memory in MiB; Fargate allows certain amounts for each cpu."
  type        = number
}

variable "storage_gib" {
  description = "Disk in GiB for the warehouse file; 20 come free."
  type        = number
}

variable "cluster_arn" {
  description = "Cluster that the task runs in."
  type        = string
}

variable "stream_name" {
  description = "Stream that it reads."
  type        = string
}

variable "stream_arn" {
  description = "ARN of that stream."
  type        = string
}

variable "lake_bucket" {
  description = "Bucket of the lake."
  type        = string
}

variable "lake_bucket_arn" {
  description = "ARN of that bucket."
  type        = string
}

variable "certificate_arn" {
  description = "ACM certificate: with one, a load balancer serves the dashboard by TLS; null leaves it on a private port."
  type        = string
}

variable "dashboard_host" {
  description = "Name that the certificate is for."
  type        = string
}

variable "public" {
  description = "Whether the load balancer has public addresses."
  type        = bool
}

variable "allowed_cidrs" {
  description = "Networks that may connect to the dashboard."
  type        = list(string)
}

variable "token_version" {
  description = "Raise it for a new token; the task restarts with it."
  type        = number
}

variable "destroy_data" {
  description = "Whether `terraform destroy` may remove the load balancer."
  type        = bool
}

variable "private_subnet_ids" {
  description = "Private subnets."
  type        = list(string)
}

variable "public_subnet_ids" {
  description = "Public subnets, for a public load balancer."
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
  description = "Key of stream, lake, token and logs."
  type        = string
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
}
