"""One task, done by Airside and by others on the same records, each as its own docs advise.

**In**: a Parquet file of `line BIGINT, payload BLOB`, a row per NDJSON line in the order of the
stream, as a consumer of a stream gets records: a position and bytes. No NDJSON reader could take
the lines themselves, as each either stops at a line that is no JSON or drops it without a word, and
here every record gets a verdict. The records are the simulator's with a level of its mess, less
those that RFC 8259 refuses and the contract forgives (a trailing comma, `NaN`; a record in
thousands), since most engines have no reader that would forgive them.

**Rules**, the part of `docs/event-contract.md` that each engine can say by its own means:

- the first of `not_utf8`, `not_json`, `not_object`, `missing_event_id`, `bad_event_timestamp`,
  `missing_flight`, `bad_route` (not three ASCII letters), `bad_schedule` (a time missing, or the
  arrival not after the departure) and `bad_status` (outside the vocabulary, synonyms included) that
  is true refuses a record; `duplicate` does if it has none of these and an earlier record that had
  none bears its `event_id`
- a scalar is read as its text, spaces around it trimmed; blank, an object and an array are NULL; a
  section that is no object is absent
- codes are upper-cased, and the status is lower-cased and put into the contract's words
- times are `2025-09-24T18:00:00`, then nothing (UTC), `Z` or an offset such as `+05:30`; the
  event's own also whole Unix seconds, milliseconds (from 100,000,000,000 up), or
  `24/Sep/2025 18:15:30`; all else is unparseable
- integers are digits with an optional sign, in 32 bits, and but for the altitude not negative;
  headings end at 360; all else is NULL
- an actual time later than the event is NULL, and so is, after that, an actual arrival earlier than
  the actual departure

Left out, to keep the engines' own modules readable: flags, the list of all reasons, the leg's hash,
positions, estimates, gates, runway, weather. Airside's kernel computes them all the same, for its
SQL has no short form; only the columns asked for are written.

**Out**: Parquet files `clean/*.parquet` (`task.CLEAN`: typed rows with their line) and
`refused/*.parquet` (`task.REFUSED`: line and reason), so that each line is in one of both; and the
answer: for each airline its legs, their mean and their median departure delay in minutes. A leg
(designator, origin, scheduled departure) counts once, with the delay in the last of its clean rows,
by time of event and line, that has one.

An engine is a module of `peers.engines` with a function `run` and three constants; the name of the
module is its name on the command line.
"""
