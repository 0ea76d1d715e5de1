{{ delay_measures() }}
