resource "aws_kinesis_stream" "this" {
  name             = "${var.name}-flight-events"
  shard_count      = var.shards
  retention_period = var.retention_hours

  encryption_type = "KMS"
  kms_key_id      = var.kms_key_arn

  stream_mode_details {
    stream_mode = "PROVISIONED"
  }
}
