{{ config(materialized="table", dist=only_on("redshift", "all")) }}

{{ sample_of("int_sampled_legs", ref("fct_flight_legs")) }}
