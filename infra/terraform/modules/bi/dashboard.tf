# One sheet that answers the three questions, from the figures at the top to each active flight.

resource "aws_quicksight_dashboard" "this" {
  dashboard_id        = var.name
  name                = "Airside"
  version_description = "Delays, turnarounds, live flights"

  permissions {
    principal = var.principal_arn
    actions   = local.dashboard_actions
  }

  dashboard_publish_options {
    ad_hoc_filtering_option {
      availability_status = "ENABLED"
    }

    export_to_csv_option {
      availability_status = "ENABLED"
    }
  }

  definition {
    dynamic "data_set_identifiers_declarations" {
      for_each = local.tables

      content {
        identifier   = data_set_identifiers_declarations.key
        data_set_arn = aws_quicksight_data_set.this[data_set_identifiers_declarations.key].arn
      }
    }

    sheets {
      sheet_id     = "operations"
      name         = "Operations"
      title        = "Operations"
      content_type = "INTERACTIVE"

      visuals {
        kpi_visual {
          visual_id = "flights"

          title {
            visibility = "VISIBLE"

            format_text {
              plain_text = "Flights"
            }
          }

          chart_configuration {
            field_wells {
              values {
                numerical_measure_field {
                  field_id = "flights-value"

                  column {
                    data_set_identifier = "delay_totals"
                    column_name         = "flights"
                  }

                  aggregation_function {
                    simple_numerical_aggregation = "SUM"
                  }
                }
              }
            }
          }
        }
      }

      visuals {
        kpi_visual {
          visual_id = "active"

          title {
            visibility = "VISIBLE"

            format_text {
              plain_text = "Active flights"
            }
          }

          chart_configuration {
            field_wells {
              values {
                categorical_measure_field {
                  field_id             = "active-value"
                  aggregation_function = "COUNT"

                  column {
                    data_set_identifier = "live_flights"
                    column_name         = "leg_key"
                  }
                }
              }
            }
          }
        }
      }

      visuals {
        kpi_visual {
          visual_id = "on-time"

          title {
            visibility = "VISIBLE"

            format_text {
              plain_text = "Departed within 15 minutes"
            }
          }

          chart_configuration {
            field_wells {
              values {
                numerical_measure_field {
                  field_id = "on-time-value"

                  column {
                    data_set_identifier = "delay_totals"
                    column_name         = "d15"
                  }

                  aggregation_function {
                    simple_numerical_aggregation = "AVERAGE"
                  }

                  format_configuration {
                    format_configuration {
                      percentage_display_format_configuration {
                        decimal_places_configuration {
                          decimal_places = 1
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }

      visuals {
        kpi_visual {
          visual_id = "delay"

          title {
            visibility = "VISIBLE"

            format_text {
              plain_text = "Mean arrival delay"
            }
          }

          chart_configuration {
            field_wells {
              values {
                numerical_measure_field {
                  field_id = "delay-value"

                  column {
                    data_set_identifier = "delay_totals"
                    column_name         = "mean_arrival_delay_minutes"
                  }

                  aggregation_function {
                    simple_numerical_aggregation = "AVERAGE"
                  }

                  format_configuration {
                    format_configuration {
                      number_display_format_configuration {
                        suffix = " min"

                        decimal_places_configuration {
                          decimal_places = 1
                        }
                      }
                    }
                  }
                }
              }
            }
          }
        }
      }

      # 1. Which airlines have the most significant delays?
      visuals {
        bar_chart_visual {
          visual_id = "airline-delays"

          title {
            visibility = "VISIBLE"

            format_text {
              plain_text = "Mean arrival delay by airline, minutes"
            }
          }

          chart_configuration {
            orientation = "HORIZONTAL"

            field_wells {
              bar_chart_aggregated_field_wells {
                category {
                  categorical_dimension_field {
                    field_id = "airline-delays-airline"

                    column {
                      data_set_identifier = "airline_delays"
                      column_name         = "airline_name"
                    }
                  }
                }

                values {
                  numerical_measure_field {
                    field_id = "airline-delays-minutes"

                    column {
                      data_set_identifier = "airline_delays"
                      column_name         = "mean_arrival_delay_minutes"
                    }

                    aggregation_function {
                      simple_numerical_aggregation = "AVERAGE"
                    }
                  }
                }
              }
            }

            sort_configuration {
              category_sort {
                field_sort {
                  field_id  = "airline-delays-minutes"
                  direction = "DESC"
                }
              }

              category_items_limit {
                items_limit      = 20
                other_categories = "EXCLUDE"
              }
            }
          }
        }
      }

      # 2. How does passenger volume correlate with turnaround time?
      visuals {
        scatter_plot_visual {
          visual_id = "turnarounds"

          title {
            visibility = "VISIBLE"

            format_text {
              plain_text = "Passengers of the arriving flight and minutes to its departure"
            }
          }

          chart_configuration {
            field_wells {
              scatter_plot_unaggregated_field_wells {
                x_axis {
                  numerical_dimension_field {
                    field_id = "turnarounds-passengers"

                    column {
                      data_set_identifier = "turnarounds"
                      column_name         = "passenger_count"
                    }
                  }
                }

                y_axis {
                  numerical_dimension_field {
                    field_id = "turnarounds-minutes"

                    column {
                      data_set_identifier = "turnarounds"
                      column_name         = "turnaround_minutes"
                    }
                  }
                }
              }
            }

            x_axis_label_options {
              axis_label_options {
                custom_label = "Passengers"

                apply_to {
                  field_id = "turnarounds-passengers"

                  column {
                    data_set_identifier = "turnarounds"
                    column_name         = "passenger_count"
                  }
                }
              }
            }

            y_axis_label_options {
              axis_label_options {
                custom_label = "Minutes on the ground"

                apply_to {
                  field_id = "turnarounds-minutes"

                  column {
                    data_set_identifier = "turnarounds"
                    column_name         = "turnaround_minutes"
                  }
                }
              }
            }
          }
        }
      }

      # 3. What is the live operational status of all active flights?
      visuals {
        pie_chart_visual {
          visual_id = "status"

          title {
            visibility = "VISIBLE"

            format_text {
              plain_text = "Active flights by status"
            }
          }

          chart_configuration {
            field_wells {
              pie_chart_aggregated_field_wells {
                category {
                  categorical_dimension_field {
                    field_id = "status-status"

                    column {
                      data_set_identifier = "live_flights"
                      column_name         = "flight_status"
                    }
                  }
                }

                values {
                  categorical_measure_field {
                    field_id             = "status-flights"
                    aggregation_function = "COUNT"

                    column {
                      data_set_identifier = "live_flights"
                      column_name         = "leg_key"
                    }
                  }
                }
              }
            }
          }
        }
      }

      visuals {
        table_visual {
          visual_id = "live"

          title {
            visibility = "VISIBLE"

            format_text {
              plain_text = "Active flights"
            }
          }

          chart_configuration {
            field_wells {
              table_unaggregated_field_wells {
                dynamic "values" {
                  for_each = local.live_columns

                  content {
                    field_id = "live-${values.value}"

                    column {
                      data_set_identifier = "live_flights"
                      column_name         = values.value
                    }
                  }
                }
              }
            }

            sort_configuration {
              row_sort {
                field_sort {
                  field_id  = "live-scheduled_departure_at"
                  direction = "ASC"
                }
              }
            }
          }
        }
      }

      layouts {
        configuration {
          grid_layout {
            dynamic "elements" {
              for_each = local.layout

              content {
                element_id   = elements.key
                element_type = "VISUAL"
                column_index = elements.value.column
                column_span  = elements.value.width
                row_index    = elements.value.row
                row_span     = elements.value.height
              }
            }

            canvas_size_options {
              screen_canvas_size_options {
                resize_option             = "FIXED"
                optimized_view_port_width = "1600px"
              }
            }
          }
        }
      }
    }
  }
}

locals {
  # Columns of the table of active flights, from left to right.
  live_columns = [
    "flight_icao",
    "airline_name",
    "departure_airport_iata",
    "arrival_airport_iata",
    "departure_gate",
    "scheduled_departure_at",
    "departure_delay_minutes",
    "passenger_count",
    "flight_status",
    "last_event_at",
  ]

  # On a grid of 36 columns.
  layout = {
    flights        = { column = 0, width = 9, row = 0, height = 5 }
    active         = { column = 9, width = 9, row = 0, height = 5 }
    on-time        = { column = 18, width = 9, row = 0, height = 5 }
    delay          = { column = 27, width = 9, row = 0, height = 5 }
    airline-delays = { column = 0, width = 18, row = 5, height = 12 }
    turnarounds    = { column = 18, width = 18, row = 5, height = 12 }
    status         = { column = 0, width = 10, row = 17, height = 14 }
    live           = { column = 10, width = 26, row = 17, height = 14 }
  }
}
