with sides as (
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
    from {{ ref("int_route_counts") }}
    {%- endfor %}
),

totals as (
    select
        airport_iata,
        cast(sum(movements) as bigint) as movements,
        {%- for side in ["departure", "arrival"] %}
        {%- set of_side = "case when side = '" ~ side ~ "' then " %}
        cast(sum({{ of_side }}legs else 0 end) as bigint) as {{ "departing" if side == "departure" else "arriving" }}_flights,
        cast(sum({{ of_side }}movements else 0 end) as bigint) as {{ side }}s,
        cast(
            sum(case when side = '{{ side }}' and flight_status = 'cancelled' then legs else 0 end)
            as bigint
        ) as cancelled_{{ side }}s,
        cast(
            sum(case when side = '{{ side }}' and flight_status = 'diverted' then legs else 0 end)
            as bigint
        ) as diverted_{{ side }}s,
        (
            cast(sum({{ of_side }}delay_whole end) as double precision)
            + cast(sum({{ of_side }}delay_rest end) as double precision) / 6e7
        )
        / nullif(cast(sum({{ of_side }}movements end) as double precision), 0)
            as mean_{{ side }}_delay_minutes,
        case
            when sum({{ of_side }}passenger_legs end) > 0
                then cast(sum({{ of_side }}passengers end) as bigint)
        end as {{ "departed" if side == "departure" else "arrived" }}_passengers
        {{- "," if not loop.last }}
        {%- endfor %}
    from sides
    group by airport_iata
)

select
    totals.airport_iata,
    totals.movements,
    totals.departing_flights,
    totals.departures,
    totals.cancelled_departures,
    totals.mean_departure_delay_minutes,
    totals.departed_passengers,
    totals.arriving_flights,
    totals.arrivals,
    totals.cancelled_arrivals,
    totals.diverted_arrivals,
    totals.mean_arrival_delay_minutes,
    totals.arrived_passengers,
    airports.airport_name,
    airports.city,
    airports.country,
    airports.latitude,
    airports.longitude
from totals
inner join {{ ref("dim_airports") }} as airports on totals.airport_iata = airports.airport_iata
