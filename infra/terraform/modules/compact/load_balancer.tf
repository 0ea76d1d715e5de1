# With a certificate: TLS in front of the dashboard. The task then takes connections from nobody else.

resource "aws_security_group" "load_balancer" {
  count = local.has_load_balancer ? 1 : 0

  name        = "${var.name}-load-balancer"
  description = "Load balancer of the dashboard"
  vpc_id      = var.clients.vpc_id
}

resource "aws_vpc_security_group_ingress_rule" "https" {
  for_each = local.has_load_balancer ? local.clients_allowed : []

  security_group_id = aws_security_group.load_balancer[0].id
  description       = "Browsers"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = 443
  to_port           = 443
}

resource "aws_vpc_security_group_egress_rule" "to_task" {
  count = local.has_load_balancer ? 1 : 0

  security_group_id            = aws_security_group.load_balancer[0].id
  description                  = "The task"
  referenced_security_group_id = module.task.security_group_id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_vpc_security_group_ingress_rule" "from_load_balancer" {
  count = local.has_load_balancer ? 1 : 0

  security_group_id            = module.task.security_group_id
  description                  = "Load balancer"
  referenced_security_group_id = aws_security_group.load_balancer[0].id
  ip_protocol                  = "tcp"
  from_port                    = local.port
  to_port                      = local.port
}

resource "aws_lb" "this" {
  # checkov:skip=CKV_AWS_150: it is protected until destroy_data says that all may go
  # checkov:skip=CKV_AWS_91: the dashboard counts its own requests; access logs ask for a bucket without our key
  # checkov:skip=CKV2_AWS_28: who may connect is held to allowed_cidrs, and a token guards every page
  count = local.has_load_balancer ? 1 : 0

  name                       = var.name
  load_balancer_type         = "application"
  internal                   = !var.public
  subnets                    = var.public ? var.public_subnet_ids : var.private_subnet_ids
  security_groups            = [aws_security_group.load_balancer[0].id]
  drop_invalid_header_fields = true
  enable_deletion_protection = !var.destroy_data

  # the live stream of the dashboard may be silent for a while
  idle_timeout = 300

  lifecycle {
    precondition {
      condition     = var.dashboard_host != null
      error_message = "certificate_arn needs dashboard_host: the name that the certificate is for, and that browsers use."
    }
  }
}

resource "aws_lb_target_group" "this" {
  # checkov:skip=CKV_AWS_378: TLS ends at the load balancer; behind it is one task in a private subnet that takes connections from nobody else
  count = local.has_load_balancer ? 1 : 0

  name                 = var.name
  vpc_id               = var.clients.vpc_id
  target_type          = "ip"
  protocol             = "HTTP"
  port                 = local.port
  deregistration_delay = 15

  health_check {
    path                = "/healthz"
    matcher             = "200"
    interval            = 15
    timeout             = 5
    healthy_threshold   = 2
    unhealthy_threshold = 4
  }
}

resource "aws_lb_listener" "https" {
  count = local.has_load_balancer ? 1 : 0

  load_balancer_arn = aws_lb.this[0].arn
  port              = 443
  protocol          = "HTTPS"
  ssl_policy        = "ELBSecurityPolicy-TLS13-1-2-2021-06"
  certificate_arn   = var.certificate_arn

  default_action {
    type             = "forward"
    target_group_arn = aws_lb_target_group.this[0].arn
  }
}
