"""What is kept of a refused record: why, what exactly, and its bytes."""

import pyarrow as pa

from airside.silver.explain import explain
from airside.silver.files import QUARANTINE_COLUMNS


def quarantined(records: pa.Table, verdicts: pa.Table) -> pa.Table:
    """Give the refused records in the columns of `staging.quarantine`, without `batch_id`.

    Args:
        records: As a kernel reads them; every payload ends with the LF that ended its line.
        verdicts: What the kernel made of them, row for row.
    """
    is_refused = verdicts.column("reason").is_valid()
    refused = verdicts.filter(is_refused)
    payloads = [
        payload[:-1]  # less the LF that ended its line
        for payload in records.filter(is_refused).column("payload").to_pylist()
    ]
    reasons = refused.column("reasons").to_pylist()
    details = [explain(*pair) for pair in zip(payloads, reasons, strict=True)]
    return (
        refused.select(QUARANTINE_COLUMNS[:5])
        .append_column("detail", pa.array(details, pa.string()))
        .append_column("payload", pa.array(payloads, pa.binary()))
    )
