# a private port
unique_suffix = "test"
alert_email   = "operations@example.org"
aws_region    = "us-east-1"
image_tag     = "1"
