# Out to the endpoints and to S3, and nowhere else; in from nobody.
resource "aws_security_group" "this" {
  # checkov:skip=CKV2_AWS_5: the service or the schedule that runs the task attaches it
  name        = local.family
  description = "The task ${local.family}"
  vpc_id      = var.clients.vpc_id
}

resource "aws_vpc_security_group_egress_rule" "endpoints" {
  security_group_id            = aws_security_group.this.id
  description                  = "Endpoints of AWS services"
  referenced_security_group_id = var.clients.endpoints_security_group
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_ingress_rule" "endpoints" {
  security_group_id            = var.clients.endpoints_security_group
  description                  = "The task ${local.family}"
  referenced_security_group_id = aws_security_group.this.id
  ip_protocol                  = "tcp"
  from_port                    = 443
  to_port                      = 443
}

resource "aws_vpc_security_group_egress_rule" "s3" {
  security_group_id = aws_security_group.this.id
  description       = "S3: image layers and, where its role allows, the lake"
  prefix_list_id    = var.clients.s3_prefix_list
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}
