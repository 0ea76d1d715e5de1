{{ config(materialized="table", dist=only_on("redshift", "all")) }}

{{ tally_of("int_route_delays", ref("fct_flight_legs")) }}
