{#- Relations without the name of their database: the views in a DuckDB file go on working when the
    file is renamed. -#}

{% macro ref() -%}
  {%- do return(builtins.ref(*varargs, **kwargs).include(database=false)) -%}
{%- endmacro %}

{% macro source() -%}
  {%- do return(builtins.source(*varargs).include(database=false)) -%}
{%- endmacro %}
