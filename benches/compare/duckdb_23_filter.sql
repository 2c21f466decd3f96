-- The 23-column job in two passes over the raw JSON texts: a search in the text tells a claim's type, and only the
-- claims of the table at hand are transformed, by the same schema.
COPY (
    SELECT
        ident(identifier, v('clm_id')) AS CUR_CLM_UNIQ_ID,
        CASE WHEN provider.identifier.system = v('prvdr_num') THEN provider.identifier.value END AS PRVDR_OSCAR_NUM,
        m.mbi AS BENE_MBI_ID, coding(type.coding, v('nch_clm_type_cd')) AS CLM_TYPE_CD,
        day(billablePeriod."start") AS CLM_FROM_DT, day(billablePeriod."end") AS CLM_THRU_DT,
        payment.amount.value AS CLM_PMT_AMT,
        info(information, 'ptnt_dschrg_stus_cd').code.coding[1].code AS BENE_PTNT_STUS_CD,
        list_filter(diagnosis, lambda d: d.packageCode IS NOT NULL)[1].packageCode.coding[1].code AS DGNS_DRG_CD,
        CASE WHEN facility.identifier.system = npi() THEN facility.identifier.value END AS FAC_PRVDR_NPI_NUM,
        attending(role(careTeam, 'primary'), flatten(list_transform(item, lambda i: i.careTeamLinkId))) AS ATNDG_PRVDR_NPI_NUM,
        totalCost.value AS CLM_MDCR_INSTNL_TOT_CHRG_AMT
    FROM (SELECT unnest(json_transform(json, '{"identifier": [{"system": "VARCHAR", "value": "VARCHAR"}], "type": {"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]}, "patient": {"reference": "VARCHAR"}, "billablePeriod": {"start": "DATE", "end": "DATE"}, "provider": {"identifier": {"system": "VARCHAR", "value": "VARCHAR"}}, "facility": {"identifier": {"system": "VARCHAR", "value": "VARCHAR"}}, "information": [{"category": {"coding": [{"code": "VARCHAR"}]}, "code": {"coding": [{"code": "VARCHAR"}]}}], "careTeam": [{"sequence": "INTEGER", "provider": {"identifier": {"value": "VARCHAR"}}, "role": {"coding": [{"code": "VARCHAR"}]}}], "diagnosis": [{"packageCode": {"coding": [{"code": "VARCHAR"}]}}], "item": [{"careTeamLinkId": ["INTEGER"]}], "payment": {"amount": {"value": "DECIMAL(15,2)"}}, "totalCost": {"value": "DECIMAL(13,2)"}}'))
        FROM read_ndjson_objects({claims}, maximum_object_size = 33554432) WHERE regexp_matches(json::VARCHAR, '"(INPATIENT|OUTPATIENT|SNF|HHA|HOSPICE)"')) claim
    LEFT JOIN mbi m ON m.patient = claim.patient.reference
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
        FROM (
            SELECT unnest(item) AS i, careTeam, diagnosis, ident(identifier, v('clm_id')) AS CUR_CLM_UNIQ_ID
            FROM (SELECT unnest(json_transform(json, '{"identifier": [{"system": "VARCHAR", "value": "VARCHAR"}], "type": {"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]}, "careTeam": [{"sequence": "INTEGER", "provider": {"identifier": {"system": "VARCHAR", "value": "VARCHAR"}}, "role": {"coding": [{"code": "VARCHAR"}]}}], "diagnosis": [{"sequence": "INTEGER", "diagnosisCodeableConcept": {"coding": [{"code": "VARCHAR"}]}}], "item": [{"sequence": "BIGINT", "careTeamLinkId": ["INTEGER"], "diagnosisLinkId": ["INTEGER"], "service": {"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]}, "modifier": [{"coding": [{"code": "VARCHAR"}]}], "locationCodeableConcept": {"coding": [{"system": "VARCHAR", "code": "VARCHAR"}]}, "quantity": {"value": "DECIMAL(22,4)"}, "servicedPeriod": {"start": "DATE"}, "adjudication": [{"category": {"coding": [{"code": "VARCHAR"}]}, "amount": {"value": "DECIMAL(15,2)"}}]}]}'))
        FROM read_ndjson_objects({claims}, maximum_object_size = 33554432) WHERE contains(json::VARCHAR, '"CARRIER"'))))
) TO '{out}/cclf5.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);
