{#- What engines spell differently. `default__` is standard SQL that at least two engines read the
    same; an engine that differs implements the macro under its own prefix. The models stay as they
    are. -#}

{% macro minutes_between(started_at, ended_at) -%}
  {{ return(adapter.dispatch("minutes_between", "airside")(started_at, ended_at)) }}
{%- endmacro %}

{#- Signed and exact to the microsecond, a DOUBLE: 6e7 microseconds are a minute. -#}
{% macro duckdb__minutes_between(started_at, ended_at) -%}
  (epoch_us({{ ended_at }}) - epoch_us({{ started_at }})) / 6e7
{%- endmacro %}

{% macro postgres__minutes_between(started_at, ended_at) -%}
  cast(extract(epoch from ({{ ended_at }} - {{ started_at }})) * 1000000 as double precision) / 6e7
{%- endmacro %}

{% macro redshift__minutes_between(started_at, ended_at) -%}
  cast(datediff(microsecond, {{ started_at }}, {{ ended_at }}) as double precision) / 6e7
{%- endmacro %}


{% macro minutes_after(instant, minutes) -%}
  {{ return(adapter.dispatch("minutes_after", "airside")(instant, minutes)) }}
{%- endmacro %}

{% macro default__minutes_after(instant, minutes) -%}
  {{ instant }} + interval '{{ minutes }} minutes'
{%- endmacro %}

{% macro redshift__minutes_after(instant, minutes) -%}
  dateadd(minute, {{ minutes }}, {{ instant }})
{%- endmacro %}


{% macro minutes_before(instant, minutes) -%}
  {{ return(adapter.dispatch("minutes_before", "airside")(instant, minutes)) }}
{%- endmacro %}

{% macro default__minutes_before(instant, minutes) -%}
  {{ instant }} - interval '{{ minutes }} minutes'
{%- endmacro %}

{% macro redshift__minutes_before(instant, minutes) -%}
  dateadd(minute, -{{ minutes }}, {{ instant }})
{%- endmacro %}


{% macro event_number() -%}
  {{ return(adapter.dispatch("event_number", "airside")()) }}
{%- endmacro %}

{#- The place of an event among those of its leg: event time first, then stream order. -#}
{% macro default__event_number() -%}
  row_number() over (
            partition by leg_key order by event_at, arrived_at, shard_id, sequence_number
        )
{%- endmacro %}

{#- One sort of them all is quicker here than one a leg, and orders those of a leg alike. -#}
{% macro duckdb__event_number() -%}
  row_number() over (order by event_at, arrived_at, shard_id, sequence_number)
{%- endmacro %}


{% macro latest_known_of(events, columns, keys) -%}
  {{ return(adapter.dispatch("latest_known_of", "airside")(events, columns, keys)) }}
{%- endmacro %}

{#- A query with one row per group: of each column the value in the event of the greatest
    `event_number` that has one, and the columns `last_event_at` and `events`.

    Args:
      events: a relation with `event_number`, `event_at`, `leg_events` and `is_new`.
      columns: their names, and the names they get.
      keys: what to group by. -#}
{% macro duckdb__latest_known_of(events, columns, keys) -%}
    select
        {{ keys | join(",\n        ") }},
        {%- for column, name in columns.items() %}
        arg_max({{ column }}, event_number) as {{ name }},
        {%- endfor %}
        max(event_at) as last_event_at,
        max(leg_events) + sum(is_new) as events
    from {{ events }}
    group by {{ keys | join(", ") }}
{%- endmacro %}

{% macro postgres__latest_known_of(events, columns, keys) -%}
    select
        {{ keys | join(",\n        ") }},
        {%- for column, name in columns.items() %}
        (array_agg({{ column }} order by event_number desc) filter (where {{ column }} is not null))[1]
            as {{ name }},
        {%- endfor %}
        max(event_at) as last_event_at,
        max(leg_events) + sum(is_new) as events
    from {{ events }}
    group by {{ keys | join(", ") }}
{%- endmacro %}

{#- Redshift has no ordered aggregate that keeps the type, but windows that pass NULLs over. -#}
{% macro redshift__latest_known_of(events, columns, keys) -%}
    select
        {{ keys | join(",\n        ") }},
        {%- for name in columns.values() %}
        {{ name }},
        {%- endfor %}
        last_event_at,
        events
    from (
        select
            {{ keys | join(",\n            ") }},
            {%- for column, name in columns.items() %}
            last_value({{ column }} ignore nulls) over (
                partition by {{ keys | join(", ") }} order by event_number
                rows between unbounded preceding and unbounded following
            ) as {{ name }},
            {%- endfor %}
            max(event_at) over (partition by {{ keys | join(", ") }}) as last_event_at,
            max(leg_events) over (partition by {{ keys | join(", ") }})
            + sum(is_new) over (partition by {{ keys | join(", ") }}) as events,
            row_number() over (partition by {{ keys | join(", ") }} order by event_number desc)
                as recency
        from {{ events }}
    ) as events_of_legs
    where recency = 1
{%- endmacro %}


{% macro wide_integer() -%}
  {{ return(adapter.dispatch("wide_integer", "airside")()) }}
{%- endmacro %}

{#- Whole numbers of 38 digits. -#}
{% macro default__wide_integer() -%}
  {{ return("numeric(38, 0)") }}
{%- endmacro %}

{% macro duckdb__wide_integer() -%}
  {{ return("hugeint") }}
{%- endmacro %}


{% macro as_text(value) -%}
  {{ return(adapter.dispatch("as_text", "airside")(value)) }}
{%- endmacro %}

{% macro default__as_text(value) -%}
  cast({{ value }} as varchar)
{%- endmacro %}

{#- As wide as staging's: a column that is built narrower than what comes in later is made anew. -#}
{% macro redshift__as_text(value) -%}
  cast({{ value }} as varchar(65535))
{%- endmacro %}


{% macro hash_text(text) -%}
  {{ return(adapter.dispatch("hash_text", "airside")(text)) }}
{%- endmacro %}

{#- 32 lower-case hexadecimal digits; equal in every engine. -#}
{% macro default__hash_text(text) -%}
  md5({{ text }})
{%- endmacro %}


{% macro iso_date(instant) -%}
  {{ return(adapter.dispatch("iso_date", "airside")(instant)) }}
{%- endmacro %}

{#- YYYY-MM-DD as text. -#}
{% macro default__iso_date(instant) -%}
  to_char({{ instant }}, 'YYYY-MM-DD')
{%- endmacro %}

{% macro duckdb__iso_date(instant) -%}
  cast(cast({{ instant }} as date) as varchar)
{%- endmacro %}


{% macro iso_weekday(date) -%}
  {{ return(adapter.dispatch("iso_weekday", "airside")(date)) }}
{%- endmacro %}

{#- 1 is Monday, 7 is Sunday. -#}
{% macro default__iso_weekday(date) -%}
  cast(extract(isodow from {{ date }}) as integer)
{%- endmacro %}

{% macro redshift__iso_weekday(date) -%}
  cast(mod(cast(extract(dow from {{ date }}) as integer) + 6, 7) + 1 as integer)
{%- endmacro %}


{% macro every_date(first, last) -%}
  {{ return(adapter.dispatch("every_date", "airside")(first, last)) }}
{%- endmacro %}

{#- A query with one row per day, column calendar_date, both ends included. -#}
{% macro default__every_date(first, last) -%}
  select cast(series.day as date) as calendar_date
  from generate_series(date '{{ first }}', date '{{ last }}', interval '1 day') as series (day)
{%- endmacro %}

{#- Redshift's generate_series cannot be joined to a table; digits can. -#}
{% macro redshift__every_date(first, last) -%}
  select calendar_date from (
        select cast(dateadd(day, {% for place in range(5) -%}
            {{ 10 ** place }} * d{{ place }}.digit{{ " + " if not loop.last }}
        {%- endfor %}, date '{{ first }}') as date) as calendar_date
        from
            {%- for place in range(5) %}
            ({% for digit in range(10) %}select {{ digit }} as digit{{ " union all " if not loop.last }}{% endfor %})
                as d{{ place }}{{ "," if not loop.last }}
            {%- endfor %}
    ) as days
    where calendar_date <= date '{{ last }}'
{%- endmacro %}


{% macro items_of(relation, list, item, columns) -%}
  {{ return(adapter.dispatch("items_of", "airside")(relation, list, item, columns)) }}
{%- endmacro %}

{#- A query with one row per item of each row's list, in column `item`, beside `columns`. -#}
{% macro default__items_of(relation, list, item, columns) -%}
    select
        {{ columns | join(",\n        ") }},
        unnest({{ list }}) as {{ item }}
    from {{ relation }}
{%- endmacro %}

{% macro redshift__items_of(relation, list, item, columns) -%}
    select
        {%- for column in columns %}
        listed.{{ column }},
        {%- endfor %}
        cast(item_of_list as varchar) as {{ item }}
    from {{ relation }} as listed, listed.{{ list }} as item_of_list
{%- endmacro %}


{#- A setting of how rows are laid out, which other engines would not understand. -#}
{% macro only_on(engine, setting, otherwise=none) -%}
  {{ return(setting if target.type == engine else otherwise) }}
{%- endmacro %}
