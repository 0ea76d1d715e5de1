variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "monthly_budget_usd" {
  description = "What a month may cost, in US dollars."
  type        = number
}

variable "topic_arn" {
  description = "Where alerts go."
  type        = string
}
