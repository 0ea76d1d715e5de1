{#- The legs of a table whose keys are listed elsewhere.

    The leg key alone would do. The schedule is there so that the engine can skip, by the least and
    greatest value of each block, all that is far from it: legs lie about in the order of time.

    Args:
      relation: a table of legs, with `leg_key` and `scheduled_departure_at`.
      keys: a relation with the same two columns. -#}
{% macro rows_with_keys(relation, keys) -%}
select * from {{ relation }}
where
    scheduled_departure_at >= (select min(wanted.scheduled_departure_at) from {{ keys }} as wanted)
    and scheduled_departure_at
    <= (select max(wanted.scheduled_departure_at) from {{ keys }} as wanted)
    and leg_key in (select wanted.leg_key from {{ keys }} as wanted)
{%- endmacro %}
