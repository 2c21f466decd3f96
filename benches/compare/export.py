"""What all jobs share: the files of an export, its date, and the 23 columns."""
import json, pathlib

ROOT = pathlib.Path(__file__).resolve().parents[2]
HERE = pathlib.Path(__file__).resolve().parent

# Twelve columns of the claim header, eleven of the claim line.
HEADER = ["CUR_CLM_UNIQ_ID", "PRVDR_OSCAR_NUM", "BENE_MBI_ID", "CLM_TYPE_CD", "CLM_FROM_DT", "CLM_THRU_DT", "CLM_PMT_AMT",
          "BENE_PTNT_STUS_CD", "DGNS_DRG_CD", "FAC_PRVDR_NPI_NUM", "ATNDG_PRVDR_NPI_NUM", "CLM_MDCR_INSTNL_TOT_CHRG_AMT"]
LINE = ["CUR_CLM_UNIQ_ID", "CLM_LINE_NUM", "CLM_POS_CD", "CLM_LINE_FROM_DT", "CLM_LINE_HCPCS_CD", "CLM_LINE_CVRD_PD_AMT",
        "CLM_LINE_DGNS_CD", "RNDRG_PRVDR_NPI_NUM", "CLM_LINE_ALOWD_CHRG_AMT", "CLM_LINE_SRVC_UNIT_QTY", "HCPCS_1_MDFR_CD"]
WHOLE = ["cclf1", "cclf2", "cclf3", "cclf4", "cclf5", "cclf6", "cclf7"]
PART_A = ["INPATIENT", "OUTPATIENT", "SNF", "HHA", "HOSPICE"]

VARIABLE = "https://bluebutton.cms.gov/resources/variables/"
EOB_TYPE = "https://bluebutton.cms.gov/resources/codesystem/eob-type"
HCPCS = "https://bluebutton.cms.gov/resources/codesystem/hcpcs"
NPI = "http://hl7.org/fhir/sid/us-npi"
MBI = "http://hl7.org/fhir/sid/us-mbi"


def manifest(export):
    return json.loads((pathlib.Path(export) / "bcda-export.json").read_text())


def files(export, kind):
    """Paths of the files of a resource type, in the order of the export."""
    return [str(pathlib.Path(export) / file["name"]) for file in manifest(export)["files"] if file["type"] == kind]


def claims(export):
    return files(export, "ExplanationOfBenefit")


def patients(export):
    return files(export, "Patient")


def file_date(export):
    return manifest(export)["transactionTime"][:10]
