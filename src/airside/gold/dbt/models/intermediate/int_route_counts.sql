{{ config(materialized="table", dist=only_on("redshift", "all")) }}

{{ tally_of("int_route_counts", ref("fct_flight_legs")) }}
