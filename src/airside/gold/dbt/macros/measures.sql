{#- The contract's measures over legs, each leg once. Means and percentiles are over the legs that
    have the delay; a ratio is NULL where its divisor is 0. -#}
{% macro delay_measures() -%}
count(*) as flights,
    count(actual_departure_at) as departed,
    count(actual_arrival_at) as landed,
    count(case when is_cancelled then 1 end) as cancelled,
    count(case when is_diverted then 1 end) as diverted,
    avg(departure_delay_minutes) as mean_departure_delay_minutes,
    {{ percentile("departure_delay_minutes", 0.5) }} as median_departure_delay_minutes,
    {{ percentile("departure_delay_minutes", 0.9) }} as p90_departure_delay_minutes,
    avg(arrival_delay_minutes) as mean_arrival_delay_minutes,
    {{ percentile("arrival_delay_minutes", 0.5) }} as median_arrival_delay_minutes,
    {{ percentile("arrival_delay_minutes", 0.9) }} as p90_arrival_delay_minutes,
    {{ departure_punctuality("departure_delay_minutes < 15") }} as d15,
    {{ arrival_punctuality("arrival_delay_minutes < 15") }} as a15,
    {{ departure_punctuality("departure_delay_minutes <= 0") }} as d0,
    {{ arrival_punctuality("arrival_delay_minutes <= 0") }} as a0
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
