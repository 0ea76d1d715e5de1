{#- Tallies: what the reports count, kept with the facts instead of counted anew each time.

    A tally has a row for each of its cells (the values that it groups by) and measures that add up:
    whole numbers, so that what is added and taken away again leaves no trace. The fact's own
    transaction changes them, see `replace`: each leg that it rewrites is taken out as it was and
    put in as it is. So a reader finds both together, and a refresh costs what is new.

    Each macro below gives one tally's cells, measures, and the query that makes it of `signed_rows`:
    rows of the fact with a column `sign`, 1 for a row that comes in and -1 for one that goes. The
    first measure counts rows: where it is 0 there is no cell. -#}

{% macro tally(name) -%}
  {{ return({
      "int_delay_counts": int_delay_counts_tally,
      "int_route_delays": int_route_delays_tally,
      "int_route_counts": int_route_counts_tally,
      "int_turnaround_counts": int_turnaround_counts_tally,
  }[name]()) }}
{%- endmacro %}

{#- The body of a tally's model: all that its fact holds. -#}
{% macro tally_of(name, fact) -%}
with signed_rows as (
    select
        *,
        1 as sign
    from {{ fact }}
)

{{ tally_query(tally(name)) }}
{%- endmacro %}

{% macro tally_query(tally) -%}
select
    {{ tally.cells | join(",\n    ") }},
    {%- for measure, amount in tally.measures.items() %}
    cast(sum(sign * ({{ amount }})) as {{ tally.types.get(measure, "bigint") }}) as {{ measure }}{{ "," if not loop.last }}
    {%- endfor %}
from {{ tally.rows }}
group by {{ tally.cells | join(", ") }}
{%- endmacro %}

{% macro int_delay_counts_tally() -%}
  {{ return({
      "cells": ["side", "airline_iata", "flight_status", "delay_minutes"],
      "measures": {"legs": "1"},
      "types": {},
      "rows": both_sides("signed_rows"),
  }) }}
{%- endmacro %}

{#- The same for each route: some hundred times as many rows, for those who ask of an airport. -#}
{% macro int_route_delays_tally() -%}
  {{ return({
      "cells": [
          "side", "airline_iata", "departure_airport_iata", "arrival_airport_iata",
          "flight_status", "delay_minutes",
      ],
      "measures": {"legs": "1"},
      "types": {},
      "rows": both_sides("signed_rows"),
  }) }}
{%- endmacro %}

{% macro both_sides(legs) -%}
(
    select
        'departure' as side,
        airline_iata,
        departure_airport_iata,
        arrival_airport_iata,
        flight_status,
        departure_delay_minutes as delay_minutes,
        sign
    from {{ legs }}
    union all
    select
        'arrival' as side,
        airline_iata,
        departure_airport_iata,
        arrival_airport_iata,
        flight_status,
        arrival_delay_minutes as delay_minutes,
        sign
    from {{ legs }}
) as sides
{%- endmacro %}

{% macro int_route_counts_tally() -%}
  {%- set measures = {"legs": "1"} %}
  {%- for side in ["departure", "arrival"] %}
  {%- set delay = side ~ "_delay_minutes" %}
  {%- set known = "case when " ~ delay ~ " is not null and passenger_count is not null then " %}
  {%- do measures.update({
      side ~ "s": "case when " ~ delay ~ " is not null then 1 else 0 end",
      side ~ "_delay_whole": or_zero(whole_minutes(delay)),
      side ~ "_delay_rest": or_zero(rest_of_minutes(delay)),
      side ~ "_passengers": known ~ "passenger_count else 0 end",
      side ~ "_passenger_legs": known ~ "1 else 0 end",
  }) %}
  {%- endfor %}
  {%- do measures.update(pair_sums("departure_delay_minutes", "arrival_delay_minutes")) %}
  {{ return({
      "cells": ["airline_iata", "departure_airport_iata", "arrival_airport_iata", "flight_status"],
      "measures": measures,
      "types": pair_types(),
      "rows": "signed_rows",
  }) }}
{%- endmacro %}

{% macro int_turnaround_counts_tally() -%}
  {{ return({
      "cells": [
          "aircraft_type", "airline_iata", "departure_airport_iata", "airport_iata", "flight_status",
      ],
      "measures": pair_sums("cast(passenger_count as double precision)", "turnaround_minutes"),
      "types": pair_types(),
      "rows": "signed_rows where passenger_count is not null",
  }) }}
{%- endmacro %}

{#- Minutes as two whole numbers, so that sums of them and of their products are exact: the minute
    that they are in, and the microseconds beyond it. -#}
{% macro whole_minutes(minutes) -%}
cast(floor({{ minutes }}) as bigint)
{%- endmacro %}

{% macro rest_of_minutes(minutes) -%}
cast(round(({{ minutes }} - floor({{ minutes }})) * 6e7) as bigint)
{%- endmacro %}

{% macro or_zero(value) -%}
coalesce({{ value }}, 0)
{%- endmacro %}

{#- What a least-squares line needs of pairs (x, y): how many there are, and the sums of the two, of
    their squares and of their products. Each of x and y is two whole numbers, x and x_rest, y and
    y_rest. Pairs that lack one are none. -#}
{% macro pair_sums(x, y) -%}
  {%- set sums = {"pairs": "case when " ~ x ~ " is not null and " ~ y ~ " is not null then 1 else 0 end"} %}
  {%- set parts = {
      "x": whole_minutes(x), "x_rest": rest_of_minutes(x),
      "y": whole_minutes(y), "y_rest": rest_of_minutes(y),
  } %}
  {%- set other = {"x": y, "x_rest": y, "y": x, "y_rest": x} %}
  {%- for name, value in parts.items() %}
  {%- do sums.update({
      "sum_" ~ name: or_zero("case when " ~ other[name] ~ " is not null then " ~ value ~ " end")
  }) %}
  {%- endfor %}
  {%- for one, two in pair_products() %}
  {%- do sums.update({
      "sum_" ~ one ~ "_" ~ two:
      or_zero("cast(" ~ parts[one] ~ " as " ~ wide_integer() ~ ") * " ~ parts[two])
      if one[0] != two[0] else
      or_zero("case when " ~ other[one] ~ " is not null then cast(" ~ parts[one] ~ " as "
      ~ wide_integer() ~ ") * " ~ parts[two] ~ " end")
  }) %}
  {%- endfor %}
  {{ return(sums) }}
{%- endmacro %}

{% macro pair_products() -%}
  {{ return([
      ("x", "x"), ("x", "x_rest"), ("x_rest", "x_rest"),
      ("y", "y"), ("y", "y_rest"), ("y_rest", "y_rest"),
      ("x", "y"), ("x", "y_rest"), ("x_rest", "y"), ("x_rest", "y_rest"),
  ]) }}
{%- endmacro %}

{% macro pair_types() -%}
  {%- set types = {} %}
  {%- for one, two in pair_products() %}
  {%- do types.update({"sum_" ~ one ~ "_" ~ two: wide_integer()}) %}
  {%- endfor %}
  {{ return(types) }}
{%- endmacro %}

{#- Statements that bring the tallies of a fact up to date, inside the transaction that changes it
    and before it does.

    Args:
      names: the tallies.
      fact: the table that is changed.
      changes: the rows that come in, as a relation; those of the same keys go.
      keys: what tells that two rows are the same.
      columns: the fact's.
      keep_where: a row that fails it does not come in; none for no condition. -#}
{% macro tally_changes(names, fact, changes, keys, columns, keep_where) %}
create temporary table {{ fact.identifier }}_signed as
select {{ columns }}, 1 as sign from {{ changes }}
{{- " where " ~ keep_where if keep_where }}
union all
select {% for column in columns.split(", ") %}known.{{ column }}, {% endfor %}-1 as sign
from {{ fact }} as known
inner join {{ changes }} as incoming on
    {% for key in keys %}known.{{ key }} = incoming.{{ key }}{{ " and " if not loop.last }}{% endfor %};
{%- for name in names %}
{%- set tally = tally(name) %}
{%- set table = fact.incorporate(path={"identifier": name}) %}
{%- set measures = tally.measures.keys() | list %}
create temporary table {{ name }}_changes as
select * from (
    with signed_rows as (select * from {{ fact.identifier }}_signed)
    {{ tally_query(tally) }}
) as summed
where {% for measure in measures %}{{ measure }} <> 0{{ " or " if not loop.last }}{% endfor %};
create temporary table {{ name }}_new as
select {{ tally.cells | join(", ") }}
    {%- for measure in measures %}, sum({{ measure }}) as {{ measure }}{% endfor %}
from (
    select {% for column in tally.cells + measures %}known.{{ column }}{{ ", " if not loop.last }}{% endfor %}
    from {{ table }} as known
    inner join {{ name }}_changes as changes on {{ same_cell("known", "changes", tally.cells) }}
    union all
    select {{ (tally.cells + measures) | join(", ") }} from {{ name }}_changes
) as both_of_them
group by {{ tally.cells | join(", ") }}
having sum({{ measures[0] }}) <> 0;
delete from {{ table }} using {{ name }}_changes
where {{ same_cell(table.identifier, name ~ "_changes", tally.cells) }};
insert into {{ table }} ({{ (tally.cells + measures) | join(", ") }})
select {{ (tally.cells + measures) | join(", ") }} from {{ name }}_new;
drop table {{ name }}_changes;
drop table {{ name }}_new;
{%- endfor %}
drop table {{ fact.identifier }}_signed;
{% endmacro %}

{#- Whether two rows are of one cell; NULL is the same as NULL. Codes are upper-case, so `unknown`
    is none. -#}
{% macro same_cell(one, other, cells) -%}
{%- for cell in cells %}
{%- set nothing = "-1e300" if cell == "delay_minutes" else "'unknown'" -%}
coalesce({{ one }}.{{ cell }}, {{ nothing }}) = coalesce({{ other }}.{{ cell }}, {{ nothing }})
{{- " and " if not loop.last }}
{%- endfor %}
{%- endmacro %}


{#- Samples: legs are as good as random by their keys, which are hashes, so those of the smallest
    keys are a sample of all, and the same one each time. A 16th of the legs is kept apart. -#}
{% macro is_sampled(leg_key) -%}
{{ leg_key }} < '10'
{%- endmacro %}

{% macro sampled_columns(name) -%}
  {{ return({
      "int_sampled_legs": [
          "leg_key", "scheduled_departure_at", "flight_icao", "airline_iata",
          "departure_airport_iata", "arrival_airport_iata", "flight_status",
          "departure_delay_minutes", "arrival_delay_minutes",
      ],
      "int_sampled_turnarounds": [
          "leg_key", "scheduled_departure_at", "flight_icao", "airline_iata",
          "departure_airport_iata", "airport_iata", "flight_status", "aircraft_type",
          "passenger_count", "turnaround_minutes",
      ],
  }[name]) }}
{%- endmacro %}

{#- The body of a sample's model. -#}
{% macro sample_of(name, fact) -%}
select
    {{ sampled_columns(name) | join(",\n    ") }}
from {{ fact }}
where {{ is_sampled("leg_key") }}
{%- endmacro %}

{#- Statements that bring a sample up to date, as `tally_changes`. -#}
{% macro sample_changes(name, fact, changes, keys, keep_where) %}
{%- set table = fact.incorporate(path={"identifier": name}) %}
delete from {{ table }} using {{ changes }}
where {% for key in keys %}{{ name }}.{{ key }} = {{ changes.identifier }}.{{ key }} and {% endfor %}
    {{ is_sampled(changes.identifier ~ ".leg_key") }};
insert into {{ table }} ({{ sampled_columns(name) | join(", ") }})
{{ sample_of(name, changes) }}{{ " and " ~ keep_where if keep_where }};
{% endmacro %}
