select
    {{ delay_measures() }}
from {{ ref("fct_flight_legs") }}
