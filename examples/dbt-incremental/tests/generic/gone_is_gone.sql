{# Of an id that is gone there are the rows that came again, and no others. #}
{% test gone_is_gone(model, column) %}
    {% if is_changes() %}
        {% set rows = source('bcda', model.identifier) %}
        select here.{{ column }}
        from {{ model }} as here
        where here.{{ column }} in (select {{ gone_column(column) }} from {{ source('bcda', 'gone') }})
        group by here.{{ column }}
        having count(*) <> (select count(*) from {{ rows }} as again where again.{{ column }} = here.{{ column }})
    {% else %}
        select 1 where false
    {% endif %}
{% endtest %}
