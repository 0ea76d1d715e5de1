{{ config(materialized="table", dist=only_on("redshift", "all")) }}

{{ tally_of("int_turnaround_counts", ref("fct_turnarounds")) }}
