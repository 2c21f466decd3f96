-- Cancelled claims keep their rows in the tables; totals count final ones only.
select * from {{ source('cclf', 'parta_claims_header') }} where BCDA_FINAL
