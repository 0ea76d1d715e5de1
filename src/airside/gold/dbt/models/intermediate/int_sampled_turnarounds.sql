{{ config(materialized="table", dist=only_on("redshift", "all")) }}

{{ sample_of("int_sampled_turnarounds", ref("fct_turnarounds")) }}
