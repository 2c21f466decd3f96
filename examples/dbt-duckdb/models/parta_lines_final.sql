select
    *,
    CUR_CLM_UNIQ_ID || '/' || CLM_LINE_NUM as line_key
from {{ source('cclf', 'parta_claims_revenue_center_detail') }}
where BCDA_FINAL
