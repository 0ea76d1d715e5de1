# A name for the task inside the network. Without a certificate it is the way in, by VPN or peering.

resource "aws_service_discovery_private_dns_namespace" "this" {
  name        = "${var.name}.internal"
  description = "Names of Airside's tasks"
  vpc         = var.clients.vpc_id
}

resource "aws_service_discovery_service" "this" {
  name = "dashboard"

  dns_config {
    namespace_id   = aws_service_discovery_private_dns_namespace.this.id
    routing_policy = "MULTIVALUE"

    dns_records {
      type = "A"
      ttl  = 10
    }
  }
}

resource "aws_vpc_security_group_ingress_rule" "private_port" {
  for_each = local.has_load_balancer ? [] : local.clients_allowed

  security_group_id = module.task.security_group_id
  description       = "Dashboard, from the private network ${each.key}"
  cidr_ipv4         = each.key
  ip_protocol       = "tcp"
  from_port         = local.port
  to_port           = local.port
}
