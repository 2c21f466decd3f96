-- The whole job: every column of CCLF1 to CCLF7 that has a source, with the MBI and the lineage columns, as Parquet.
-- The claims are parsed once, with the schema given and only the members that are needed, into a table that the
-- seven queries read. What belongs to the claim is worked out before its list is unnested.
CREATE TEMP TABLE state AS
SELECT DISTINCT code, fips FROM (
    SELECT ssa AS code, fips FROM read_csv('{states}', all_varchar = true)
    UNION ALL SELECT usps, fips FROM read_csv('{states}', all_varchar = true));

CREATE {kind} claim AS
SELECT * EXCLUDE (filename), parse_filename(filename) AS FILE_NAME,
    coding(type.coding, cs('eob-type')) AS eob_type
FROM read_json({claims}, format = 'newline_delimited', records = true, auto_detect = false, maximum_object_size = 33554432,
    filename = true, columns = {
    id: 'VARCHAR', status: 'VARCHAR', disposition: 'VARCHAR', meta: 'STRUCT(lastUpdated TIMESTAMPTZ)',
    identifier: 'STRUCT(system VARCHAR, value VARCHAR)[]',
    type: 'STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])',
    patient: 'STRUCT(reference VARCHAR)',
    billablePeriod: 'STRUCT("start" DATE, "end" DATE, extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[])',
    provider: 'STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR))',
    facility: 'STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR, type STRUCT(coding STRUCT(code VARCHAR)[])), extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[])',
    extension: 'STRUCT(url VARCHAR, valueMoney STRUCT(value DECIMAL(20,2)), valueCoding STRUCT(code VARCHAR), valueIdentifier STRUCT(value VARCHAR))[]',
    information: 'STRUCT(category STRUCT(coding STRUCT(code VARCHAR)[]), code STRUCT(coding STRUCT(code VARCHAR)[]), timingDate DATE)[]',
    careTeam: 'STRUCT(sequence INTEGER, provider STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR)), role STRUCT(coding STRUCT(code VARCHAR)[]), qualification STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[])[]',
    diagnosis: 'STRUCT(sequence INTEGER, diagnosisCodeableConcept STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), packageCode STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), type STRUCT(coding STRUCT(code VARCHAR)[])[], extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[])[]',
    procedure: 'STRUCT(date VARCHAR, procedureCodeableConcept STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]))[]',
    payment: 'STRUCT(amount STRUCT(value DECIMAL(15,2)))', totalCost: 'STRUCT(value DECIMAL(13,2))',
    contained: 'STRUCT(resourceType VARCHAR, requester STRUCT(agent STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR))))[]',
    item: 'STRUCT(sequence BIGINT, careTeamLinkId INTEGER[], diagnosisLinkId INTEGER[], revenue STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), category STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), service STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), modifier STRUCT(coding STRUCT(code VARCHAR)[])[], locationCodeableConcept STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[], extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[]), locationAddress STRUCT(state VARCHAR), quantity STRUCT(value DECIMAL(22,4), extension STRUCT(url VARCHAR, valueQuantity STRUCT(value VARCHAR))[]), servicedDate DATE, servicedPeriod STRUCT("start" DATE, "end" DATE), adjudication STRUCT(category STRUCT(coding STRUCT(code VARCHAR)[]), amount STRUCT(value DECIMAL(17,2)), reason STRUCT(coding STRUCT(code VARCHAR)[]))[], extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[])[]'});

-- What the rows of all tables share, and the four of Part A.
CREATE VIEW claim_head AS
SELECT c.*, m.mbi AS BENE_MBI_ID, coding(c.type.coding, v('nch_clm_type_cd')) AS CLM_TYPE_CD,
    ident(c.identifier, v('clm_id')) AS CUR_CLM_UNIQ_ID,
    day(c.billablePeriod."start") AS CLM_FROM_DT, day(c.billablePeriod."end") AS CLM_THRU_DT,
    DATE '{file_date}' AS FILE_DATE, c.id AS BCDA_EOB_ID, c.status AS BCDA_STATUS,
    c.meta.lastUpdated AS BCDA_LAST_UPDATED,
    ident(c.identifier, 'https://bluebutton.cms.gov/resources/identifier/claim-group') AS BCDA_CLM_GRP_ID,
    coalesce(c.status = 'active', false) AS BCDA_FINAL, 'v1' AS BCDA_API
FROM claim c LEFT JOIN mbi m ON m.patient = c.patient.reference;

CREATE VIEW part_a AS
SELECT *, CASE WHEN provider.identifier.system = v('prvdr_num') THEN provider.identifier.value END AS PRVDR_OSCAR_NUM
FROM claim_head WHERE eob_type IN ('INPATIENT', 'OUTPATIENT', 'SNF', 'HHA', 'HOSPICE');

COPY (
    SELECT
        CUR_CLM_UNIQ_ID, PRVDR_OSCAR_NUM, BENE_MBI_ID, CLM_TYPE_CD, CLM_FROM_DT, CLM_THRU_DT,
        ext(facility.extension, 'clm_fac_type_cd').valueCoding.code AS CLM_BILL_FAC_TYPE_CD,
        coding(type.coding, v('clm_srvc_clsfctn_type_cd')) AS CLM_BILL_CLSFCTN_CD,
        principal.diagnosisCodeableConcept.coding[1].code AS PRNCPL_DGNS_CD,
        admitting.diagnosisCodeableConcept.coding[1].code AS ADMTG_DGNS_CD,
        ext(extension, 'clm_mdcr_non_pmt_rsn_cd').valueCoding.code AS CLM_MDCR_NPMT_RSN_CD,
        payment.amount.value AS CLM_PMT_AMT,
        info(information, 'nch_prmry_pyr_cd').code.coding[1].code AS CLM_NCH_PRMRY_PYR_CD,
        state.fips AS PRVDR_FAC_FIPS_ST_CD,
        info(information, 'ptnt_dschrg_stus_cd').code.coding[1].code AS BENE_PTNT_STUS_CD,
        coding(list_filter(diagnosis, lambda d: d.packageCode IS NOT NULL)[1].packageCode.coding, v('clm_drg_cd')) AS DGNS_DRG_CD,
        FAC_PRVDR_NPI_NUM, OPRTG_PRVDR_NPI_NUM, ATNDG_PRVDR_NPI_NUM, OTHR_PRVDR_NPI_NUM,
        CASE CLM_BILL_FREQ_CD WHEN '8' THEN '1' WHEN '7' THEN '2'
            ELSE CASE CLM_QUERY_CD WHEN '0' THEN '1' WHEN '5' THEN '2' ELSE '0' END END AS CLM_ADJSMT_TYPE_CD,
        day(info(information, 'nch_wkly_proc_dt').timingDate) AS CLM_EFCTV_DT,
        info(information, 'clm_ip_admsn_type_cd').code.coding[1].code AS CLM_ADMSN_TYPE_CD,
        info(information, 'clm_src_ip_admsn_cd').code.coding[1].code AS CLM_ADMSN_SRC_CD,
        CLM_BILL_FREQ_CD, CLM_QUERY_CD,
        CASE WHEN principal IS NOT NULL THEN icd(principal.diagnosisCodeableConcept.coding[1].system) END AS DGNS_PRCDR_ICD_IND,
        totalCost.value AS CLM_MDCR_INSTNL_TOT_CHRG_AMT,
        ext(extension, 'clm_pps_cptl_ime_amt').valueMoney.value::DECIMAL(13,2) AS CLM_MDCR_IP_PPS_CPTL_IME_AMT,
        ext(extension, 'ime_op_clm_val_amt').valueMoney.value AS CLM_OPRTNL_IME_AMT,
        ext(extension, 'clm_pps_cptl_dsprprtnt_shr_amt').valueMoney.value::DECIMAL(13,2) AS CLM_MDCR_IP_PPS_DSPRPRTNT_AMT,
        ext(extension, 'clm_uncompd_care_pmt_amt').valueMoney.value::DECIMAL(13,2) AS CLM_HIPPS_UNCOMPD_CARE_AMT,
        ext(extension, 'dsh_op_clm_val_amt').valueMoney.value AS CLM_OPRTNL_DSPRPRTNT_AMT,
        PRVDR_OSCAR_NUM AS CLM_BLG_PRVDR_OSCAR_NUM, FAC_PRVDR_NPI_NUM AS CLM_BLG_PRVDR_NPI_NUM,
        OPRTG_PRVDR_NPI_NUM AS CLM_OPRTG_PRVDR_NPI_NUM, ATNDG_PRVDR_NPI_NUM AS CLM_ATNDG_PRVDR_NPI_NUM,
        OTHR_PRVDR_NPI_NUM AS CLM_OTHR_PRVDR_NPI_NUM,
        ext(extension, 'fi_doc_clm_cntl_num').valueIdentifier.value AS CLM_CNTL_NUM,
        ext(extension, 'fi_orig_clm_cntl_num').valueIdentifier.value AS CLM_ORG_CNTL_NUM,
        ext(extension, 'fi_num').valueIdentifier.value AS CLM_CNTRCTR_NUM,
        FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
    FROM (
        SELECT *,
            coalesce(list_filter(diagnosis, lambda d: d.type[1].coding[1].code = 'principal')[-1],
                CASE WHEN eob_type IN ('INPATIENT', 'SNF') THEN admitting END) AS principal,
            CASE WHEN facility.identifier.system = npi() THEN facility.identifier.value END AS FAC_PRVDR_NPI_NUM,
            role(careTeam, 'assist')[1].npi AS OPRTG_PRVDR_NPI_NUM,
            attending(role(careTeam, 'primary'), flatten(list_transform(item, lambda i: i.careTeamLinkId))) AS ATNDG_PRVDR_NPI_NUM,
            role(careTeam, 'other')[1].npi AS OTHR_PRVDR_NPI_NUM,
            info(information, 'clm_freq_cd').code.coding[1].code AS CLM_BILL_FREQ_CD,
            ext(billablePeriod.extension, 'claim_query_cd').valueCoding.code AS CLM_QUERY_CD
        FROM (SELECT *, list_filter(diagnosis, lambda d: d.type[1].coding[1].code = 'admitting')[1] AS admitting FROM part_a))
    LEFT JOIN state ON state.code = list_filter(item, lambda i: i.locationAddress.state IS NOT NULL)[1].locationAddress.state
) TO '{out}/cclf1.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);

COPY (
    SELECT
        CUR_CLM_UNIQ_ID, i.sequence AS CLM_LINE_NUM, BENE_MBI_ID, CLM_TYPE_CD,
        coalesce(day(i.servicedDate), CLM_FROM_DT) AS CLM_LINE_FROM_DT, coalesce(day(i.servicedDate), CLM_THRU_DT) AS CLM_LINE_THRU_DT,
        CASE WHEN length(rev) < 4 THEN lpad(rev, 4, '0') ELSE rev END AS CLM_LINE_PROD_REV_CTR_CD,
        day(i.servicedDate) AS CLM_LINE_INSTNL_REV_CTR_DT,
        coding(i.service.coding, cs('hcpcs')) AS CLM_LINE_HCPCS_CD,
        PRVDR_OSCAR_NUM, CLM_FROM_DT, CLM_THRU_DT, i.quantity.value AS CLM_LINE_SRVC_UNIT_QTY,
        CASE WHEN eob_type IN ('OUTPATIENT', 'HOSPICE') THEN adj(i.adjudication, 'rev_cntr_prvdr_pmt_amt').amount.value
            WHEN eob_type = 'HHA' THEN adj(i.adjudication, 'rev_cntr_pmt_amt_amt').amount.value END::DECIMAL(15,2) AS CLM_LINE_CVRD_PD_AMT,
        i.modifier[1].coding[1].code AS HCPCS_1_MDFR_CD, i.modifier[2].coding[1].code AS HCPCS_2_MDFR_CD,
        PRVDR_OSCAR_NUM AS CLM_FAC_PRVDR_OSCAR_NUM,
        FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
    FROM (SELECT *, coding(i.revenue.coding, v('rev_cntr')) AS rev FROM (
        SELECT unnest(item) AS i, CUR_CLM_UNIQ_ID, BENE_MBI_ID, CLM_TYPE_CD, PRVDR_OSCAR_NUM, CLM_FROM_DT, CLM_THRU_DT, eob_type,
            FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
        FROM part_a))
) TO '{out}/cclf2.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);

COPY (
    SELECT
        CUR_CLM_UNIQ_ID, BENE_MBI_ID, CLM_TYPE_CD, n::INTEGER AS CLM_VAL_SQNC_NUM,
        p.procedureCodeableConcept.coding[1].code AS CLM_PRCDR_CD, day(left(p.date, 10)::DATE) AS CLM_PRCDR_PRFRM_DT,
        PRVDR_OSCAR_NUM, CLM_FROM_DT, CLM_THRU_DT, icd(p.procedureCodeableConcept.coding[1].system) AS DGNS_PRCDR_ICD_IND,
        PRVDR_OSCAR_NUM AS CLM_BLG_PRVDR_OSCAR_NUM,
        FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
    FROM (
        SELECT unnest(procedure) AS p, generate_subscripts(procedure, 1) AS n,
            CUR_CLM_UNIQ_ID, BENE_MBI_ID, CLM_TYPE_CD, PRVDR_OSCAR_NUM, CLM_FROM_DT, CLM_THRU_DT,
            FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
        FROM part_a)
) TO '{out}/cclf3.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);

COPY (
    SELECT
        CUR_CLM_UNIQ_ID, BENE_MBI_ID, CLM_TYPE_CD,
        CASE d.type[1].coding[1].code WHEN 'external' THEN 'E' WHEN 'external-first' THEN '1' ELSE 'D' END AS CLM_PROD_TYPE_CD,
        n::INTEGER AS CLM_VAL_SQNC_NUM, d.diagnosisCodeableConcept.coding[1].code AS CLM_DGNS_CD,
        PRVDR_OSCAR_NUM, CLM_FROM_DT, CLM_THRU_DT,
        coalesce(list_filter(d.extension, lambda e: starts_with(e.url, v('clm_poa_ind_sw')))[1].valueCoding.code,
            list_filter(d.extension, lambda e: starts_with(e.url, v('clm_e_poa_ind_sw')))[1].valueCoding.code) AS CLM_POA_IND,
        icd(d.diagnosisCodeableConcept.coding[1].system) AS DGNS_PRCDR_ICD_IND,
        PRVDR_OSCAR_NUM AS CLM_BLG_PRVDR_OSCAR_NUM,
        FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
    FROM (
        SELECT unnest(diagnosis) AS d, generate_subscripts(diagnosis, 1) AS n,
            CUR_CLM_UNIQ_ID, BENE_MBI_ID, CLM_TYPE_CD, PRVDR_OSCAR_NUM, CLM_FROM_DT, CLM_THRU_DT,
            FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
        FROM part_a)
    WHERE d.diagnosisCodeableConcept IS NOT NULL
) TO '{out}/cclf4.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);

-- What the lines of carrier and DME claims share.
CREATE VIEW part_b AS
SELECT *, ext(extension, 'carr_clm_pmt_dnl_cd').valueCoding.code AS CLM_CARR_PMT_DNL_CD,
    CASE WHEN disposition IN ('3', '03') THEN '1' ELSE '0' END AS CLM_ADJSMT_TYPE_CD,
    day(info(information, 'nch_wkly_proc_dt').timingDate) AS CLM_EFCTV_DT,
    ext(extension, 'carr_clm_cntl_num').valueIdentifier.value AS CLM_CNTL_NUM,
    CASE WHEN referral.system = npi() THEN referral.value END AS CLM_RFRG_PRVDR_NPI_NUM
FROM (SELECT *, list_filter(contained, lambda r: r.resourceType = 'ReferralRequest')[1].requester.agent.identifier AS referral
    FROM claim_head);

COPY (
    SELECT
        CUR_CLM_UNIQ_ID, i.sequence AS CLM_LINE_NUM, BENE_MBI_ID, CLM_TYPE_CD, CLM_FROM_DT, CLM_THRU_DT,
        -- a second type of the same provider is appended: the first that has a code
        list_filter(rendering.extension, lambda e: e.url = v('carr_line_prvdr_type_cd') AND e.valueCoding.code IS NOT NULL)[1].valueCoding.code
            AS RNDRG_PRVDR_TYPE_CD,
        state.fips AS RNDRG_PRVDR_FIPS_ST_CD,
        coding(rendering.qualification.coding, v('prvdr_spclty')) AS CLM_PRVDR_SPCLTY_CD,
        coding(i.category.coding, v('line_cms_type_srvc_cd')) AS CLM_FED_TYPE_SRVC_CD,
        coding(i.locationCodeableConcept.coding, v('line_place_of_srvc_cd')) AS CLM_POS_CD,
        day(i.servicedPeriod."start") AS CLM_LINE_FROM_DT, day(i.servicedPeriod."end") AS CLM_LINE_THRU_DT,
        coding(i.service.coding, cs('hcpcs')) AS CLM_LINE_HCPCS_CD,
        adj(i.adjudication, 'line_nch_pmt_amt').amount.value::DECIMAL(13,2) AS CLM_LINE_CVRD_PD_AMT,
        ext(i.extension, 'line_bene_prmry_pyr_cd').valueCoding.code AS CLM_LINE_PRMRY_PYR_CD,
        dx(diagnosis, i.diagnosisLinkId[1]) AS CLM_LINE_DGNS_CD,
        other.provider.identifier.value AS CLM_RNDRG_PRVDR_TAX_NUM,
        RNDRG_PRVDR_NPI_NUM, CLM_CARR_PMT_DNL_CD,
        adj(i.adjudication, 'line_prcsg_ind_cd').reason.coding[1].code AS CLM_PRCSG_IND_CD,
        CLM_ADJSMT_TYPE_CD, CLM_EFCTV_DT, CLM_CNTL_NUM,
        adj(i.adjudication, 'line_alowd_chrg_amt').amount.value::DECIMAL(15,2) AS CLM_LINE_ALOWD_CHRG_AMT,
        i.quantity.value AS CLM_LINE_SRVC_UNIT_QTY,
        i.modifier[1].coding[1].code AS HCPCS_1_MDFR_CD, i.modifier[2].coding[1].code AS HCPCS_2_MDFR_CD,
        disposition AS CLM_DISP_CD,
        dx1 AS CLM_DGNS_1_CD, dx2 AS CLM_DGNS_2_CD, dx3 AS CLM_DGNS_3_CD, dx4 AS CLM_DGNS_4_CD,
        dx5 AS CLM_DGNS_5_CD, dx6 AS CLM_DGNS_6_CD, dx7 AS CLM_DGNS_7_CD, dx8 AS CLM_DGNS_8_CD, DGNS_PRCDR_ICD_IND,
        dx9 AS CLM_DGNS_9_CD, dx10 AS CLM_DGNS_10_CD, dx11 AS CLM_DGNS_11_CD, dx12 AS CLM_DGNS_12_CD,
        ext(i.extension, 'betos_cd').valueCoding.code AS HCPCS_BETOS_CD, RNDRG_PRVDR_NPI_NUM AS CLM_RNDRG_PRVDR_NPI_NUM,
        CLM_RFRG_PRVDR_NPI_NUM, CLM_CNTRCTR_NUM,
        FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
    FROM (
        SELECT *, CASE WHEN rendering.provider.identifier.system = npi() THEN rendering.provider.identifier.value END AS RNDRG_PRVDR_NPI_NUM
        FROM (
            SELECT *, linked(careTeam, i.careTeamLinkId, 'primary') AS rendering, linked(tax_entries, i.careTeamLinkId, 'other') AS other
            FROM (
                SELECT unnest(item) AS i, careTeam, diagnosis, disposition,
                    list_filter(careTeam, lambda t: t.provider.identifier.system = 'http://terminology.hl7.org/CodeSystem/v2-0203'
                        AND t.provider.identifier.value IS NOT NULL) AS tax_entries,
                    CUR_CLM_UNIQ_ID, BENE_MBI_ID, CLM_TYPE_CD, CLM_FROM_DT, CLM_THRU_DT,
                    CLM_CARR_PMT_DNL_CD, CLM_ADJSMT_TYPE_CD, CLM_EFCTV_DT, CLM_CNTL_NUM, CLM_RFRG_PRVDR_NPI_NUM,
                    ext(extension, 'carr_num').valueIdentifier.value AS CLM_CNTRCTR_NUM,
                    dx(diagnosis, 1) AS dx1, dx(diagnosis, 2) AS dx2, dx(diagnosis, 3) AS dx3, dx(diagnosis, 4) AS dx4,
                    dx(diagnosis, 5) AS dx5, dx(diagnosis, 6) AS dx6, dx(diagnosis, 7) AS dx7, dx(diagnosis, 8) AS dx8,
                    dx(diagnosis, 9) AS dx9, dx(diagnosis, 10) AS dx10, dx(diagnosis, 11) AS dx11, dx(diagnosis, 12) AS dx12,
                    CASE WHEN first_dx IS NOT NULL THEN icd(first_dx.diagnosisCodeableConcept.coding[1].system) END AS DGNS_PRCDR_ICD_IND,
                    FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
                FROM (SELECT *, diagnosis[list_position(list_transform(diagnosis, lambda d: d.sequence), 1)] AS first_dx
                    FROM part_b WHERE eob_type = 'CARRIER'))))
    LEFT JOIN state ON state.code = ext(i.locationCodeableConcept.extension, 'prvdr_state_cd').valueCoding.code
) TO '{out}/cclf5.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);

COPY (
    SELECT
        CUR_CLM_UNIQ_ID, i.sequence AS CLM_LINE_NUM, BENE_MBI_ID, CLM_TYPE_CD, CLM_FROM_DT, CLM_THRU_DT,
        coding(i.category.coding, v('line_cms_type_srvc_cd')) AS CLM_FED_TYPE_SRVC_CD,
        coding(i.locationCodeableConcept.coding, v('line_place_of_srvc_cd')) AS CLM_POS_CD,
        day(i.servicedPeriod."start") AS CLM_LINE_FROM_DT, day(i.servicedPeriod."end") AS CLM_LINE_THRU_DT,
        coding(i.service.coding, cs('hcpcs')) AS CLM_LINE_HCPCS_CD,
        adj(i.adjudication, 'line_nch_pmt_amt').amount.value::DECIMAL(13,2) AS CLM_LINE_CVRD_PD_AMT,
        ext(i.extension, 'line_bene_prmry_pyr_cd').valueCoding.code AS CLM_PRMRY_PYR_CD,
        supplier AS PAYTO_PRVDR_NPI_NUM, CLM_RFRG_PRVDR_NPI_NUM AS ORDRG_PRVDR_NPI_NUM, CLM_CARR_PMT_DNL_CD,
        adj(i.adjudication, 'line_prcsg_ind_cd').reason.coding[1].code AS CLM_PRCSG_IND_CD,
        CLM_ADJSMT_TYPE_CD, CLM_EFCTV_DT, CLM_CNTL_NUM,
        adj(i.adjudication, 'line_alowd_chrg_amt').amount.value::DECIMAL(16,2) AS CLM_LINE_ALOWD_CHRG_AMT,
        disposition AS CLM_DISP_CD, supplier AS CLM_BLG_PRVDR_NPI_NUM, CLM_RFRG_PRVDR_NPI_NUM,
        FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
    FROM (
        SELECT *, CASE WHEN rendering.provider.identifier.system = npi() THEN rendering.provider.identifier.value END AS supplier
        FROM (
            SELECT *, linked(careTeam, i.careTeamLinkId, 'primary') AS rendering
            FROM (
                SELECT unnest(item) AS i, careTeam, disposition, CUR_CLM_UNIQ_ID, BENE_MBI_ID, CLM_TYPE_CD, CLM_FROM_DT, CLM_THRU_DT,
                    CLM_CARR_PMT_DNL_CD, CLM_ADJSMT_TYPE_CD, CLM_EFCTV_DT, CLM_CNTL_NUM, CLM_RFRG_PRVDR_NPI_NUM,
                    FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
                FROM part_b WHERE eob_type = 'DME')))
) TO '{out}/cclf6.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);

COPY (
    SELECT
        ident(identifier, v('pde_id')) AS CUR_CLM_UNIQ_ID, BENE_MBI_ID,
        coding(i.service.coding, 'http://hl7.org/fhir/sid/ndc') AS CLM_LINE_NDC_CD,
        CASE WHEN event IS NULL THEN '01' WHEN event = 'A' THEN '02' WHEN event = 'D' THEN '03' WHEN event = 'R' THEN '04' END AS CLM_TYPE_CD,
        day(i.servicedDate) AS CLM_LINE_FROM_DT,
        CASE facility.identifier.type.coding[1].code WHEN 'NPI' THEN '01' WHEN 'UPIN' THEN '06' WHEN 'NCPDP' THEN '07'
            WHEN 'DL' THEN '08' WHEN 'TAX' THEN '11'
            ELSE CASE WHEN facility.identifier.type.coding[1].code IS NOT NULL THEN '99' WHEN facility.identifier.value IS NULL THEN NULL
                WHEN facility.identifier.system = npi() THEN '01' ELSE '99' END END AS PRVDR_SRVC_ID_QLFYR_CD,
        facility.identifier.value AS CLM_SRVC_PRVDR_GNRC_ID_NUM,
        info(information, 'dspnsng_stus_cd').code.coding[1].code AS CLM_DSPNSNG_STUS_CD,
        info(information, 'daw_prod_slctn_cd').code.coding[1].code AS CLM_DAW_PROD_SLCTN_CD,
        i.quantity.value AS CLM_LINE_SRVC_UNIT_QTY,
        ext(i.quantity.extension, 'days_suply_num').valueQuantity.value::INTEGER AS CLM_LINE_DAYS_SUPLY_QTY,
        CASE WHEN prescriber IS NOT NULL THEN '01' END AS PRVDR_PRSBNG_ID_QLFYR_CD,
        prescriber AS CLM_PRSBNG_PRVDR_GNRC_ID_NUM,
        adj(i.adjudication, 'ptnt_pay_amt').amount.value::DECIMAL(11,2) AS CLM_LINE_BENE_PMT_AMT,
        CASE event WHEN 'D' THEN '1' WHEN 'A' THEN '2' WHEN 'R' THEN '2' ELSE '0' END AS CLM_ADJSMT_TYPE_CD,
        ident(identifier, v('rx_srvc_rfrnc_num')) AS CLM_LINE_RX_SRVC_RFRNC_NUM,
        ext(i.quantity.extension, 'fill_num').valueQuantity.value AS CLM_LINE_RX_FILL_NUM,
        coalesce(info(information, 'phrmcy_srvc_type_cd').code.coding[1].code,
            ext(facility.extension, 'phrmcy_srvc_type_cd').valueCoding.code) AS CLM_PHRMCY_SRVC_TYPE_CD,
        FILE_NAME, FILE_DATE, BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED, BCDA_CLM_GRP_ID, BCDA_FINAL, BCDA_API
    FROM (
        SELECT *, item[1] AS i, info(information, 'adjstmt_dltn_cd').code.coding[1].code AS event,
            list_filter(careTeam, lambda c: c.role.coding[1].code = 'primary' AND c.provider.identifier.system = npi())[1].provider.identifier.value AS prescriber
        FROM claim_head WHERE eob_type = 'PDE')
) TO '{out}/cclf7.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);
