-- Physicians and DME, of which the amounts have the same names.
{% for table in ['partb_physicians', 'partb_dme'] %}
select
    '{{ table }}' as source_table,
    CUR_CLM_UNIQ_ID || '/' || CLM_LINE_NUM as line_key,
    CUR_CLM_UNIQ_ID,
    BENE_MBI_ID,
    CLM_LINE_FROM_DT,
    CLM_LINE_HCPCS_CD,
    CLM_LINE_CVRD_PD_AMT
from {{ source('cclf', table) }}
where BCDA_FINAL
{% if not loop.last %}union all{% endif %}
{% endfor %}
