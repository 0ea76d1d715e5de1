-- Of three legs and more it is the third-greatest, so that two stray clocks do not move it.

select case when count(*) = 3 then min(last_event_at) else max(last_event_at) end as watermark_at
from {{ ref("rpt_latest_legs") }}
