"""chDB: ClickHouse in the process, its JSON functions on the bytes, a table in memory between."""

from pathlib import Path

from chdb.session import Session

from peers.task import (
    AIRPORT,
    AIRPORTS,
    CLEAN,
    CLOCK_TIME,
    CODES,
    INTEGER,
    INTEGER_MAX,
    ISO_TIME,
    MILLISECONDS_FROM,
    NATURAL,
    NATURALS,
    SECTIONS,
    STATUSES,
    TIMES,
    UNIX_TIME,
    Answer,
    folders,
)

TITLE = "chDB"
PACKAGE = "chdb"
NEEDED = (
    "a second look at numbers with a fraction, as JSONExtract makes the text 35000 of 35000.0;"
    " an array in a text's place comes as text"
)


def run(source: Path, target: Path, threads: int) -> Answer:
    """Do the task."""
    clean, refused = (folder / "0.parquet" for folder in folders(target))
    session = Session()
    try:
        session.query(f"SET max_threads = {threads}")
        session.query(f"CREATE TABLE judged ENGINE = Memory AS {_judged(source)}")
        first = "(SELECT min(line) FROM judged WHERE reason = '' GROUP BY event_id)"
        session.query(
            f"INSERT INTO FUNCTION file('{clean}', Parquet)"
            f" SELECT {', '.join(CLEAN)} FROM judged WHERE reason = '' AND line IN {first}"
        )
        session.query(
            f"INSERT INTO FUNCTION file('{refused}', Parquet)"
            " SELECT line, if(judged.reason = '', 'duplicate', judged.reason) AS reason FROM judged"
            f" WHERE judged.reason != '' OR line NOT IN {first}"
        )
        answer = session.query(_answer(clean), "ArrowTable")
        return [tuple(row.values()) for row in answer.to_pylist()]
    finally:
        session.close()


def _judged(source: Path) -> str:
    sections = ", ".join(
        f"{section} Tuple({', '.join(f'{field} Nullable(String)' for field in fields)})"
        for section, fields in SECTIONS.items()
    )
    kind = f"Tuple(event_id Nullable(String), event_timestamp Nullable(String), {sections})"
    place = {field: section for section, fields in SECTIONS.items() for field in fields}
    texts = ", ".join(
        [
            f"{_text('document.event_id')} AS event_id",
            f"{_text('document.event_timestamp')} AS event_time",
            *(
                f"{_text(_unless_fraction(place[field], field))} AS {field}_text"
                for field in (*NATURALS, "altitude_ft")
            ),
            *(
                f"{_text(f'document.{place[field]}.{field}')} AS {field}_text"
                for field in (
                    *CODES,
                    *AIRPORTS,
                    *(f"{name}_utc" for name in TIMES),
                    "flight_status",
                )
            ),
        ]
    )
    typed = ", ".join(
        [
            f"{_event_time('event_time')} AS event_at",
            *(f"upper({name}_text) AS {name}" for name in CODES),
            *(
                f"if(match({name}_text, '{AIRPORT}'), upper({name}_text), NULL) AS {name}"
                for name in AIRPORTS
            ),
            *(f"{_time(f'{name}_utc_text')} AS {name}" for name in TIMES),
            *(f"{_integer(name, NATURAL)} AS {name}" for name in NATURALS if name != "heading"),
            f"{_integer('altitude_ft', INTEGER)} AS altitude_ft",
            f"{_integer('heading', NATURAL, 360)} AS heading",
            f"{_status('flight_status_text')} AS flight_status",
        ]
    )
    return f"""
        WITH documents AS (
            SELECT line, payload, isValidUTF8(payload) AS is_utf8,
                is_utf8 AND isValidJSON(payload) AS is_json,
                is_json AND JSONType(payload) = 'Object' AS is_object,
                JSONExtract(if(is_object, payload, '{{}}'), '{kind}') AS document,
                match(payload, ':\\\\s*-?[0-9]+[.eE]') AS has_fractions
            FROM file('{source}', Parquet)
        ),
        texts AS (SELECT line, is_utf8, is_json, is_object, {texts} FROM documents),
        typed AS (SELECT line, is_utf8, is_json, is_object, event_id, {typed} FROM texts),
        related AS (
            SELECT * EXCEPT (actual_departure, actual_arrival),
                if(actual_departure <= event_at, actual_departure, NULL) AS actual_departure_at,
                if(actual_arrival <= event_at, actual_arrival, NULL) AS arrival,
                if(arrival < actual_departure_at, NULL, arrival) AS actual_arrival_at,
                scheduled_departure AS scheduled_departure_at,
                scheduled_arrival AS scheduled_arrival_at
            FROM typed
        )
        SELECT *,
            dateDiff('second', scheduled_departure_at, actual_departure_at) / 60
                AS departure_delay_minutes,
            dateDiff('second', scheduled_arrival_at, actual_arrival_at) / 60
                AS arrival_delay_minutes,
            multiIf(
                NOT is_utf8, 'not_utf8',
                NOT is_json, 'not_json',
                NOT is_object, 'not_object',
                event_id IS NULL, 'missing_event_id',
                event_at IS NULL, 'bad_event_timestamp',
                flight_icao IS NULL, 'missing_flight',
                departure_airport_iata IS NULL OR arrival_airport_iata IS NULL, 'bad_route',
                NOT ifNull(scheduled_arrival_at > scheduled_departure_at, 0), 'bad_schedule',
                flight_status IS NULL, 'bad_status',
                ''
            ) AS reason
        FROM related
    """


def _unless_fraction(section: str, field: str) -> str:
    is_fraction = f"has_fractions AND JSONType(payload, '{section}', '{field}') = 'Double'"
    return f"if({is_fraction}, NULL, document.{section}.{field})"


def _text(value: str) -> str:
    trimmed = f"trim(BOTH ' ' FROM {value})"
    return f"if(match({trimmed}, '^[^\\\\[{{]'), {trimmed}, NULL)"


def _status(text: str) -> str:
    return f"transform(lower({text}), {list(STATUSES)}, {list(STATUSES.values())}, NULL)"


def _time(text: str) -> str:
    parsed = f"parseDateTime64BestEffortOrNull({text}, 6, 'UTC')"
    return f"if(match({text}, '{_quoted(ISO_TIME)}'), {parsed}, NULL)"


def _event_time(text: str) -> str:
    number = f"toInt64OrNull({text})"
    return f"""multiIf(
        match({text}, '{_quoted(UNIX_TIME)}'),
        fromUnixTimestamp64Milli(
            assumeNotNull({number} * if({number} < {MILLISECONDS_FROM}, 1000, 1)), 'UTC'
        )::Nullable(DateTime64(6, 'UTC')),
        match({text}, '{_quoted(CLOCK_TIME)}'),
        parseDateTimeInJodaSyntaxOrNull({text}, 'd/MMM/yyyy HH:mm:ss', 'UTC')
            ::Nullable(DateTime64(6, 'UTC')),
        {_time(text)}
    )"""


def _integer(name: str, pattern: str, most: int = INTEGER_MAX) -> str:
    number = f"toInt64OrNull({name}_text)"
    least = -INTEGER_MAX - 1
    return (
        f"if(match({name}_text, '{_quoted(pattern)}') AND {number} BETWEEN {least} AND {most},"
        f" toInt32OrNull({name}_text), NULL)"
    )


def _quoted(pattern: str) -> str:
    return pattern.replace("\\", "\\\\")


def _answer(clean: Path) -> str:
    return f"""
        WITH legs AS (
            SELECT argMax(airline_iata, (event_at, line)) AS airline,
                argMax(departure_delay_minutes, (event_at, line)) AS minutes
            FROM file('{clean}', Parquet)
            WHERE departure_delay_minutes IS NOT NULL AND airline_iata IS NOT NULL
            GROUP BY flight_icao, departure_airport_iata, scheduled_departure_at
        )
        SELECT airline, count(), avg(minutes), quantileExactInclusive(0.5)(minutes)
        FROM legs GROUP BY airline
    """
