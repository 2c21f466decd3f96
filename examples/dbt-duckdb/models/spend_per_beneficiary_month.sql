-- What Medicare paid, by the month in which the service began. CCLF7 has no amount that Medicare paid: no Part D.
-- What has no date, or no beneficiary, keeps a row without it: nothing that was paid is lost.
with paid as (
    select BENE_MBI_ID as bene_mbi_id, CLM_FROM_DT as day, CLM_PMT_AMT as part_a, 0 as part_b
    from {{ ref('parta_headers_final') }}
    union all
    select BENE_MBI_ID, CLM_LINE_FROM_DT, 0, CLM_LINE_CVRD_PD_AMT
    from {{ ref('partb_lines_final') }}
)
select
    coalesce(bene_mbi_id, 'nobody') || ' ' || coalesce(strftime(day, '%Y-%m'), 'no date') as person_month,
    bene_mbi_id,
    date_trunc('month', day)::date as month,
    sum(part_a) as part_a,
    sum(part_b) as part_b,
    sum(part_a) + sum(part_b) as paid
from paid
group by all
