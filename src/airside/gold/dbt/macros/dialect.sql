{#- What engines spell differently. A new engine implements each macro below once, under its own
    prefix; the models stay as they are. -#}

{% macro minutes_between(started_at, ended_at) -%}
  {{ return(adapter.dispatch("minutes_between", "airside")(started_at, ended_at)) }}
{%- endmacro %}

{#- Signed and exact to the microsecond, a DOUBLE: 6e7 microseconds are a minute. -#}
{% macro duckdb__minutes_between(started_at, ended_at) -%}
  (epoch_us({{ ended_at }}) - epoch_us({{ started_at }})) / 6e7
{%- endmacro %}


{% macro minutes_after(instant, minutes) -%}
  {{ return(adapter.dispatch("minutes_after", "airside")(instant, minutes)) }}
{%- endmacro %}

{% macro duckdb__minutes_after(instant, minutes) -%}
  {{ instant }} + to_minutes({{ minutes }})
{%- endmacro %}


{% macro minutes_before(instant, minutes) -%}
  {{ return(adapter.dispatch("minutes_before", "airside")(instant, minutes)) }}
{%- endmacro %}

{% macro duckdb__minutes_before(instant, minutes) -%}
  {{ instant }} - to_minutes({{ minutes }})
{%- endmacro %}


{% macro latest_known(column, position) -%}
  {{ return(adapter.dispatch("latest_known", "airside")(column, position)) }}
{%- endmacro %}

{#- The aggregate: of the rows that have a value, the value in the one of the greatest position. -#}
{% macro duckdb__latest_known(column, position) -%}
  arg_max({{ column }}, {{ position }})
{%- endmacro %}


{% macro percentiles(column, fractions) -%}
  {{ return(adapter.dispatch("percentiles", "airside")(column, fractions)) }}
{%- endmacro %}

{#- A list of percentiles in one pass, each interpolated between the two nearest values; NULLs are
    left out. -#}
{% macro duckdb__percentiles(column, fractions) -%}
  quantile_cont({{ column }}, {{ fractions }})
{%- endmacro %}


{% macro list_item(list, position) -%}
  {{ return(adapter.dispatch("list_item", "airside")(list, position)) }}
{%- endmacro %}

{#- The first item has position 1. -#}
{% macro duckdb__list_item(list, position) -%}
  {{ list }}[{{ position }}]
{%- endmacro %}


{% macro hash_text(text) -%}
  {{ return(adapter.dispatch("hash_text", "airside")(text)) }}
{%- endmacro %}

{#- 32 lower-case hexadecimal digits; equal in every engine. -#}
{% macro duckdb__hash_text(text) -%}
  md5({{ text }})
{%- endmacro %}


{% macro iso_date(instant) -%}
  {{ return(adapter.dispatch("iso_date", "airside")(instant)) }}
{%- endmacro %}

{#- YYYY-MM-DD as text. -#}
{% macro duckdb__iso_date(instant) -%}
  cast(cast({{ instant }} as date) as varchar)
{%- endmacro %}


{% macro every_date(first, last) -%}
  {{ return(adapter.dispatch("every_date", "airside")(first, last)) }}
{%- endmacro %}

{#- A query with one row per day, column calendar_date, both ends included. -#}
{% macro duckdb__every_date(first, last) -%}
  select cast(series.day as date) as calendar_date
  from generate_series(date '{{ first }}', date '{{ last }}', interval 1 day) as series (day)
{%- endmacro %}


{% macro each_item(list) -%}
  {{ return(adapter.dispatch("each_item", "airside")(list)) }}
{%- endmacro %}

{#- One row per item of a list, in a select list. -#}
{% macro duckdb__each_item(list) -%}
  unnest({{ list }})
{%- endmacro %}
