output "buckets" {
  description = "Names of the buckets, by zone."
  value       = { for zone, bucket in aws_s3_bucket.this : zone => bucket.bucket }
}

output "bucket_arns" {
  description = "ARNs of the buckets, by zone."
  value       = { for zone, bucket in aws_s3_bucket.this : zone => bucket.arn }
}

output "repository_url" {
  description = "Where the image is pushed to, without a tag."
  value       = aws_ecr_repository.this.repository_url
}

output "repository_arn" {
  description = "ARN of the image repository."
  value       = aws_ecr_repository.this.arn
}
