{{ delay_measures(ref("fct_flight_legs")) }}
