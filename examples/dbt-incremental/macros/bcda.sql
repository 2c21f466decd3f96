{# The folder that is loaded: of the tables the first time, and then of what changed. #}
{% macro folder() %}{{ return(env_var('BCDA_EXAMPLE_FOLDER')) }}{% endmacro %}

{# Whether it is one of changes: only they have ids that are gone. #}
{% macro is_changes() %}
    {% if not execute %}{{ return(false) }}{% endif %}
    {% set asked = "select list_contains(files, 'gone.parquet') from " ~ source('bcda', 'manifest') %}
    {{ return(run_query(asked).columns[0].values()[0]) }}
{% endmacro %}

{# The rows of a table: all of them, or those to insert. #}
{% macro rows_of(table) %}
    {% if execute and is_incremental() and not is_changes() %}
        {{ exceptions.raise_compiler_error("the tables are there: load this folder with --full-refresh, or one of changes") }}
    {% elif execute and not is_incremental() and is_changes() %}
        {{ exceptions.raise_compiler_error("load the folder of the tables first, with --full-refresh") }}
    {% endif %}
    select * from {{ source('bcda', table) }}
{% endmacro %}

{# Takes out the rows of ids that are gone, in the transaction that brings the others. #}
{% macro delete_gone(column) %}
    {% if execute and is_incremental() and is_changes() %}
        delete from {{ this }}
        where {{ column }} in (select {{ gone_column(column) }} from {{ source('bcda', 'gone') }})
        {% if column != 'BCDA_EOB_ID' %}
            -- A row without any id stands for the people without an MBI; those of them that come again replace the others.
            or ({{ column }} is null and (
                exists (select 1 from {{ source('bcda', 'gone') }} where BCDA_EOB_ID is null and BENE_MBI_ID is null)
                or exists (select 1 from {{ source('bcda', this.identifier) }} where {{ column }} is null)
            ))
        {% endif %}
    {% endif %}
{% endmacro %}

{# The column of gone.parquet whose ids these are. #}
{% macro gone_column(column) %}{{ return('BCDA_EOB_ID' if column == 'BCDA_EOB_ID' else 'BENE_MBI_ID') }}{% endmacro %}
