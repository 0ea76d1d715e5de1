select
    airport_iata,
    airport_icao,
    airport_name,
    city,
    country,
    latitude,
    longitude,
    timezone
from {{ source("staging", "airports") }}
