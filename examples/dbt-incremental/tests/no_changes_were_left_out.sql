-- How many rows claims have is known: those that the update carried over, without those that come again with another MBI,
-- and those of the changes. Other numbers mean that a folder of changes was left out, or that somebody changed rows.
{% set tables = ['cclf1', 'cclf2', 'cclf3', 'cclf4', 'cclf5', 'cclf6', 'cclf7', 'cclfa', 'cclfb'] %}
{% if is_changes() %}
with counted as (
    select
        {% for table in tables %}(select count(*) from {{ ref(table) }}){{ ' + ' if not loop.last }}{% endfor %} as here,
        {% for table in tables %}(select count(*) from {{ source('bcda', table) }}){{ ' + ' if not loop.last }}{% endfor %} as came
)

select here, came
from counted, {{ source('bcda', 'manifest') }}
where here <> came + carried."rows" - carried.with_other_mbi
{% else %}
-- depends_on: {% for table in tables %}{{ ref(table) }} {% endfor %}
select 1 where false
{% endif %}
