with delays as (
    select
        airline_key,
        airline_iata,
        {{ delay_measures() }}
    from {{ ref("fct_flight_legs") }}
    group by airline_key, airline_iata
)

select
    delays.*,
    airlines.airline_name
from delays
inner join {{ ref("dim_airlines") }} as airlines on delays.airline_key = airlines.airline_key
