output "vpc_id" {
  description = "The network."
  value       = aws_vpc.this.id
}

output "vpc_cidr" {
  description = "Its addresses."
  value       = aws_vpc.this.cidr_block
}

output "private_subnet_ids" {
  description = "Private subnets in three zones."
  value       = aws_subnet.private[*].id
}

output "public_subnet_ids" {
  description = "Public subnets; empty without a public load balancer."
  value       = aws_subnet.public[*].id
}

# Ready for the modules that run tasks: where they run, and what they have to be let through to.
output "clients" {
  description = "Network, security group of the endpoints, and prefix list of S3."
  value = {
    vpc_id                   = aws_vpc.this.id
    endpoints_security_group = aws_security_group.endpoints.id
    s3_prefix_list           = aws_vpc_endpoint.s3.prefix_list_id
  }
}
