{#- What a model appends is written once. dbt-duckdb first fills a temporary table with the new rows
    and then copies them into the model's; where rows are only ever added, a view in its place gives
    the same rows, and they are not written twice. -#}
{% macro duckdb__create_table_as(
    temporary, relation, compiled_code, language="sql", partitioned_by=none, sorted_by=none
) -%}
  {%- if temporary and config.get("incremental_strategy") == "append" -%}
  create or replace temporary view {{ relation.include(database=false, schema=false) }} as (
    {{ compiled_code }}
  );
  {%- else -%}
  {{ dbt.duckdb__create_table_as(
      temporary, relation, compiled_code, language, partitioned_by, sorted_by
  ) }}
  {%- endif -%}
{%- endmacro %}
