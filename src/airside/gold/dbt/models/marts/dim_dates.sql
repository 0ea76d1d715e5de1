{{ config(materialized="table", dist=only_on("redshift", "all")) }}

-- Every date that the event contract can hold; it never needs a refresh.

with dates as (
    {{ every_date("2000-01-01", "2099-12-31") }}
    union all
    select cast(null as date) as calendar_date
)

select
    {{ date_key("calendar_date") }} as date_key,
    calendar_date,
    cast(extract(year from calendar_date) as integer) as year_number,
    cast(extract(quarter from calendar_date) as integer) as quarter_number,
    cast(extract(month from calendar_date) as integer) as month_number,
    cast(extract(day from calendar_date) as integer) as day_of_month,
    {{ iso_weekday("calendar_date") }} as iso_weekday,
    cast(extract(week from calendar_date) as integer) as iso_week,
    {{ iso_weekday("calendar_date") }} >= 6 as is_weekend
from dates
