-- CCLF8 has a row per hospice range: here a person has one row.
select
    BENE_MBI_ID as bene_mbi_id,
    any_value(BENE_SEX_CD) as bene_sex_cd,
    any_value(BENE_DOB) as bene_dob,
    any_value(BENE_DEATH_DT) as bene_death_dt,
    count(BENE_RNG_BGN_DT) as hospice_ranges
from {{ source('cclf', 'beneficiary_demographics') }}
where BENE_MBI_ID is not null
group by BENE_MBI_ID
