{# No two rows have the same values in these columns. #}
{% test unique_rows(model, columns) %}
    select {{ columns | join(', ') }}
    from {{ model }}
    where {{ columns[0] }} is not null
    group by all
    having count(*) > 1
{% endtest %}
