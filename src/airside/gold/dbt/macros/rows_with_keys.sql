{#- The legs of a table whose keys are listed elsewhere.

    The leg key alone would do. The schedule is there so that the engine can skip, by the least and
    greatest value of each block, all that is far from it: legs lie about in the order of time. Of
    no keys the least is the end of time, so that nothing is read.

    Args:
      relation: a table of legs, with `leg_key` and `scheduled_departure_at`.
      keys: a relation with the same two columns. -#}
{% macro rows_with_keys(relation, keys) -%}
select * from {{ relation }}
where
    scheduled_departure_at >= (
        select coalesce(min(wanted.scheduled_departure_at), {{ end_of_time() }})
        from {{ keys }} as wanted
    )
    and scheduled_departure_at <= (
        select max(wanted.scheduled_departure_at) from {{ keys }} as wanted
    )
    and leg_key in (select wanted.leg_key from {{ keys }} as wanted)
{%- endmacro %}

{#- Later than every instant that the event contract can hold. -#}
{% macro end_of_time() -%}
timestamp '9999-12-31 00:00:00'
{%- endmacro %}
