with events_of_day as (
    select
        departure_airport_iata as airport_iata,
        scheduled_departure_at as at_instant,
        'scheduled_departure' as kind,
        is_cancelled,
        cast(null as double precision) as delay_minutes,
        cast(null as integer) as passenger_count,
        cast(null as integer) as security_wait_time_minutes
    from {{ ref("fct_flight_legs") }}
    union all
    select
        departure_airport_iata as airport_iata,
        actual_departure_at as at_instant,
        'departure' as kind,
        is_cancelled,
        departure_delay_minutes as delay_minutes,
        passenger_count,
        security_wait_time_minutes
    from {{ ref("fct_flight_legs") }}
    where actual_departure_at is not null
    union all
    select
        arrival_airport_iata as airport_iata,
        scheduled_arrival_at as at_instant,
        'scheduled_arrival' as kind,
        is_cancelled,
        cast(null as double precision) as delay_minutes,
        cast(null as integer) as passenger_count,
        cast(null as integer) as security_wait_time_minutes
    from {{ ref("fct_flight_legs") }}
    union all
    select
        arrival_airport_iata as airport_iata,
        actual_arrival_at as at_instant,
        'arrival' as kind,
        is_cancelled,
        arrival_delay_minutes as delay_minutes,
        passenger_count,
        cast(null as integer) as security_wait_time_minutes
    from {{ ref("fct_flight_legs") }}
    where actual_arrival_at is not null
)

select
    airport_iata,
    date_trunc('hour', at_instant) as hour_at,
    count(case when kind = 'scheduled_departure' then 1 end) as scheduled_departures,
    count(case when kind = 'scheduled_departure' and is_cancelled then 1 end)
        as cancelled_departures,
    count(case when kind = 'departure' then 1 end) as departures,
    count(case when kind = 'scheduled_arrival' then 1 end) as scheduled_arrivals,
    count(case when kind = 'arrival' then 1 end) as arrivals,
    avg(case when kind = 'departure' then delay_minutes end) as mean_departure_delay_minutes,
    avg(case when kind = 'arrival' then delay_minutes end) as mean_arrival_delay_minutes,
    sum(case when kind = 'departure' then passenger_count end) as departed_passengers,
    sum(case when kind = 'arrival' then passenger_count end) as arrived_passengers,
    avg(cast(security_wait_time_minutes as double precision)) as mean_security_wait_time_minutes
from events_of_day
group by airport_iata, date_trunc('hour', at_instant)
