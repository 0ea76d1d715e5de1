-- One row per event of `batch`, in its order: when it is due, and the record of the contract.
-- A field that the data never has (gates, passengers, taxi, positions …) is absent; one that it
-- lacks for this flight, or that is not known yet, is null.
with text as (
    select
        *,
        strftime(scheduled_departure_at, '%Y-%m-%dT%H:%M:%SZ') as scheduled_departure_utc
    from batch
)

select
    epoch_us(event_at) as due_us,
    to_json(struct_pack(
        event_id := cast(md5(concat_ws(
            '|', flight_icao, departure_airport_iata, scheduled_departure_utc, flight_status
        )) as uuid),
        event_timestamp := strftime(event_at, '%Y-%m-%dT%H:%M:%SZ'),
        source_system_id := 'replay-nycflights13',
        flight_details := struct_pack(
            flight_icao := flight_icao,
            airline_iata := airline_iata,
            tail_number := tail_number
        ),
        route_info := struct_pack(
            departure_airport_iata := departure_airport_iata,
            arrival_airport_iata := arrival_airport_iata,
            scheduled_departure_utc := scheduled_departure_utc,
            scheduled_arrival_utc := strftime(scheduled_arrival_at, '%Y-%m-%dT%H:%M:%SZ'),
            actual_departure_utc := strftime(actual_departure_at, '%Y-%m-%dT%H:%M:%SZ'),
            actual_arrival_utc := strftime(actual_arrival_at, '%Y-%m-%dT%H:%M:%SZ')
        ),
        operational_data := struct_pack(aircraft_type := aircraft_type),
        live_telemetry := struct_pack(flight_status := flight_status)
    )) as payload
from text
