"""Edge cases of times: of the event, the schedule, and what really happened."""

from oracle.sample import DEPARTED, HALF_PAST_SIX, actual, clean, planned, quarantined, stamp, utc

TIME_CASES = (
    clean("seconds", stamp("1758737730"), event_at=utc(2025, 9, 24, 18, 15, 30)),
    clean("seconds as text", stamp('" 1758737730 "'), event_at=utc(2025, 9, 24, 18, 15, 30)),
    clean("milliseconds", stamp("1758737730123"), event_at=utc(2025, 9, 24, 18, 15, 30, 123_000)),
    clean("the first second", stamp("946684800"), event_at=utc(2000, 1, 1)),
    clean("leading zeros of seconds", stamp('"000946684800"'), event_at=utc(2000, 1, 1)),
    clean("and of milliseconds", stamp('"000000946684800000"'), event_at=utc(2000, 1, 1)),
    quarantined("a second before", stamp("946684799"), "bad_event_timestamp"),
    clean("the last second", stamp("4102444799"), event_at=utc(2099, 12, 31, 23, 59, 59)),
    quarantined("a second after", stamp("4102444800"), "bad_event_timestamp"),
    quarantined("the last number of seconds", stamp("99999999999"), "bad_event_timestamp"),
    quarantined("the first of milliseconds", stamp("100000000000"), "bad_event_timestamp"),
    clean("the first millisecond", stamp("946684800000"), event_at=utc(2000, 1, 1)),
    clean("the last", stamp("4102444799999"), event_at=utc(2099, 12, 31, 23, 59, 59, 999_000)),
    quarantined("a millisecond after", stamp("4102444800000"), "bad_event_timestamp"),
    quarantined("seconds with a sign", stamp('"+1758737730"'), "bad_event_timestamp"),
    quarantined("seconds with a point", stamp("1758737730.0"), "bad_event_timestamp"),
    quarantined("seconds with an exponent", stamp("1758737730e0"), "bad_event_timestamp"),
    clean("a day of one digit", stamp('"4/sep/2025 00:00:00"'), event_at=utc(2025, 9, 4)),
    clean(
        "a month in capitals",
        stamp('"04/SEP/2025 23:59:59"'),
        event_at=utc(2025, 9, 4, 23, 59, 59),
    ),
    clean("a leap day", stamp('"29/Feb/2024 12:00:00"'), event_at=utc(2024, 2, 29, 12)),
    quarantined("no leap day", stamp('"29/Feb/2025 12:00:00"'), "bad_event_timestamp"),
    quarantined("31 February", stamp('"31/Feb/2025 12:00:00"'), "bad_event_timestamp"),
    clean("the last day", stamp('"31/dec/2099 23:59:59"'), event_at=utc(2099, 12, 31, 23, 59, 59)),
    clean("the first day", stamp('"1/Jan/2000 00:00:00"'), event_at=utc(2000, 1, 1)),
    quarantined("a day before the first", stamp('"31/Dec/1999 23:59:59"'), "bad_event_timestamp"),
    quarantined("a day after the last", stamp('"1/Jan/2100 00:00:00"'), "bad_event_timestamp"),
    quarantined("day zero", stamp('"00/Sep/2025 12:00:00"'), "bad_event_timestamp"),
    quarantined("a German month", stamp('"24/Okt/2025 12:00:00"'), "bad_event_timestamp"),
    quarantined("24:00 of a day", stamp('"24/Sep/2025 24:00:00"'), "bad_event_timestamp"),
    quarantined("a day with an offset", stamp('"24/Sep/2025 18:15:30Z"'), "bad_event_timestamp"),
    clean("ISO", stamp('"2025-09-24T18:15:30"'), event_at=utc(2025, 9, 24, 18, 15, 30)),
    clean("no seconds", stamp('"2025-09-24T18:15"'), event_at=utc(2025, 9, 24, 18, 15)),
    clean(
        "no seconds, an offset", stamp('"2025-09-24T18:15-01"'), event_at=utc(2025, 9, 24, 19, 15)
    ),
    clean(
        "a fraction cut",
        stamp('"2025-09-24T18:15:30.1234569Z"'),
        event_at=utc(2025, 9, 24, 18, 15, 30, 123_456),
    ),
    clean(
        "a fraction of one digit",
        stamp('"2025-09-24T18:15:30.5"'),
        event_at=utc(2025, 9, 24, 18, 15, 30, 500_000),
    ),
    clean("India", stamp('"2025-09-25T00:15:30+05:30"'), event_at=utc(2025, 9, 24, 18, 45, 30)),
    clean("no colon", stamp('"2025-09-25T00:15:30+0530"'), event_at=utc(2025, 9, 24, 18, 45, 30)),
    clean("the greatest offset", stamp('"2025-09-24T23:59:00+23:59"'), event_at=utc(2025, 9, 24)),
    clean("minus zero", stamp('"2025-09-24T23:59:00-00:00"'), event_at=utc(2025, 9, 24, 23, 59)),
    clean(
        "1999 there, 2000 in UTC", stamp('"1999-12-31T23:59:00-00:01"'), event_at=utc(2000, 1, 1)
    ),
    clean(
        "2100 there, 2099 in UTC",
        stamp('"2100-01-01T00:00:59+00:01"'),
        event_at=utc(2099, 12, 31, 23, 59, 59),
    ),
    quarantined(
        "2000 there, 1999 in UTC", stamp('"2000-01-01T00:00:00+00:01"'), "bad_event_timestamp"
    ),
    quarantined("an offset of 24 h", stamp('"2025-09-24T18:15:30+24:00"'), "bad_event_timestamp"),
    quarantined("an offset of 60 min", stamp('"2025-09-24T18:15:30+05:60"'), "bad_event_timestamp"),
    quarantined("an offset of one digit", stamp('"2025-09-24T18:15:30+5"'), "bad_event_timestamp"),
    quarantined("24:00", stamp('"2025-09-24T24:00:00"'), "bad_event_timestamp"),
    quarantined("second 60", stamp('"2025-09-24T23:59:60"'), "bad_event_timestamp"),
    quarantined("a point without digits", stamp('"2025-09-24T18:15:30."'), "bad_event_timestamp"),
    quarantined("a fraction of a minute", stamp('"2025-09-24T18:15.5"'), "bad_event_timestamp"),
    quarantined("a date alone", stamp('"2025-09-24"'), "bad_event_timestamp"),
    quarantined("a space for the T", stamp('"2025-09-24 18:15:30"'), "bad_event_timestamp"),
    quarantined("an object for the time", stamp('{"at": 1758737730}'), "bad_event_timestamp"),
    quarantined("Unix time in the schedule", planned("1758736800", DEPARTED), "bad_schedule"),
    quarantined(
        "a day in the schedule", planned('"24/Sep/2025 18:00:00"', DEPARTED), "bad_schedule"
    ),
    quarantined("no scheduled arrival", planned(DEPARTED, '""'), "bad_schedule"),
    quarantined(
        "arrival with departure", planned(DEPARTED, '"2025-09-24T23:35+05:30"'), "bad_schedule"
    ),
    quarantined(
        "arrival before departure",
        planned(DEPARTED, '"2025-09-24T18:04:59.999999"'),
        "bad_schedule",
    ),
    clean(
        "a flight at the end of the range",
        planned('"2099-12-31T23:59:59"', '"2099-12-31T23:59:59.9999999"'),
        scheduled_arrival_at=utc(2099, 12, 31, 23, 59, 59, 999_999),
    ),
    quarantined(
        "a flight beyond the range",
        planned('"2099-12-31T23:59:59"', '"2100-01-01T00:00:00"'),
        "bad_schedule",
    ),
    clean(
        "a flight at the start of the range",
        planned('"2000-01-01T00:00:00"', '"2000-01-01T05:30:01+05:30"'),
        scheduled_departure_at=utc(2000, 1, 1),
        scheduled_arrival_at=utc(2000, 1, 1, 0, 0, 1),
    ),
    quarantined(
        "a flight before the range",
        planned('"1999-12-31T23:59:59.999999"', '"2000-01-01T01:00:00"'),
        "bad_schedule",
    ),
    clean(
        "the key holds microseconds",
        planned('"2025-09-24T18:00:00.123456789"', '"2025-09-24T19:00:00"'),
        leg_key="97c0030048ceab1716df91e7a08afe68",
    ),
    clean(
        "the key holds UTC",
        planned('"2025-09-24T23:30:00.0000001+05:30"', '"2025-09-24T18:00:00.000001Z"'),
        leg_key="4be4d0bd9150261d67401754da41aab3",
        scheduled_arrival_at=utc(2025, 9, 24, 18, 0, 0, 1),
    ),
)

MOVEMENT_CASES = (
    clean("on its way", actual(DEPARTED), departure_delay_minutes=5.0, arrival_delay_minutes=None),
    clean("early by a third", actual('"2025-09-24T17:59:40"'), departure_delay_minutes=-20 / 60),
    clean("at the event", actual('"2025-09-24T18:15:30"'), departure_delay_minutes=15.5),
    clean(
        "a microsecond ahead",
        actual('"2025-09-24T18:15:30.000001"'),
        "departure_in_future",
        actual_departure_at=None,
        estimated_departure_at=utc(2025, 9, 24, 18, 15, 30, 1),
        departure_delay_minutes=None,
    ),
    clean(
        "arrival expected",
        actual(DEPARTED, '"2025-09-24T18:30:00Z"'),
        "arrival_in_future",
        actual_arrival_at=None,
        estimated_arrival_at=HALF_PAST_SIX,
    ),
    clean(
        "arrived before it left",
        actual(DEPARTED, '"2025-09-24T18:04:59"'),
        "arrival_before_departure",
        actual_departure_at=utc(2025, 9, 24, 18, 5),
        actual_arrival_at=None,
        arrival_delay_minutes=None,
    ),
    clean("arrived as it left", actual(DEPARTED, DEPARTED), arrival_delay_minutes=-55.0),
    clean(
        "departure expected, arrival before",
        actual('"2025-09-24T18:30:00"', '"2025-09-24T18:10:00"'),
        "departure_in_future",
        actual_arrival_at=utc(2025, 9, 24, 18, 10),
        estimated_departure_at=HALF_PAST_SIX,
    ),
    clean(
        "both expected, in the wrong order",
        actual('"2025-09-24T19:30:00"', '"2025-09-24T18:30:00"'),
        "arrival_in_future",
        "departure_in_future",
        estimated_arrival_at=HALF_PAST_SIX,
    ),
    clean(
        "departure unreadable", actual('"soon"'), "bad_actual_departure", actual_departure_at=None
    ),
    clean(
        "departure before the range", actual('"1999-12-31T23:59:59.999999"'), "bad_actual_departure"
    ),
    clean("departure beyond the range", actual('"2100-01-01T00:00:00"'), "bad_actual_departure"),
    clean(
        "departure at the start of the range",
        actual('"2000-01-01T00:00:00"'),
        actual_departure_at=utc(2000, 1, 1),
    ),
    clean(
        "departure at the end of the range",
        actual('"2099-12-31T23:59:59.999999Z"'),
        "departure_in_future",
        estimated_departure_at=utc(2099, 12, 31, 23, 59, 59, 999_999),
    ),
    clean("Unix time as departure", actual("1758737100"), "bad_actual_departure"),
    clean("departure as an object", actual("{}"), "bad_actual_departure"),
    clean("arrival as a list", actual("null", "[]"), "bad_actual_arrival"),
    clean("arrival without departure", actual('" "', DEPARTED), arrival_delay_minutes=-55.0),
)
