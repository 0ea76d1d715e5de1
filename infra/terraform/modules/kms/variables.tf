variable "name" {
  description = "Prefix of every name, such as airside-demo."
  type        = string
}

variable "log_group_prefixes" {
  description = "Beginnings of the names of log groups that may use the key."
  type        = list(string)
}
