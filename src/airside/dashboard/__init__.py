"""The dashboard: a page, an API and an event stream over the warehouse.

What enters: a `Backend`, the warehouse and the answers that others make. What leaves: HTTP. It
writes nothing but what `POST /api/v1/events` puts on the stream, which is durable before it is
acknowledged; a crash loses nothing, and viewers come back by themselves.

The package itself loads no web framework: commands that only ask use its `Backend`, and a server
imports `app` and `security`.
"""

from airside.dashboard.backend import Answers, Backend, Kept, Options
from airside.dashboard.legs import Liveness

__all__ = ["Answers", "Backend", "Kept", "Liveness", "Options"]
