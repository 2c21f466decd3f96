-- The 23-column job with the claims parsed once, into a table that both queries read.
CREATE TEMP TABLE claim AS
SELECT coding(type.coding, cs('eob-type')) AS eob_type, ident(identifier, v('clm_id')) AS CUR_CLM_UNIQ_ID,
    coding(type.coding, v('nch_clm_type_cd')) AS CLM_TYPE_CD, patient.reference AS patient, billablePeriod, provider.identifier AS provider,
    facility.identifier AS facility, careTeam, diagnosis, item, payment.amount.value AS paid, totalCost.value AS charged,
    info(information, 'ptnt_dschrg_stus_cd').code.coding[1].code AS BENE_PTNT_STUS_CD
FROM read_json({claims}, format = 'newline_delimited', records = true, auto_detect = false, maximum_object_size = 33554432, columns = {
    identifier: 'STRUCT(system VARCHAR, value VARCHAR)[]',
    type: 'STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])',
    patient: 'STRUCT(reference VARCHAR)',
    billablePeriod: 'STRUCT("start" DATE, "end" DATE)',
    provider: 'STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR))',
    facility: 'STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR))',
    information: 'STRUCT(category STRUCT(coding STRUCT(code VARCHAR)[]), code STRUCT(coding STRUCT(code VARCHAR)[]))[]',
    careTeam: 'STRUCT(sequence INTEGER, provider STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR)), role STRUCT(coding STRUCT(code VARCHAR)[]))[]',
    diagnosis: 'STRUCT(sequence INTEGER, diagnosisCodeableConcept STRUCT(coding STRUCT(code VARCHAR)[]), packageCode STRUCT(coding STRUCT(code VARCHAR)[]))[]',
    item: 'STRUCT(sequence BIGINT, careTeamLinkId INTEGER[], diagnosisLinkId INTEGER[], service STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), modifier STRUCT(coding STRUCT(code VARCHAR)[])[], locationCodeableConcept STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), quantity STRUCT(value DECIMAL(22,4)), servicedPeriod STRUCT("start" DATE), adjudication STRUCT(category STRUCT(coding STRUCT(code VARCHAR)[]), amount STRUCT(value DECIMAL(15,2)))[])[]',
    payment: 'STRUCT(amount STRUCT(value DECIMAL(15,2)))', totalCost: 'STRUCT(value DECIMAL(13,2))'})
WHERE eob_type IN ('INPATIENT', 'OUTPATIENT', 'SNF', 'HHA', 'HOSPICE', 'CARRIER');

COPY (
    SELECT
        CUR_CLM_UNIQ_ID, CASE WHEN provider.system = v('prvdr_num') THEN provider.value END AS PRVDR_OSCAR_NUM,
        m.mbi AS BENE_MBI_ID, CLM_TYPE_CD, day(billablePeriod."start") AS CLM_FROM_DT, day(billablePeriod."end") AS CLM_THRU_DT,
        paid AS CLM_PMT_AMT, BENE_PTNT_STUS_CD,
        list_filter(diagnosis, lambda d: d.packageCode IS NOT NULL)[1].packageCode.coding[1].code AS DGNS_DRG_CD,
        CASE WHEN facility.system = npi() THEN facility.value END AS FAC_PRVDR_NPI_NUM,
        attending(role(careTeam, 'primary'), flatten(list_transform(item, lambda i: i.careTeamLinkId))) AS ATNDG_PRVDR_NPI_NUM,
        charged AS CLM_MDCR_INSTNL_TOT_CHRG_AMT
    FROM claim LEFT JOIN mbi m ON m.patient = claim.patient
    WHERE eob_type <> 'CARRIER'
) TO '{out}/cclf1.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);

COPY (
    SELECT
        CUR_CLM_UNIQ_ID, i.sequence AS CLM_LINE_NUM,
        coding(i.locationCodeableConcept.coding, v('line_place_of_srvc_cd')) AS CLM_POS_CD,
        day(i.servicedPeriod."start") AS CLM_LINE_FROM_DT,
        coding(i.service.coding, cs('hcpcs')) AS CLM_LINE_HCPCS_CD,
        adj(i.adjudication, 'line_nch_pmt_amt').amount.value::DECIMAL(13,2) AS CLM_LINE_CVRD_PD_AMT,
        dx(diagnosis, i.diagnosisLinkId[1]) AS CLM_LINE_DGNS_CD,
        CASE WHEN rendering.provider.identifier.system = npi() THEN rendering.provider.identifier.value END AS RNDRG_PRVDR_NPI_NUM,
        adj(i.adjudication, 'line_alowd_chrg_amt').amount.value AS CLM_LINE_ALOWD_CHRG_AMT,
        i.quantity.value AS CLM_LINE_SRVC_UNIT_QTY,
        i.modifier[1].coding[1].code AS HCPCS_1_MDFR_CD
    FROM (
        SELECT *, linked(careTeam, i.careTeamLinkId, 'primary') AS rendering
        FROM (SELECT unnest(item) AS i, careTeam, diagnosis, CUR_CLM_UNIQ_ID FROM claim WHERE eob_type = 'CARRIER'))
) TO '{out}/cclf5.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);
