-- The silver transform of flight events: every rule of docs/event-contract.md, in one statement.
--
-- Reads `records` (shard_id, sequence_number, arrived_at TIMESTAMP, text VARCHAR: the record, or
-- NULL where its bytes are not UTF-8) and gives one row per record: a clean one has the silver row
-- and no `reason`; any other has `reason`, `reasons`, and NULL for all that it claims.
--
-- It holds no state and needs no setting but timezone = 'UTC', so that it means the same in the
-- pipeline and inside Spark. No input may abort it: JSON is read only where it is valid, and every
-- cast is a TRY. A field has a cheap path for what nearly all records hold and, evaluated for the
-- others alone, a second one with the contract's whole grammar.
--
-- One expression reads all columns of a kind, and `\1` names each result:
-- noqa: disable=RF05,AL08
WITH documents AS (
    SELECT
        shard_id,
        sequence_number,
        arrived_at,
        text,
        CASE WHEN json_valid(text) THEN text END AS json_text,
        -- Inside a JSON string, only these escapes make a blank other than a space, or U+0000.
        contains(text, '\') AND regexp_matches(text, '\\([tnrf]|u000)') AS has_escaped_blank
    FROM records
),

extracted AS (
    SELECT
        *,
        -- One call for all paths: each further call would parse the document again.
        json_extract_string(json_text, [
            '$.event_id',
            '$.event_timestamp',
            '$.source_system_id',
            '$.flight_details.flight_icao',
            '$.flight_details.airline_iata',
            '$.flight_details.tail_number',
            '$.route_info.departure_airport_iata',
            '$.route_info.arrival_airport_iata',
            '$.route_info.departure_gate',
            '$.route_info.arrival_gate',
            '$.route_info.scheduled_departure_utc',
            '$.route_info.scheduled_arrival_utc',
            '$.route_info.actual_departure_utc',
            '$.route_info.actual_arrival_utc',
            '$.operational_data.taxi_time_minutes',
            '$.operational_data.turnaround_time_minutes',
            '$.operational_data.passenger_count',
            '$.operational_data.baggage_count',
            '$.operational_data.security_wait_time_minutes',
            '$.operational_data.runway_in_use',
            '$.operational_data.aircraft_type',
            '$.operational_data.weather_conditions',
            '$.live_telemetry.location_str',
            '$.live_telemetry.altitude_ft',
            '$.live_telemetry.ground_speed_kts',
            '$.live_telemetry.vertical_speed_fps',
            '$.live_telemetry.heading',
            '$.live_telemetry.flight_status'
        ]) AS v
    FROM documents
),

-- Every value under a name that says which grammar reads it. A text may hold anything: it is named
-- by its path, so that one can ask what type stands there.
named AS (
    SELECT
        * EXCLUDE (v),
        v[1] AS "$.event_id",
        v[2] AS event__time,
        v[3] AS "$.source_system_id",
        v[4] AS "$.flight_details.flight_icao",
        v[5] AS "$.flight_details.airline_iata",
        v[6] AS "$.flight_details.tail_number",
        v[7] AS departure_airport_iata__airport,
        v[8] AS arrival_airport_iata__airport,
        v[9] AS "$.route_info.departure_gate",
        v[10] AS "$.route_info.arrival_gate",
        v[11] AS scheduled_departure__time,
        v[12] AS scheduled_arrival__time,
        v[13] AS actual_departure__time,
        v[14] AS actual_arrival__time,
        v[15] AS taxi_time_minutes__natural,
        v[16] AS turnaround_time_minutes__natural,
        v[17] AS passenger_count__natural,
        v[18] AS baggage_count__natural,
        v[19] AS security_wait_time_minutes__natural,
        v[20] AS "$.operational_data.runway_in_use",
        v[21] AS "$.operational_data.aircraft_type",
        v[22] AS "$.operational_data.weather_conditions",
        v[23] AS location__position,
        v[24] AS altitude_ft__integer,
        v[25] AS ground_speed_kts__natural,
        v[26] AS vertical_speed_fps__integer,
        v[27] AS heading__natural,
        v[28] AS flight__status
    FROM extracted
),

parsed AS (
    SELECT
        *,

        -- Texts: without U+0000, trimmed; what is blank then, an object or an array is NULL.
        CASE
            WHEN
                COLUMNS('[$].*[.](.*)') < '!'
                OR suffix(COLUMNS('[$].*[.](.*)'), ' ')
                OR (COLUMNS('[$].*[.](.*)') >= '[' AND COLUMNS('[$].*[.](.*)') < '\')
                OR (COLUMNS('[$].*[.](.*)') >= '{' AND COLUMNS('[$].*[.](.*)') < '|')
                OR (has_escaped_blank AND COLUMNS('[$].*[.](.*)') IS NOT NULL)
                THEN
                    CASE
                        WHEN
                            json_type(json_text, alias(COLUMNS('[$].*[.](.*)'))) NOT IN (
                                'OBJECT', 'ARRAY'
                            )
                            THEN
                                nullif(
                                    trim(
                                        replace(COLUMNS('[$].*[.](.*)'), chr(0), ''),
                                        e' \t\n\x0b\f\r'
                                    ),
                                    ''
                                )
                    END
            ELSE COLUMNS('[$].*[.](.*)')
        END AS "\1__text",

        -- Airports: three ASCII letters.
        CASE
            WHEN
                regexp_full_match(COLUMNS('(.*)__airport'), '[A-Z]{3}')
                THEN COLUMNS('(.*)__airport')
            ELSE
                nullif(
                    upper(
                        regexp_extract(
                            replace(COLUMNS('(.*)__airport'), chr(0), ''),
                            '^[ \t\n\v\f\r]*([A-Za-z]{3})[ \t\n\v\f\r]*$', 1
                        )
                    ),
                    ''
                )
        END AS "\1",

        -- Times. strptime forgives blanks around the whole; where there are none, the length says
        -- that every part has its full width.
        coalesce(
            CASE
                WHEN
                    COLUMNS('(.*)__time') >= '2000'
                    AND COLUMNS('(.*)__time') < '2100'
                    AND NOT contains(COLUMNS('(.*)__time'), ' ')
                    AND NOT has_escaped_blank
                    THEN
                        CASE strlen(COLUMNS('(.*)__time'))
                            WHEN 19 THEN try_strptime(COLUMNS('(.*)__time'), '%Y-%m-%dT%H:%M:%S')
                            WHEN 20 THEN try_strptime(COLUMNS('(.*)__time'), '%Y-%m-%dT%H:%M:%SZ')
                        END
            END,
            CASE
                WHEN contains(COLUMNS('(.*)__time'), 'T')
                    THEN
                        try_cast(
                            regexp_extract(
                                replace(COLUMNS('(.*)__time'), chr(0), ''),
                                '^[ \t\n\v\f\r]*'
                                || '(\d{4}-\d\d-\d\dT(?:[01]\d|2[0-3]):[0-5]\d'
                                || '(?::[0-5]\d(?:\.\d+)?)?'
                                || '(?:Z|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)?)'
                                || '[ \t\n\v\f\r]*$', 1
                            ) AS TIMESTAMPTZ
                        ) AT TIME ZONE 'UTC'
            END
        ) AS "\1__instant",

        -- The event's own time may also be Unix time, or day/month/year.
        CASE
            WHEN contains(event__time, '/') OR contains(event__time, '-') THEN NULL
            WHEN try_cast(event__time AS BIGINT)::VARCHAR = event__time
                THEN try_cast(event__time AS BIGINT)
            ELSE
                try_cast(
                    regexp_extract(
                        replace(event__time, chr(0), ''), '^[ \t\n\v\f\r]*(\d+)[ \t\n\v\f\r]*$', 1
                    ) AS BIGINT
                )
        END AS event__epoch,
        CASE
            WHEN contains(event__time, '/')
                THEN
                    try_strptime(
                        regexp_extract(
                            replace(event__time, chr(0), ''),
                            '^[ \t\n\v\f\r]*'
                            || '(\d\d?/[A-Za-z]{3}/20\d\d \d\d:\d\d:\d\d)'
                            || '[ \t\n\v\f\r]*$', 1
                        ),
                        '%d/%b/%Y %H:%M:%S'
                    )
        END AS event__clock,

        -- Integers of 32 bits. try_cast takes `12.7`, `1e2` and `0x1F` too, hence the look back.
        CASE
            WHEN
                COLUMNS('(.*)__natural') >= '0'
                AND try_cast(COLUMNS('(.*)__natural') AS INTEGER)::VARCHAR
                = COLUMNS('(.*)__natural')
                THEN try_cast(COLUMNS('(.*)__natural') AS INTEGER)
            ELSE
                try_cast(
                    regexp_extract(
                        replace(COLUMNS('(.*)__natural'), chr(0), ''),
                        '^[ \t\n\v\f\r]*([+]?\d+|-0+)[ \t\n\v\f\r]*$', 1
                    ) AS INTEGER
                )
        END AS "\1",
        CASE
            WHEN
                try_cast(COLUMNS('(.*)__integer') AS INTEGER)::VARCHAR
                = COLUMNS('(.*)__integer')
                THEN try_cast(COLUMNS('(.*)__integer') AS INTEGER)
            ELSE
                try_cast(
                    regexp_extract(
                        replace(COLUMNS('(.*)__integer'), chr(0), ''),
                        '^[ \t\n\v\f\r]*([+-]?\d+)[ \t\n\v\f\r]*$', 1
                    ) AS INTEGER
                )
        END AS "\1",

        regexp_extract(
            replace(location__position, chr(0), ''),
            '^[ \t\n\v\f\r]*([+-]?\d+(?:\.\d+)?) *; *([+-]?\d+(?:\.\d+)?)[ \t\n\v\f\r]*$',
            ['latitude', 'longitude']
        ) AS coordinates,

        map_extract_value(
            map {
                'scheduled': 'scheduled',
                'boarding': 'boarding',
                'departing': 'departing',
                'en-route': 'en-route',
                'en route': 'en-route',
                'enroute': 'en-route',
                'airborne': 'en-route',
                'active': 'en-route',
                'landed': 'landed',
                'arrived': 'landed',
                'diverted': 'diverted',
                'cancelled': 'cancelled',
                'canceled': 'cancelled'
            },
            lower(
                CASE
                    WHEN flight__status < '!' OR suffix(flight__status, ' ') OR has_escaped_blank
                        THEN trim(replace(flight__status, chr(0), ''), e' \t\n\x0b\f\r')
                    ELSE flight__status
                END
            )
        ) AS flight_status
    FROM named
),

-- Upper case, and ranges.
bounded AS (
    SELECT
        * EXCLUDE (heading),
        COLUMNS('(event_id|source_system_id|weather_conditions)__text') AS "\1",
        upper(
            COLUMNS('(.*_icao|.*_iata|tail_number|aircraft_type|.*_gate|runway_in_use)__text')
        ) AS "\1",
        CASE
            WHEN
                COLUMNS('(scheduled_.*)__instant')
                BETWEEN '2000-01-01'::TIMESTAMP AND '2099-12-31 23:59:59.999999'::TIMESTAMP
                THEN COLUMNS('(scheduled_.*)__instant')
        END AS "\1_at",
        CASE
            WHEN
                COLUMNS('actual_(.*)__instant')
                BETWEEN '2000-01-01'::TIMESTAMP AND '2099-12-31 23:59:59.999999'::TIMESTAMP
                THEN COLUMNS('actual_(.*)__instant')
        END AS "reported_\1_at",
        CASE
            WHEN
                event__instant
                BETWEEN '2000-01-01'::TIMESTAMP AND '2099-12-31 23:59:59.999999'::TIMESTAMP
                THEN event__instant
            WHEN event__clock IS NOT NULL THEN event__clock
            WHEN
                event__epoch BETWEEN 946684800 AND 4102444799
                THEN make_timestamp(event__epoch * 1000000)
            WHEN event__epoch BETWEEN 946684800000 AND 4102444799999
                THEN make_timestamp(event__epoch * 1000)
        END AS event_at,
        CASE WHEN heading <= 360 THEN heading END AS heading,
        try_cast(coordinates['latitude'] AS DOUBLE) AS degrees_north,
        try_cast(coordinates['longitude'] AS DOUBLE) AS degrees_east
    FROM parsed
),

-- Fields against each other.
related AS (
    SELECT
        *,
        coalesce(degrees_north BETWEEN -90 AND 90 AND degrees_east BETWEEN -180 AND 180, FALSE)
            AS has_location,
        coalesce(scheduled_arrival_at > scheduled_departure_at, FALSE) AS has_schedule,
        coalesce(
            reported_arrival_at < reported_departure_at AND reported_departure_at <= event_at, FALSE
        ) AS arrives_before_departing
    FROM bounded
),

derived AS (
    SELECT
        *,
        CASE
            WHEN reported_departure_at > event_at THEN reported_departure_at
        END AS estimated_departure_at,
        CASE
            WHEN reported_arrival_at > event_at THEN reported_arrival_at
        END AS estimated_arrival_at,
        CASE
            WHEN reported_departure_at <= event_at THEN reported_departure_at
        END AS actual_departure_at,
        CASE
            WHEN
                reported_arrival_at <= event_at AND NOT arrives_before_departing
                THEN reported_arrival_at
        END AS actual_arrival_at,
        CASE
            WHEN
                event_id IS NOT NULL
                AND event_at IS NOT NULL
                AND flight_icao IS NOT NULL
                AND departure_airport_iata IS NOT NULL
                AND arrival_airport_iata IS NOT NULL
                AND has_schedule
                AND flight_status IS NOT NULL
                THEN NULL
            WHEN text IS NULL THEN ['not_utf8']
            WHEN json_text IS NULL THEN ['not_json']
            WHEN json_type(json_text) <> 'OBJECT' THEN ['not_object']
            ELSE
                list_filter(
                    [
                        CASE WHEN event_id IS NULL THEN 'missing_event_id' END,
                        CASE WHEN event_at IS NULL THEN 'bad_event_timestamp' END,
                        CASE WHEN flight_icao IS NULL THEN 'missing_flight' END,
                        CASE
                            WHEN
                                departure_airport_iata IS NULL OR arrival_airport_iata IS NULL
                                THEN 'bad_route'
                        END,
                        CASE WHEN NOT has_schedule THEN 'bad_schedule' END,
                        CASE WHEN flight_status IS NULL THEN 'bad_status' END
                    ],
                    LAMBDA reason: reason IS NOT NULL
                )
        END AS reasons,
        CASE
            -- First whether there is anything to flag at all, for there seldom is.
            WHEN
                reported_departure_at > event_at
                OR reported_arrival_at > event_at
                OR arrives_before_departing
                OR (reported_departure_at IS NULL AND actual_departure__time IS NOT NULL)
                OR (reported_arrival_at IS NULL AND actual_arrival__time IS NOT NULL)
                OR (taxi_time_minutes IS NULL AND taxi_time_minutes__natural IS NOT NULL)
                OR (
                    turnaround_time_minutes IS NULL AND turnaround_time_minutes__natural IS NOT NULL
                )
                OR (passenger_count IS NULL AND passenger_count__natural IS NOT NULL)
                OR (baggage_count IS NULL AND baggage_count__natural IS NOT NULL)
                OR (
                    security_wait_time_minutes IS NULL
                    AND security_wait_time_minutes__natural IS NOT NULL
                )
                OR (altitude_ft IS NULL AND altitude_ft__integer IS NOT NULL)
                OR (ground_speed_kts IS NULL AND ground_speed_kts__natural IS NOT NULL)
                OR (vertical_speed_fps IS NULL AND vertical_speed_fps__integer IS NOT NULL)
                OR (heading IS NULL AND heading__natural IS NOT NULL)
                OR (NOT has_location AND location__position IS NOT NULL)
                OR (
                    taxi_time_minutes IS NULL
                    AND turnaround_time_minutes IS NULL
                    AND passenger_count IS NULL
                    AND baggage_count IS NULL
                    AND security_wait_time_minutes IS NULL
                    AND runway_in_use IS NULL
                    AND aircraft_type IS NULL
                    AND weather_conditions IS NULL
                )
                THEN
                    list_filter(
                        [
                            CASE WHEN arrives_before_departing THEN 'arrival_before_departure' END,
                            CASE WHEN reported_arrival_at > event_at THEN 'arrival_in_future' END,
                            CASE
                                WHEN
                                    reported_arrival_at IS NULL
                                    AND regexp_matches(actual_arrival__time, '[^ \t\n\v\f\r\x00]')
                                    THEN 'bad_actual_arrival'
                            END,
                            CASE
                                WHEN
                                    reported_departure_at IS NULL
                                    AND regexp_matches(actual_departure__time, '[^ \t\n\v\f\r\x00]')
                                    THEN 'bad_actual_departure'
                            END,
                            CASE
                                WHEN
                                    altitude_ft IS NULL
                                    AND regexp_matches(altitude_ft__integer, '[^ \t\n\v\f\r\x00]')
                                    THEN 'bad_altitude_ft'
                            END,
                            CASE
                                WHEN
                                    baggage_count IS NULL
                                    AND regexp_matches(baggage_count__natural, '[^ \t\n\v\f\r\x00]')
                                    THEN 'bad_baggage_count'
                            END,
                            CASE
                                WHEN
                                    ground_speed_kts IS NULL
                                    AND regexp_matches(
                                        ground_speed_kts__natural, '[^ \t\n\v\f\r\x00]'
                                    )
                                    THEN 'bad_ground_speed_kts'
                            END,
                            CASE
                                WHEN
                                    heading IS NULL
                                    AND regexp_matches(heading__natural, '[^ \t\n\v\f\r\x00]')
                                    THEN 'bad_heading'
                            END,
                            CASE
                                WHEN
                                    NOT has_location
                                    AND regexp_matches(location__position, '[^ \t\n\v\f\r\x00]')
                                    THEN 'bad_location'
                            END,
                            CASE
                                WHEN
                                    passenger_count IS NULL
                                    AND regexp_matches(
                                        passenger_count__natural, '[^ \t\n\v\f\r\x00]'
                                    )
                                    THEN 'bad_passenger_count'
                            END,
                            CASE
                                WHEN
                                    security_wait_time_minutes IS NULL
                                    AND regexp_matches(
                                        security_wait_time_minutes__natural, '[^ \t\n\v\f\r\x00]'
                                    )
                                    THEN 'bad_security_wait_time_minutes'
                            END,
                            CASE
                                WHEN
                                    taxi_time_minutes IS NULL
                                    AND regexp_matches(
                                        taxi_time_minutes__natural, '[^ \t\n\v\f\r\x00]'
                                    )
                                    THEN 'bad_taxi_time_minutes'
                            END,
                            CASE
                                WHEN
                                    turnaround_time_minutes IS NULL
                                    AND regexp_matches(
                                        turnaround_time_minutes__natural, '[^ \t\n\v\f\r\x00]'
                                    )
                                    THEN 'bad_turnaround_time_minutes'
                            END,
                            CASE
                                WHEN
                                    vertical_speed_fps IS NULL
                                    AND regexp_matches(
                                        vertical_speed_fps__integer, '[^ \t\n\v\f\r\x00]'
                                    )
                                    THEN 'bad_vertical_speed_fps'
                            END,
                            CASE
                                WHEN reported_departure_at > event_at THEN 'departure_in_future'
                            END,
                            CASE
                                WHEN
                                    json_type(
                                        json_text, '$.operational_data'
                                    ) IS DISTINCT FROM 'OBJECT'
                                    THEN 'missing_operational_data'
                            END
                        ],
                        LAMBDA flag: flag IS NOT NULL
                    )
            ELSE []::VARCHAR[]
        END AS quality_flags
    FROM related
),

-- The silver row, in its order.
silver AS (
    SELECT
        event_id,
        event_at,
        source_system_id,
        CASE
            WHEN reasons IS NULL
                THEN
                    md5(
                        flight_icao || '|' || departure_airport_iata || '|'
                        || CASE
                            -- A time that was read and looks like this is spelt like this already.
                            WHEN scheduled_departure__time LIKE '____-__-__T__:__:__'
                                THEN scheduled_departure__time || '.000000Z'
                            ELSE strftime(scheduled_departure_at, '%Y-%m-%dT%H:%M:%S.%fZ')
                        END
                    )
        END AS leg_key,
        flight_icao,
        airline_iata,
        tail_number,
        aircraft_type,
        departure_airport_iata,
        arrival_airport_iata,
        departure_gate,
        arrival_gate,
        scheduled_departure_at,
        scheduled_arrival_at,
        estimated_departure_at,
        estimated_arrival_at,
        actual_departure_at,
        actual_arrival_at,
        (epoch_us(actual_departure_at) - epoch_us(scheduled_departure_at)) / 6e7
            AS departure_delay_minutes,
        (epoch_us(actual_arrival_at) - epoch_us(scheduled_arrival_at))
        / 6e7 AS arrival_delay_minutes,
        taxi_time_minutes,
        turnaround_time_minutes,
        passenger_count,
        baggage_count,
        security_wait_time_minutes,
        runway_in_use,
        weather_conditions,
        CASE WHEN has_location THEN degrees_north END AS latitude,
        CASE WHEN has_location THEN degrees_east END AS longitude,
        altitude_ft,
        ground_speed_kts,
        vertical_speed_fps,
        heading,
        flight_status,
        quality_flags,
        shard_id,
        sequence_number,
        arrived_at,
        reasons
    FROM derived
)

-- Who is not clean claims nothing.
SELECT
    CASE
        WHEN reasons IS NULL
            THEN COLUMNS(* EXCLUDE (shard_id, sequence_number, arrived_at, reasons))
    END,
    shard_id,
    sequence_number,
    arrived_at,
    reasons[1] AS reason,
    reasons
FROM silver
