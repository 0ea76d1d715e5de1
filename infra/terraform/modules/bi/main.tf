# QuickSight: its way into the network, its data source, its data sets. The dashboard is next door.

data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.region

  source_actions = [
    "quicksight:DeleteDataSource",
    "quicksight:DescribeDataSource",
    "quicksight:DescribeDataSourcePermissions",
    "quicksight:PassDataSource",
    "quicksight:UpdateDataSource",
    "quicksight:UpdateDataSourcePermissions",
  ]
  data_set_actions = [
    "quicksight:CancelIngestion",
    "quicksight:CreateIngestion",
    "quicksight:DeleteDataSet",
    "quicksight:DescribeDataSet",
    "quicksight:DescribeDataSetPermissions",
    "quicksight:DescribeIngestion",
    "quicksight:ListIngestions",
    "quicksight:PassDataSet",
    "quicksight:UpdateDataSet",
    "quicksight:UpdateDataSetPermissions",
  ]
  dashboard_actions = [
    "quicksight:DeleteDashboard",
    "quicksight:DescribeDashboard",
    "quicksight:DescribeDashboardPermissions",
    "quicksight:ListDashboardVersions",
    "quicksight:QueryDashboard",
    "quicksight:UpdateDashboard",
    "quicksight:UpdateDashboardPermissions",
    "quicksight:UpdateDashboardPublishedVersion",
  ]

  # Tables of the star schema that the visuals ask, with the columns that they use.
  tables = {
    airline_delays = {
      table = "rpt_airline_delays"
      columns = {
        airline_iata                 = "STRING"
        airline_name                 = "STRING"
        flights                      = "INTEGER"
        mean_arrival_delay_minutes   = "DECIMAL"
        mean_departure_delay_minutes = "DECIMAL"
        p90_arrival_delay_minutes    = "DECIMAL"
        d15                          = "DECIMAL"
        a15                          = "DECIMAL"
      }
    }
    delay_totals = {
      table = "rpt_delay_totals"
      columns = {
        flights                    = "INTEGER"
        cancelled                  = "INTEGER"
        mean_arrival_delay_minutes = "DECIMAL"
        d15                        = "DECIMAL"
      }
    }
    turnarounds = {
      table = "fct_turnarounds"
      columns = {
        flight_icao        = "STRING"
        airline_iata       = "STRING"
        aircraft_type      = "STRING"
        airport_iata       = "STRING"
        actual_arrival_at  = "DATETIME"
        passenger_count    = "INTEGER"
        turnaround_minutes = "DECIMAL"
      }
    }
    live_flights = {
      table = "rpt_live_flights"
      columns = {
        leg_key                 = "STRING"
        flight_icao             = "STRING"
        airline_name            = "STRING"
        departure_airport_iata  = "STRING"
        arrival_airport_iata    = "STRING"
        departure_gate          = "STRING"
        scheduled_departure_at  = "DATETIME"
        departure_delay_minutes = "DECIMAL"
        passenger_count         = "INTEGER"
        flight_status           = "STRING"
        last_event_at           = "DATETIME"
      }
    }
  }
}

# Grants that QuickSight's user reads with. Tables that gold makes later are readable as well.
resource "terraform_data" "reader_grants" {
  for_each = {
    schema       = "GRANT USAGE ON SCHEMA ${var.schema} TO ${var.warehouse.reader}"
    tables       = "GRANT SELECT ON ALL TABLES IN SCHEMA ${var.schema} TO ${var.warehouse.reader}"
    later_tables = "ALTER DEFAULT PRIVILEGES FOR USER \"IAMR:${var.gold_role_name}\" IN SCHEMA ${var.schema} GRANT SELECT ON TABLES TO ${var.warehouse.reader}"
  }

  triggers_replace = {
    administrator = var.warehouse.admin_secret_arn
    statement     = each.value
  }

  provisioner "local-exec" {
    command = "printf %s \"$STATEMENT\" | ${path.module}/../warehouse/run_statement.sh"

    environment = {
      AWS_REGION   = local.region
      WORKGROUP    = var.warehouse.workgroup_name
      DATABASE     = var.warehouse.database
      ADMIN_SECRET = var.warehouse.admin_secret_arn
      STATEMENT    = self.triggers_replace.statement
    }
  }
}

resource "aws_quicksight_vpc_connection" "this" {
  vpc_connection_id  = var.name
  name               = var.name
  role_arn           = aws_iam_role.network.arn
  security_group_ids = [aws_security_group.this.id]
  subnet_ids         = var.subnet_ids

  depends_on = [aws_iam_role_policy.network]
}

resource "aws_quicksight_data_source" "this" {
  data_source_id = var.name
  name           = var.name
  type           = "REDSHIFT"

  parameters {
    redshift {
      host     = var.warehouse.host
      port     = var.warehouse.port
      database = var.warehouse.database
    }
  }

  credentials {
    secret_arn = var.warehouse.reader_secret_arn
  }

  vpc_connection_properties {
    vpc_connection_arn = aws_quicksight_vpc_connection.this.arn
  }

  ssl_properties {
    disable_ssl = false
  }

  permission {
    principal = var.principal_arn
    actions   = local.source_actions
  }

  # QuickSight tries the connection at once
  depends_on = [
    aws_vpc_security_group_egress_rule.to_warehouse,
    aws_vpc_security_group_ingress_rule.from_warehouse,
    aws_vpc_security_group_ingress_rule.into_warehouse,
    terraform_data.reader_grants,
  ]
}

resource "aws_quicksight_data_set" "this" {
  for_each = local.tables

  data_set_id = "${var.name}-${replace(each.key, "_", "-")}"
  name        = each.value.table
  import_mode = "DIRECT_QUERY"

  physical_table_map {
    physical_table_map_id = replace(each.key, "_", "-")

    relational_table {
      data_source_arn = aws_quicksight_data_source.this.arn
      schema          = var.schema
      name            = each.value.table

      dynamic "input_columns" {
        for_each = each.value.columns

        content {
          name = input_columns.key
          type = input_columns.value
        }
      }
    }
  }

  permissions {
    principal = var.principal_arn
    actions   = local.data_set_actions
  }
}
