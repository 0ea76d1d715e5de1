# TLS, on the internet
unique_suffix       = "test"
alert_email         = "operations@example.org"
aws_region          = "us-east-1"
image_tag           = "1"
desired_tasks       = 1
compact_storage_gib = 40
certificate_arn     = "arn:aws:acm:us-east-1:123456789012:certificate/some"
dashboard_host      = "airside.example.org"
dashboard_public    = true
allowed_cidrs       = ["203.0.113.0/24", "198.51.100.0/24"]
