-- A row per final Part A claim: what its header says, and what its lines add up to. The payment of a claim is its
-- header's; lines of inpatient claims often have none of their own.
select
    header.CUR_CLM_UNIQ_ID as cur_clm_uniq_id,
    header.BENE_MBI_ID as bene_mbi_id,
    header.CLM_TYPE_CD as clm_type_cd,
    header.CLM_FROM_DT as clm_from_dt,
    header.CLM_THRU_DT as clm_thru_dt,
    header.CLM_PMT_AMT as clm_pmt_amt,
    count(line.line_key) as lines,
    -- Code 0001 is the line of the total.
    count(distinct line.CLM_LINE_PROD_REV_CTR_CD)
        filter (line.CLM_LINE_PROD_REV_CTR_CD <> '0001') as revenue_centers,
    coalesce(sum(line.CLM_LINE_CVRD_PD_AMT)
        filter (line.CLM_LINE_PROD_REV_CTR_CD <> '0001'), 0) as line_pmt_amt
from {{ ref('parta_headers_final') }} as header
left join {{ ref('parta_lines_final') }} as line using (CUR_CLM_UNIQ_ID)
group by all
