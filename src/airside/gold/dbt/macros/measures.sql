{#- The contract's measures over legs, each leg once, of the tally `int_delay_counts`. Means and
    percentiles are over the legs that have the delay; a ratio is NULL where its divisor is 0.

    A percentile is interpolated between the two nearest of the n values in order. The tally has
    each value once, with how many legs have it, so the values at a place are found by how many legs
    there are through each.

    Args:
      grouping_columns: cells of the tally to group by; nothing gives one row over all legs. -#}
{% macro delay_measures(grouping_columns=[]) -%}
{%- set groups = grouping_columns + ["side"] -%}
with delays as (
    select
        {{ groups | join(",\n        ") }},
        delay_minutes,
        sum(legs) as legs
    from {{ ref("int_delay_counts") }}
    where delay_minutes is not null
    group by {{ groups | join(", ") }}, delay_minutes
),

placed as (
    select
        *,
        sum(legs) over (
            partition by {{ groups | join(", ") }} order by delay_minutes rows unbounded preceding
        ) as through,
        sum(legs) over (partition by {{ groups | join(", ") }}) - 1 as last_place
    from delays
),

{# each side in a column of its own, so that groups without a delay have their row too -#}
percentiles as (
    select
        {%- for column in grouping_columns %}
        {{ column }},
        {%- endfor %}
        {%- for side in ["departure", "arrival"] %}
        {%- for name, fraction in {"median": 0.5, "p90": 0.9}.items() %}
        {{ percentile(side, fraction) }} as {{ name }}_{{ side }}_delay_minutes
        {{- "," if not (loop.last and side == "arrival") }}
        {%- endfor %}
        {%- endfor %}
    from placed
    {{ grouped_by(grouping_columns) }}
),

measured as (
    select
        {%- for column in grouping_columns %}
        {{ column }},
        {%- endfor %}
        {{ legs_where("side = 'departure'") }} as flights,
        {{ legs_where("side = 'departure' and delay_minutes is not null") }} as departed,
        {{ legs_where("side = 'arrival' and delay_minutes is not null") }} as landed,
        {{ legs_where("side = 'departure' and flight_status = 'cancelled'") }} as cancelled,
        {{ legs_where("side = 'departure' and flight_status = 'diverted'") }} as diverted,
        {{ mean_delay("departure") }} as mean_departure_delay_minutes,
        {{ mean_delay("arrival") }} as mean_arrival_delay_minutes,
        {{ departure_punctuality("delay_minutes < 15") }} as d15,
        {{ arrival_punctuality("delay_minutes < 15") }} as a15,
        {{ departure_punctuality("delay_minutes <= 0") }} as d0,
        {{ arrival_punctuality("delay_minutes <= 0") }} as a0
    from {{ ref("int_delay_counts") }}
    {{ grouped_by(grouping_columns) }}
)

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
    percentiles.median_departure_delay_minutes,
    percentiles.p90_departure_delay_minutes,
    measured.mean_arrival_delay_minutes,
    percentiles.median_arrival_delay_minutes,
    percentiles.p90_arrival_delay_minutes,
    measured.d15,
    measured.a15,
    measured.d0,
    measured.a0
from measured
{%- if grouping_columns %}
left join percentiles
    on
        {%- for column in grouping_columns %}
        {{ "and " if not loop.first -}}
        coalesce(measured.{{ column }}, 'unknown') = coalesce(percentiles.{{ column }}, 'unknown')
        {%- endfor %}
{%- else %}
cross join percentiles
{%- endif %}
{%- endmacro %}

{% macro grouped_by(columns) -%}
{%- if columns -%}
    group by {{ columns | join(", ") }}
{%- endif -%}
{%- endmacro %}

{% macro legs_where(condition) -%}
cast(coalesce(sum(case when {{ condition }} then legs end), 0) as bigint)
{%- endmacro %}

{% macro mean_delay(side) -%}
sum(case when side = '{{ side }}' then delay_minutes * legs end)
        / nullif({{ legs_where("side = '" ~ side ~ "' and delay_minutes is not null") }}, 0)
{%- endmacro %}

{#- Over rows of `placed`, in the order of the delay: `through` legs have this delay or less. -#}
{% macro percentile(side, fraction) -%}
{%- set place = fraction ~ " * last_place" -%}
{%- set below = value_at(side, "floor(" ~ place ~ ")") -%}
{{ below }}
        + ({{ value_at(side, "ceil(" ~ place ~ ")") }} - {{ below }})
        * max(case when side = '{{ side }}' then {{ place }} - floor({{ place }}) end)
{%- endmacro %}

{% macro value_at(side, place) -%}
min(case when side = '{{ side }}' and through > {{ place }} then delay_minutes end)
{%- endmacro %}

{% macro departure_punctuality(is_on_time) -%}
cast(
            {{ legs_where("side = 'departure' and " ~ is_on_time ~ " and flight_status <> 'cancelled'") }}
            as double precision
        )
        / nullif({{ legs_where(
            "side = 'departure' and (delay_minutes is not null or flight_status = 'cancelled')"
        ) }}, 0)
{%- endmacro %}

{% macro arrival_punctuality(is_on_time) -%}
cast(
            {{ legs_where(
                "side = 'arrival' and " ~ is_on_time
                ~ " and flight_status not in ('cancelled', 'diverted')"
            ) }} as double precision
        )
        / nullif({{ legs_where(
            "side = 'arrival'"
            " and (delay_minutes is not null or flight_status in ('cancelled', 'diverted'))"
        ) }}, 0)
{%- endmacro %}

{#- The least-squares line through pairs, of the sums that a tally keeps of them: a line needs
    three, and they must differ both ways. Whole numbers say exactly whether they do, and what is
    left of them after the subtraction loses nothing to it.

    Args:
      sums: a relation with one row a group and the columns of `pair_sums`. -#}
{% macro line_measures(sums) -%}
select
    *,
    pairs >= 3
    and (pairs * sum_x_x <> sum_x * sum_x or pairs * sum_x_rest_x_rest <> sum_x_rest * sum_x_rest)
    and (pairs * sum_y_y <> sum_y * sum_y or pairs * sum_y_rest_y_rest <> sum_y_rest * sum_y_rest)
        as has_line,
    {{ mean_of("x") }} as mean_x,
    {{ mean_of("y") }} as mean_y,
    {{ spread_of("x", "x") }} as spread_xx,
    {{ spread_of("y", "y") }} as spread_yy,
    {{ spread_of("x", "y") }} as spread_xy
from {{ sums }}
{%- endmacro %}

{% macro mean_of(name) -%}
(cast(sum_{{ name }} as double precision) + cast(sum_{{ name }}_rest as double precision) / 6e7)
    / nullif(cast(pairs as double precision), 0)
{%- endmacro %}

{#- n times the sum of (x - mean x) * (y - mean y), in minutes; x may be y. -#}
{% macro spread_of(x, y) -%}
{{ spread_of_parts(x, y) }}
    + ({{ spread_of_parts(x, y ~ "_rest") }}
    + {{ spread_of_parts(y if x == y else x ~ "_rest", x ~ "_rest" if x == y else y) }}) / 6e7
    + {{ spread_of_parts(x ~ "_rest", y ~ "_rest") }} / 3.6e15
{%- endmacro %}

{% macro spread_of_parts(x, y) -%}
cast(pairs * sum_{{ x }}_{{ y }} - sum_{{ x }} * sum_{{ y }} as double precision)
{%- endmacro %}

{#- The movements of a tally of routes, each leg once at either end. -#}
{% macro movements_of(routes) -%}
{%- for side in ["departure", "arrival"] %}
    {{ "union all" if not loop.first }}
    select
        {{ side }}_airport_iata as airport_iata,
        '{{ side }}' as side,
        flight_status,
        legs,
        {{ side }}s as movements,
        {{ side }}_delay_whole as delay_whole,
        {{ side }}_delay_rest as delay_rest,
        {{ side }}_passengers as passengers,
        {{ side }}_passenger_legs as passenger_legs
    from {{ routes }}
{%- endfor %}
{%- endmacro %}

{#- A sum over rows of `movements_of`, of one side, and of one status where it is given. -#}
{% macro moved(side, amount, status=none) -%}
cast(coalesce(sum(case
            when side = '{{ side }}' {% if status %}and flight_status = '{{ status }}' {% endif -%}
                then {{ amount }}
        end), 0) as bigint)
{%- endmacro %}

{% macro moved_delay(side) -%}
(
            {{ moved(side, "delay_whole") }}
            + cast({{ moved(side, "delay_rest") }} as double precision) / 6e7
        )
        / nullif({{ moved(side, "movements") }}, 0)
{%- endmacro %}

{#- NULL where the passengers of none are known. -#}
{% macro moved_passengers(side) -%}
case
            when {{ moved(side, "passenger_legs") }} > 0 then {{ moved(side, "passengers") }}
        end
{%- endmacro %}

{#- The sums of a tally's pairs, by group or over all. -#}
{% macro pair_totals() -%}
{%- for name in pair_sums("x", "y") -%}
coalesce(sum({{ name }}), 0) as {{ name }}{{ ",\n        " if not loop.last }}
{%- endfor -%}
{%- endmacro %}
