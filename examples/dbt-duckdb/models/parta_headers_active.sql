-- Cancelled claims keep their rows in the tables; totals count active ones only.
select * from {{ source('cclf', 'parta_claims_header') }} where BCDA_STATUS = 'active'
