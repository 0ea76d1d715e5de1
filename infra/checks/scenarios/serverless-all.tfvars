# everything that can be switched on
unique_suffix            = "test"
alert_email              = "operations@example.org"
aws_region               = "us-east-1"
image_tag                = "1"
wheel_path               = "versions.tf"
desired_tasks            = 1
endpoint_zones           = 3
availability_zones       = ["us-east-1b", "us-east-1c", "us-east-1d"]
destroy_data             = true
quicksight_principal_arn = "arn:aws:quicksight:us-east-1:123456789012:user/default/somebody"
