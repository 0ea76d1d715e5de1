{#- Surrogate keys: the md5 of the natural key. NULL is the dimension's unknown member; `unknown`
    is lower-case and codes are upper-case, so it can be no code. -#}

{% macro code_key(code) -%}
  {{ hash_text("coalesce(" ~ code ~ ", 'unknown')") }}
{%- endmacro %}

{% macro date_key(instant) -%}
  {{ hash_text("coalesce(" ~ iso_date(instant) ~ ", 'unknown')") }}
{%- endmacro %}

{% macro flight_key(flight_icao, departure_airport_iata, arrival_airport_iata) -%}
  {{ hash_text(
      flight_icao ~ " || '|' || " ~ departure_airport_iata ~ " || '|' || " ~ arrival_airport_iata
  ) }}
{%- endmacro %}
