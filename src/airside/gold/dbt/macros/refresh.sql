{#- How a refresh knows which batches are its own.

    The runner writes one upper bound before the run (`gold_window`), so that all models of a
    refresh see the same events while staging grows. Each incremental model writes down how far it
    has come (`gold_progress`) in the transaction that changes it, and starts after that the next
    time: a refresh that died between two models is made good by the next one. -#}

{#- The last batch that a model has taken in; 0 before its first refresh. -#}
{% macro progress_of(model_name) -%}
  (
    select coalesce(max(progress.through_batch_id), 0)
    from {{ source("staging", "gold_progress") }} as progress
    where progress.model_name = '{{ model_name }}'
  )
{%- endmacro %}

{#- The condition that a batch belongs to this model's part of this refresh. -#}
{% macro in_this_refresh(batch_id) -%}
  {{ batch_id }} <= (
    select max(gold_window.through_batch_id) from {{ source("staging", "gold_window") }} as gold_window
  )
  {%- if is_incremental() %}
  and {{ batch_id }} > {{ progress_of(this.identifier) }}
  {%- endif %}
{%- endmacro %}

{#- A post-hook, which runs inside the model's own transaction. -#}
{% macro record_progress() -%}
  delete from {{ source("staging", "gold_progress") }} where model_name = '{{ this.identifier }}';
  insert into {{ source("staging", "gold_progress") }} (model_name, through_batch_id)
  select '{{ this.identifier }}', max(through_batch_id) from {{ source("staging", "gold_window") }}
{%- endmacro %}

{#- A post-hook of a view that was a table in an older version. -#}
{% macro forget_progress() -%}
  delete from {{ source("staging", "gold_progress") }} where model_name = '{{ this.identifier }}'
{%- endmacro %}

{#- The incremental strategy `replace`: rows of the same key go, then the new ones come in; where
    `keep_where` is set, a row that fails it is only taken out. `tallies` and `sample` name what is
    kept of the model beside it, and changes with it. -#}
{% macro get_incremental_replace_sql(arg_dict) -%}
  {%- set target = arg_dict["target_relation"] -%}
  {%- set source = arg_dict["temp_relation"] -%}
  {%- set columns = get_quoted_csv(arg_dict["dest_columns"] | map(attribute="name")) -%}
  {%- set meta = config.get("meta", {}) -%}
  {%- set keep_where = meta.get("keep_where") -%}
  {%- set unique_key = arg_dict["unique_key"] -%}
  {%- set keys = [unique_key] if unique_key is string else unique_key -%}
  {%- if meta.get("tallies") %}
  {{ tally_changes(meta["tallies"], target, source, keys, columns, keep_where) }}
  {%- endif %}
  {%- if meta.get("sample") %}
  {{ sample_changes(meta["sample"], target, source, keys, keep_where) }}
  {%- endif %}
  delete from {{ target }}
  using {{ source }}
  where
    {% for key in keys -%}
      {{ "and " if not loop.first }}{{ target.identifier }}.{{ key }} = {{ source.identifier }}.{{ key }}
    {% endfor %};
  insert into {{ target }} ({{ columns }})
  select {{ columns }} from {{ source }}
  {%- if keep_where %}
  where {{ keep_where }}
  {%- endif %}
{%- endmacro %}
