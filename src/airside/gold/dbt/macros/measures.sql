{#- The contract's measures over legs, each leg once. Means and percentiles are over the legs that
    have the delay; a ratio is NULL where its divisor is 0.

    Args:
      legs: a relation of legs.
      grouping_columns: what to group by; nothing gives one row over all legs. -#}
{% macro delay_measures(legs, grouping_columns=[]) -%}
  {{ return(adapter.dispatch("delay_measures", "airside")(legs, grouping_columns)) }}
{%- endmacro %}

{% macro default__delay_measures(legs, grouping_columns) -%}
with measured as (
    select
        {{ leg_counts(grouping_columns) }},
        {{ percentiles("departure_delay_minutes", [0.5, 0.9]) }} as departure_delay_percentiles,
        {{ percentiles("arrival_delay_minutes", [0.5, 0.9]) }} as arrival_delay_percentiles
    from {{ legs }}
    {{ grouped_by(grouping_columns) }}
)

select
    {%- for column in grouping_columns %}
    {{ column }},
    {%- endfor %}
    flights,
    departed,
    landed,
    cancelled,
    diverted,
    mean_departure_delay_minutes,
    departure_delay_percentiles[1] as median_departure_delay_minutes,
    departure_delay_percentiles[2] as p90_departure_delay_minutes,
    mean_arrival_delay_minutes,
    arrival_delay_percentiles[1] as median_arrival_delay_minutes,
    arrival_delay_percentiles[2] as p90_arrival_delay_minutes,
    d15,
    a15,
    d0,
    a0
from measured
{%- endmacro %}

{#- Redshift wants one and the same order in all the percentiles of a query, so each side of a leg
    has a query of its own. -#}
{% macro redshift__delay_measures(legs, grouping_columns) -%}
with measured as (
    select
        {{ leg_counts(grouping_columns) }}
    from {{ legs }}
    {{ grouped_by(grouping_columns) }}
),

{% for side in ["departure", "arrival"] -%}
{{ side }}s as (
    select
        {%- for column in grouping_columns %}
        {{ column }},
        {%- endfor %}
        percentile_cont(0.5) within group (order by {{ side }}_delay_minutes) as median_minutes,
        percentile_cont(0.9) within group (order by {{ side }}_delay_minutes) as p90_minutes
    from {{ legs }}
    {{ grouped_by(grouping_columns) }}
){{ "," if not loop.last }}

{% endfor -%}
select
    {%- for column in grouping_columns %}
    measured.{{ column }},
    {%- endfor %}
    measured.flights,
    measured.departed,
    measured.landed,
    measured.cancelled,
    measured.diverted,
    measured.mean_departure_delay_minutes,
    departures.median_minutes as median_departure_delay_minutes,
    departures.p90_minutes as p90_departure_delay_minutes,
    measured.mean_arrival_delay_minutes,
    arrivals.median_minutes as median_arrival_delay_minutes,
    arrivals.p90_minutes as p90_arrival_delay_minutes,
    measured.d15,
    measured.a15,
    measured.d0,
    measured.a0
from measured
{%- for side in ["departures", "arrivals"] %}
{%- if grouping_columns %}
inner join {{ side }}
    on
        {%- for column in grouping_columns %}
        {{ "and " if not loop.first }}(
            measured.{{ column }} = {{ side }}.{{ column }}
            or (measured.{{ column }} is null and {{ side }}.{{ column }} is null)
        )
        {%- endfor %}
{%- else %}
cross join {{ side }}
{%- endif %}
{%- endfor %}
{%- endmacro %}

{% macro leg_counts(grouping_columns) -%}
        {%- for column in grouping_columns -%}
        {{ column }},
        {% endfor -%}
        count(*) as flights,
        count(actual_departure_at) as departed,
        count(actual_arrival_at) as landed,
        count(case when is_cancelled then 1 end) as cancelled,
        count(case when is_diverted then 1 end) as diverted,
        avg(departure_delay_minutes) as mean_departure_delay_minutes,
        avg(arrival_delay_minutes) as mean_arrival_delay_minutes,
        {{ departure_punctuality("departure_delay_minutes < 15") }} as d15,
        {{ arrival_punctuality("arrival_delay_minutes < 15") }} as a15,
        {{ departure_punctuality("departure_delay_minutes <= 0") }} as d0,
        {{ arrival_punctuality("arrival_delay_minutes <= 0") }} as a0
{%- endmacro %}

{% macro grouped_by(columns) -%}
{%- if columns -%}
    group by {{ columns | join(", ") }}
{%- endif -%}
{%- endmacro %}

{% macro departure_punctuality(is_on_time) -%}
cast(count(case when {{ is_on_time }} and not is_cancelled then 1 end) as double precision)
        / nullif(count(case when is_departed or is_cancelled then 1 end), 0)
{%- endmacro %}

{% macro arrival_punctuality(is_on_time) -%}
cast(
            count(case when {{ is_on_time }} and not is_cancelled and not is_diverted then 1 end)
            as double precision
        )
        / nullif(count(case when is_landed or is_cancelled or is_diverted then 1 end), 0)
{%- endmacro %}

{#- The least-squares line through pairs: a line needs three, and they must differ both ways. -#}
{% macro line_measures(x, y) -%}
count(*) as n,
        count(*) >= 3 and min({{ x }}) < max({{ x }}) and min({{ y }}) < max({{ y }}) as has_line,
{{ line_of(x, y) }},
        avg({{ x }}) as mean_x,
        avg({{ y }}) as mean_y
{%- endmacro %}
