"""Alerts: rules over the data, so that nobody has to watch.

`rules` finds what is beyond its limit now, `AlertStore` remembers since when and what has been
told. `Monitor` does both at a cadence; `Teller` tells a `Webhook` what waits, and holds up nobody.
"""

from airside.alerts.monitor import Monitor
from airside.alerts.rules import Finding, Limits
from airside.alerts.store import Alert, AlertStore
from airside.alerts.teller import Teller
from airside.alerts.webhook import Webhook

__all__ = ["Alert", "AlertStore", "Finding", "Limits", "Monitor", "Teller", "Webhook"]
