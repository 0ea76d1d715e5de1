with movements as (
    select
        departure_airport_iata as airport_iata,
        1 as is_departure,
        actual_departure_at as moved_at,
        departure_delay_minutes as delay_minutes,
        passenger_count,
        is_cancelled,
        is_diverted
    from {{ ref("fct_flight_legs") }}
    union all
    select
        arrival_airport_iata as airport_iata,
        0 as is_departure,
        actual_arrival_at as moved_at,
        arrival_delay_minutes as delay_minutes,
        passenger_count,
        is_cancelled,
        is_diverted
    from {{ ref("fct_flight_legs") }}
),

totals as (
    select
        airport_iata,
        count(moved_at) as movements,
        sum(is_departure) as departing_flights,
        count(case when is_departure = 1 then moved_at end) as departures,
        count(case when is_departure = 1 and is_cancelled then 1 end) as cancelled_departures,
        avg(case when is_departure = 1 then delay_minutes end) as mean_departure_delay_minutes,
        sum(case when is_departure = 1 and moved_at is not null then passenger_count end)
            as departed_passengers,
        sum(1 - is_departure) as arriving_flights,
        count(case when is_departure = 0 then moved_at end) as arrivals,
        count(case when is_departure = 0 and is_cancelled then 1 end) as cancelled_arrivals,
        count(case when is_departure = 0 and is_diverted then 1 end) as diverted_arrivals,
        avg(case when is_departure = 0 then delay_minutes end) as mean_arrival_delay_minutes,
        sum(case when is_departure = 0 and moved_at is not null then passenger_count end)
            as arrived_passengers
    from movements
    group by airport_iata
)

select
    totals.*,
    airports.airport_name,
    airports.city,
    airports.country,
    airports.latitude,
    airports.longitude
from totals
inner join {{ ref("dim_airports") }} as airports on totals.airport_iata = airports.airport_iata
