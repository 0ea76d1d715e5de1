with movements as (
    {{ movements_of(ref("int_route_counts")) }}
),

totals as (
    select
        airport_iata,
        cast(sum(movements) as bigint) as movements,
        {{ moved("departure", "legs") }} as departing_flights,
        {{ moved("departure", "movements") }} as departures,
        {{ moved("departure", "legs", "cancelled") }} as cancelled_departures,
        {{ moved_delay("departure") }} as mean_departure_delay_minutes,
        {{ moved_passengers("departure") }} as departed_passengers,
        {{ moved("arrival", "legs") }} as arriving_flights,
        {{ moved("arrival", "movements") }} as arrivals,
        {{ moved("arrival", "legs", "cancelled") }} as cancelled_arrivals,
        {{ moved("arrival", "legs", "diverted") }} as diverted_arrivals,
        {{ moved_delay("arrival") }} as mean_arrival_delay_minutes,
        {{ moved_passengers("arrival") }} as arrived_passengers
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
