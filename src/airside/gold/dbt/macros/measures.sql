{#- The contract's measures over legs, each leg once. Means and percentiles are over the legs that
    have the delay; a ratio is NULL where its divisor is 0.

    Args:
      legs: a relation of legs.
      grouping_columns: what to group by; nothing gives one row over all legs. -#}
{% macro delay_measures(legs, grouping_columns=[]) -%}
with measured as (
    select
        {%- for column in grouping_columns %}
        {{ column }},
        {%- endfor %}
        count(*) as flights,
        count(actual_departure_at) as departed,
        count(actual_arrival_at) as landed,
        count(case when is_cancelled then 1 end) as cancelled,
        count(case when is_diverted then 1 end) as diverted,
        avg(departure_delay_minutes) as mean_departure_delay_minutes,
        {{ percentiles("departure_delay_minutes", [0.5, 0.9]) }} as departure_delay_percentiles,
        avg(arrival_delay_minutes) as mean_arrival_delay_minutes,
        {{ percentiles("arrival_delay_minutes", [0.5, 0.9]) }} as arrival_delay_percentiles,
        {{ departure_punctuality("departure_delay_minutes < 15") }} as d15,
        {{ arrival_punctuality("arrival_delay_minutes < 15") }} as a15,
        {{ departure_punctuality("departure_delay_minutes <= 0") }} as d0,
        {{ arrival_punctuality("arrival_delay_minutes <= 0") }} as a0
    from {{ legs }}
    {%- if grouping_columns %}
    group by {{ grouping_columns | join(", ") }}
    {%- endif %}
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
    {{ list_item("departure_delay_percentiles", 1) }} as median_departure_delay_minutes,
    {{ list_item("departure_delay_percentiles", 2) }} as p90_departure_delay_minutes,
    mean_arrival_delay_minutes,
    {{ list_item("arrival_delay_percentiles", 1) }} as median_arrival_delay_minutes,
    {{ list_item("arrival_delay_percentiles", 2) }} as p90_arrival_delay_minutes,
    d15,
    a15,
    d0,
    a0
from measured
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
        corr({{ y }}, {{ x }}) as r,
        regr_slope({{ y }}, {{ x }}) as slope,
        regr_intercept({{ y }}, {{ x }}) as intercept,
        avg({{ x }}) as mean_x,
        avg({{ y }}) as mean_y
{%- endmacro %}
