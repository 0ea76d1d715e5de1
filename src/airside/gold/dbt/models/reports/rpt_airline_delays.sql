with delays as (
    {{ delay_measures(["airline_iata"]) }}
)

select
    delays.*,
    airlines.airline_name
from delays
left join {{ ref("dim_airlines") }} as airlines
    on airlines.airline_key = {{ code_key("delays.airline_iata") }}
