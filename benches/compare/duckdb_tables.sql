-- CCLF1 and CCLF5 the way a data engineer would make them with DuckDB: the schema given (inferring it is many
-- times slower), two passes over the claims, Parquet with zstd. {claims}, {patients} and {out} are filled in.
CREATE MACRO v(name) AS 'https://bluebutton.cms.gov/resources/variables/' || name;
CREATE MACRO coding(list, uri) AS list_filter(list, lambda c: c.system = uri)[1].code;
CREATE MACRO ident(list, uri) AS list_filter(list, lambda c: c.system = uri)[1].value;
CREATE MACRO ext(list, name) AS list_filter(list, lambda e: e.url = v(name))[1];
CREATE MACRO info(list, name) AS list_filter(list, lambda e: e.category.coding[1].code = v(name))[1];
CREATE MACRO adj(list, name) AS list_filter(list, lambda e: e.category.coding[1].code = v(name))[1];
CREATE MACRO dx(list, n) AS list_filter(list, lambda d: d.sequence = n)[1].diagnosisCodeableConcept.coding[1].code;
CREATE MACRO icd(uri) AS CASE WHEN uri IS NULL THEN NULL WHEN uri LIKE '%icd-9%' THEN '9' WHEN uri LIKE '%icd-10%' THEN '0' ELSE 'U' END;
CREATE MACRO role(list, r) AS list_sort(list_filter(list, lambda c: c.role.coding[1].code = r))[1].provider.identifier.value;
CREATE MACRO linked(list, links, r) AS list_filter(list, lambda c: c.role.coding[1].code = r AND list_contains(links, c.sequence))[1];

CREATE TABLE mbi AS
SELECT id, coalesce(
    list_filter(identifier, lambda i: i.system = 'http://hl7.org/fhir/sid/us-mbi' AND i.extension[1].valueCoding.code = 'current')[1].value,
    list_filter(identifier, lambda i: i.system = 'http://hl7.org/fhir/sid/us-mbi' AND i.extension IS NULL)[1].value) AS mbi
FROM read_json({patients}, format = 'newline_delimited', maximum_object_size = 33554432, columns = {
    id: 'VARCHAR',
    identifier: 'STRUCT(system VARCHAR, value VARCHAR, extension STRUCT(valueCoding STRUCT(code VARCHAR))[])[]',
    meta: 'STRUCT(lastUpdated VARCHAR)'})
QUALIFY row_number() OVER (PARTITION BY id ORDER BY meta.lastUpdated DESC) = 1;

CREATE VIEW claims AS
SELECT *, coding(type.coding, 'https://bluebutton.cms.gov/resources/codesystem/eob-type') AS eob_type
FROM read_json({claims}, format = 'newline_delimited', maximum_object_size = 33554432, columns = {
    id: 'VARCHAR', status: 'VARCHAR', disposition: 'VARCHAR', meta: 'STRUCT(lastUpdated TIMESTAMPTZ)',
    identifier: 'STRUCT(system VARCHAR, value VARCHAR)[]',
    type: 'STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[])',
    patient: 'STRUCT(reference VARCHAR)',
    billablePeriod: 'STRUCT("start" DATE, "end" DATE, extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[])',
    provider: 'STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR))',
    facility: 'STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR), extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[])',
    extension: 'STRUCT(url VARCHAR, valueMoney STRUCT(value DECIMAL(20,2)), valueCoding STRUCT(code VARCHAR), valueIdentifier STRUCT(value VARCHAR))[]',
    information: 'STRUCT(category STRUCT(coding STRUCT(code VARCHAR)[]), code STRUCT(coding STRUCT(code VARCHAR)[]), timingDate DATE)[]',
    careTeam: 'STRUCT(sequence INTEGER, provider STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR)), role STRUCT(coding STRUCT(code VARCHAR)[]), qualification STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[])[]',
    diagnosis: 'STRUCT(sequence INTEGER, diagnosisCodeableConcept STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), packageCode STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), type STRUCT(coding STRUCT(code VARCHAR)[])[])[]',
    payment: 'STRUCT(amount STRUCT(value DECIMAL(15,2)))', totalCost: 'STRUCT(value DECIMAL(13,2))',
    contained: 'STRUCT(resourceType VARCHAR, requester STRUCT(agent STRUCT(identifier STRUCT(system VARCHAR, value VARCHAR))))[]',
    item: 'STRUCT(sequence BIGINT, careTeamLinkId INTEGER[], diagnosisLinkId INTEGER[], category STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), service STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[]), modifier STRUCT(coding STRUCT(code VARCHAR)[])[], locationCodeableConcept STRUCT(coding STRUCT(system VARCHAR, code VARCHAR)[], extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[]), locationAddress STRUCT(state VARCHAR), quantity STRUCT(value DECIMAL(22,4)), servicedPeriod STRUCT("start" DATE, "end" DATE), adjudication STRUCT(category STRUCT(coding STRUCT(code VARCHAR)[]), amount STRUCT(value DECIMAL(17,2)), reason STRUCT(coding STRUCT(code VARCHAR)[]))[], extension STRUCT(url VARCHAR, valueCoding STRUCT(code VARCHAR))[])[]'});

COPY (
    SELECT
        ident(c.identifier, v('clm_id')) AS CUR_CLM_UNIQ_ID, ident([c.provider.identifier], v('prvdr_num')) AS PRVDR_OSCAR_NUM,
        m.mbi AS BENE_MBI_ID, coding(c.type.coding, v('nch_clm_type_cd')) AS CLM_TYPE_CD,
        c.billablePeriod."start" AS CLM_FROM_DT, c.billablePeriod."end" AS CLM_THRU_DT,
        ext(c.facility.extension, 'clm_fac_type_cd').valueCoding.code AS CLM_BILL_FAC_TYPE_CD,
        coding(c.type.coding, v('clm_srvc_clsfctn_type_cd')) AS CLM_BILL_CLSFCTN_CD,
        list_filter(c.diagnosis, lambda d: d.type[1].coding[1].code = 'principal')[-1].diagnosisCodeableConcept.coding[1].code AS PRNCPL_DGNS_CD,
        list_filter(c.diagnosis, lambda d: d.type[1].coding[1].code = 'admitting')[1].diagnosisCodeableConcept.coding[1].code AS ADMTG_DGNS_CD,
        ext(c.extension, 'clm_mdcr_non_pmt_rsn_cd').valueCoding.code AS CLM_MDCR_NPMT_RSN_CD,
        c.payment.amount.value AS CLM_PMT_AMT,
        info(c.information, 'nch_prmry_pyr_cd').code.coding[1].code AS CLM_NCH_PRMRY_PYR_CD,
        c.item[1].locationAddress.state AS PRVDR_STATE,
        info(c.information, 'ptnt_dschrg_stus_cd').code.coding[1].code AS BENE_PTNT_STUS_CD,
        list_filter(c.diagnosis, lambda d: d.packageCode IS NOT NULL)[1].packageCode.coding[1].code AS DGNS_DRG_CD,
        ident([c.facility.identifier], 'http://hl7.org/fhir/sid/us-npi') AS FAC_PRVDR_NPI_NUM,
        role(c.careTeam, 'assist') AS OPRTG_PRVDR_NPI_NUM,
        list_sort(list_filter(c.careTeam, lambda t: t.role.coding[1].code = 'primary' AND NOT list_contains(flatten(list_transform(c.item, lambda i: i.careTeamLinkId)), t.sequence)))[1].provider.identifier.value AS ATNDG_PRVDR_NPI_NUM,
        role(c.careTeam, 'other') AS OTHR_PRVDR_NPI_NUM,
        info(c.information, 'nch_wkly_proc_dt').timingDate AS CLM_EFCTV_DT,
        info(c.information, 'clm_ip_admsn_type_cd').code.coding[1].code AS CLM_ADMSN_TYPE_CD,
        info(c.information, 'clm_src_ip_admsn_cd').code.coding[1].code AS CLM_ADMSN_SRC_CD,
        info(c.information, 'clm_freq_cd').code.coding[1].code AS CLM_BILL_FREQ_CD,
        ext(c.billablePeriod.extension, 'claim_query_cd').valueCoding.code AS CLM_QUERY_CD,
        c.totalCost.value AS CLM_MDCR_INSTNL_TOT_CHRG_AMT,
        ext(c.extension, 'clm_pps_cptl_ime_amt').valueMoney.value AS CLM_MDCR_IP_PPS_CPTL_IME_AMT,
        ext(c.extension, 'ime_op_clm_val_amt').valueMoney.value AS CLM_OPRTNL_IME_AMT,
        ext(c.extension, 'clm_pps_cptl_dsprprtnt_shr_amt').valueMoney.value AS CLM_MDCR_IP_PPS_DSPRPRTNT_AMT,
        ext(c.extension, 'clm_uncompd_care_pmt_amt').valueMoney.value AS CLM_HIPPS_UNCOMPD_CARE_AMT,
        ext(c.extension, 'dsh_op_clm_val_amt').valueMoney.value AS CLM_OPRTNL_DSPRPRTNT_AMT,
        ext(c.extension, 'fi_doc_clm_cntl_num').valueIdentifier.value AS CLM_CNTL_NUM,
        ext(c.extension, 'fi_orig_clm_cntl_num').valueIdentifier.value AS CLM_ORG_CNTL_NUM,
        ext(c.extension, 'fi_num').valueIdentifier.value AS CLM_CNTRCTR_NUM,
        c.id AS BCDA_EOB_ID, c.status AS BCDA_STATUS, c.meta.lastUpdated AS BCDA_LAST_UPDATED
    FROM claims c LEFT JOIN mbi m ON m.id = substr(c.patient.reference, 9)
    WHERE c.eob_type IN ('INPATIENT', 'OUTPATIENT', 'SNF', 'HHA', 'HOSPICE')
) TO '{out}/cclf1.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);

COPY (
    SELECT
        CUR_CLM_UNIQ_ID, i.sequence AS CLM_LINE_NUM, BENE_MBI_ID, CLM_TYPE_CD, CLM_FROM_DT, CLM_THRU_DT,
        ext(linked(careTeam, i.careTeamLinkId, 'primary').extension, 'carr_line_prvdr_type_cd').valueCoding.code AS RNDRG_PRVDR_TYPE_CD,
        ext(i.locationCodeableConcept.extension, 'prvdr_state_cd').valueCoding.code AS PRVDR_STATE,
        linked(careTeam, i.careTeamLinkId, 'primary').qualification.coding[1].code AS CLM_PRVDR_SPCLTY_CD,
        coding(i.category.coding, v('line_cms_type_srvc_cd')) AS CLM_FED_TYPE_SRVC_CD,
        coding(i.locationCodeableConcept.coding, v('line_place_of_srvc_cd')) AS CLM_POS_CD,
        i.servicedPeriod."start" AS CLM_LINE_FROM_DT, i.servicedPeriod."end" AS CLM_LINE_THRU_DT,
        coding(i.service.coding, 'https://bluebutton.cms.gov/resources/codesystem/hcpcs') AS CLM_LINE_HCPCS_CD,
        adj(i.adjudication, 'line_nch_pmt_amt').amount.value AS CLM_LINE_CVRD_PD_AMT,
        ext(i.extension, 'line_bene_prmry_pyr_cd').valueCoding.code AS CLM_LINE_PRMRY_PYR_CD,
        dx(diagnosis, i.diagnosisLinkId[1]) AS CLM_LINE_DGNS_CD,
        linked(careTeam, i.careTeamLinkId, 'other').provider.identifier.value AS CLM_RNDRG_PRVDR_TAX_NUM,
        linked(careTeam, i.careTeamLinkId, 'primary').provider.identifier.value AS RNDRG_PRVDR_NPI_NUM,
        CLM_CARR_PMT_DNL_CD, adj(i.adjudication, 'line_prcsg_ind_cd').reason.coding[1].code AS CLM_PRCSG_IND_CD,
        CASE WHEN disposition IN ('3', '03') THEN '1' ELSE '0' END AS CLM_ADJSMT_TYPE_CD, CLM_EFCTV_DT, CLM_CNTL_NUM,
        adj(i.adjudication, 'line_alowd_chrg_amt').amount.value AS CLM_LINE_ALOWD_CHRG_AMT,
        i.quantity.value AS CLM_LINE_SRVC_UNIT_QTY,
        i.modifier[1].coding[1].code AS HCPCS_1_MDFR_CD, i.modifier[2].coding[1].code AS HCPCS_2_MDFR_CD,
        disposition AS CLM_DISP_CD,
        dx(diagnosis, 1) AS CLM_DGNS_1_CD, dx(diagnosis, 2) AS CLM_DGNS_2_CD, dx(diagnosis, 3) AS CLM_DGNS_3_CD,
        dx(diagnosis, 4) AS CLM_DGNS_4_CD, dx(diagnosis, 5) AS CLM_DGNS_5_CD, dx(diagnosis, 6) AS CLM_DGNS_6_CD,
        dx(diagnosis, 7) AS CLM_DGNS_7_CD, dx(diagnosis, 8) AS CLM_DGNS_8_CD, DGNS_PRCDR_ICD_IND,
        dx(diagnosis, 9) AS CLM_DGNS_9_CD, dx(diagnosis, 10) AS CLM_DGNS_10_CD, dx(diagnosis, 11) AS CLM_DGNS_11_CD,
        dx(diagnosis, 12) AS CLM_DGNS_12_CD,
        ext(i.extension, 'betos_cd').valueCoding.code AS HCPCS_BETOS_CD, CLM_RFRG_PRVDR_NPI_NUM, CLM_CNTRCTR_NUM,
        BCDA_EOB_ID, BCDA_STATUS, BCDA_LAST_UPDATED
    FROM (
        SELECT unnest(c.item) AS i, c.careTeam, c.diagnosis, c.disposition,
            ident(c.identifier, v('clm_id')) AS CUR_CLM_UNIQ_ID, m.mbi AS BENE_MBI_ID,
            coding(c.type.coding, v('nch_clm_type_cd')) AS CLM_TYPE_CD,
            c.billablePeriod."start" AS CLM_FROM_DT, c.billablePeriod."end" AS CLM_THRU_DT,
            ext(c.extension, 'carr_clm_pmt_dnl_cd').valueCoding.code AS CLM_CARR_PMT_DNL_CD,
            info(c.information, 'nch_wkly_proc_dt').timingDate AS CLM_EFCTV_DT,
            ext(c.extension, 'carr_clm_cntl_num').valueIdentifier.value AS CLM_CNTL_NUM,
            icd(list_filter(c.diagnosis, lambda d: d.sequence = 1)[1].diagnosisCodeableConcept.coding[1].system) AS DGNS_PRCDR_ICD_IND,
            list_filter(c.contained, lambda r: r.resourceType = 'ReferralRequest')[1].requester.agent.identifier.value AS CLM_RFRG_PRVDR_NPI_NUM,
            ext(c.extension, 'carr_num').valueIdentifier.value AS CLM_CNTRCTR_NUM,
            c.id AS BCDA_EOB_ID, c.status AS BCDA_STATUS, c.meta.lastUpdated AS BCDA_LAST_UPDATED
        FROM claims c LEFT JOIN mbi m ON m.id = substr(c.patient.reference, 9)
        WHERE c.eob_type = 'CARRIER')
) TO '{out}/cclf5.parquet' (FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 1);
