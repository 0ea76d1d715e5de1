variable "unique_suffix" {
  description = "Last part of every name after airside-, such as your airport or team; it must be free on all of S3."
  type        = string

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{1,18}[a-z0-9]$", var.unique_suffix))
    error_message = "unique_suffix must have 3 to 20 lower-case letters, digits and hyphens, and begin with a letter."
  }
}

variable "alert_email" {
  description = "Who is told when something is wrong or dear. AWS sends a mail that must be confirmed."
  type        = string

  validation {
    condition     = can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", var.alert_email))
    error_message = "alert_email must be an e-mail address."
  }
}

variable "aws_region" {
  description = "Where everything is made."
  type        = string
}

variable "desired_tasks" {
  description = "1 runs the simulator, 0 stops it."
  type        = number
  default     = 0

  validation {
    condition     = contains([0, 1], var.desired_tasks)
    error_message = "desired_tasks must be 0 or 1: a second simulator would send everything twice."
  }
}

variable "image_tag" {
  description = "Tag of the image in the repository that this makes; tags can't be moved, so a new build has a new tag."
  type        = string

  validation {
    condition     = var.image_tag != "latest"
    error_message = "image_tag must name one build, such as its version or commit: not latest."
  }
}

variable "cpu_architecture" {
  description = "What the image was built for: X86_64, or ARM64 (a fifth cheaper)."
  type        = string
  default     = "X86_64"

  validation {
    condition     = contains(["X86_64", "ARM64"], var.cpu_architecture)
    error_message = "cpu_architecture must be X86_64 or ARM64."
  }
}

variable "simulator_options" {
  description = "Further options of `airside simulate`."
  type        = list(string)
  default     = ["--rate", "25"]
}

variable "vpc_cidr" {
  description = "Addresses of the network; choose ones that don't overlap with networks it is to be peered with."
  type        = string
  default     = "10.60.0.0/20"
}

variable "availability_zones" {
  description = "Three zones of the region; null takes the first three. Name them where one of those lacks a service."
  type        = list(string)
  default     = null
}

variable "endpoint_zones" {
  description = "In how many zones each endpoint has an address: 1 is cheapest, 2 outlives the loss of a zone."
  type        = number
  default     = 1
}

variable "shards" {
  description = "Shards of the stream: each takes 1 MB or 1,000 records a second."
  type        = number
  default     = 1
}

variable "retention_hours" {
  description = "How long records stay on the stream; beyond 24 hours AWS charges extra."
  type        = number
  default     = 24
}

variable "log_retention_days" {
  description = "How long logs are kept."
  type        = number
  default     = 30
}

variable "max_quarantine_percent" {
  description = "An alarm goes off when more than so many percent of the records are refused."
  type        = number
  default     = 5
}

variable "destroy_data" {
  description = "Whether `terraform destroy` may delete buckets and images with what is in them. Set it to true, apply, and only then destroy."
  type        = bool
  default     = false
}

variable "compact_cpu" {
  description = "Units of processor of the task: 1024 are one."
  type        = number
  default     = 512
}

variable "compact_memory" {
  description = "Memory of the task in MiB; Fargate allows certain amounts for each cpu."
  type        = number
  default     = 2048
}

variable "compact_storage_gib" {
  description = "Disk of the task in GiB; 20 come free."
  type        = number
  default     = 20
}

variable "certificate_arn" {
  description = "ACM certificate in this region: with one, a load balancer serves the dashboard by TLS; without, it is on a private port."
  type        = string
  default     = null
}

variable "dashboard_host" {
  description = "Name that the certificate is for, and that browsers use."
  type        = string
  default     = null
}

variable "dashboard_public" {
  description = "Whether the load balancer has public addresses; otherwise it is reached by VPN or peering."
  type        = bool
  default     = false
}

variable "allowed_cidrs" {
  description = "Networks that may connect to the dashboard; empty stands for the network's own addresses."
  type        = list(string)
  default     = []
}

variable "token_version" {
  description = "Raise it for a new dashboard token; the task restarts with it."
  type        = number
  default     = 1
}

variable "monthly_budget_usd" {
  description = "What a month may cost in the whole account; a mail comes at 80 percent, and when more than all of it is forecast."
  type        = number
  default     = 120
}
