"""Odd but legal records: a synthetic export with values changed where the rules have something to say.

What the generator seldom or never makes: dates that mean missing, other code systems, absent members, shuffled lists,
links to everyone or no one, unknown states, short revenue centre codes, adjustments of every kind. Ours and DuckDB's
whole job must agree on these too. benches/compare/run --steps odd
"""
import json, pathlib, random, shutil, subprocess, sys

import export, jobs
from export import NPI, VARIABLE

MISSING = ["1000-01-01", "9999-12-31"]
ICD = [f"http://hl7.org/fhir/sid/{name}" for name in ("icd-9-cm", "icd-10", "icd-10-cm", "icd-10-pcs", "unknown-icd-version/3")]
TAX = "http://terminology.hl7.org/CodeSystem/v2-0203"
STATES = ["CA", "PR", "99", "53", "97", "XX"]


class Odd:
    def __init__(self, seed):
        self.random = random.Random(seed)

    def now(self, share):
        return self.random.random() < share

    def one(self, choices):
        return self.random.choice(choices)

    def put(self, record, member, choices, share):
        if member in record and self.now(share):
            record[member] = self.one(choices)

    def drop(self, record, member, share):
        if self.now(share):
            record.pop(member, None)

    def shuffle(self, record, member, share):
        if self.now(share):
            self.random.shuffle(record.get(member, []))

    def claim(self, claim):
        period = claim.get("billablePeriod", {})
        for end in ("start", "end"):
            self.put(period, end, MISSING, 0.03)
            self.drop(period, end, 0.02)
        for extension in period.get("extension", []):
            self.put(extension.get("valueCoding", {}), "code", "0135", 0.1)
        self.put(claim, "disposition", ["3", "03", "02", "1"], 0.1)
        self.drop(claim, "disposition", 0.05)
        for member in ("payment", "totalCost", "information", "meta", "referral"):
            self.drop(claim, member, 0.02)
        for member in ("diagnosis", "information", "extension", "careTeam"):
            self.shuffle(claim, member, 0.05)
        if "contained" in claim and self.now(0.05):
            claim["contained"].insert(0, {"resourceType": "Observation", "id": "9"})
        for diagnosis in claim.get("diagnosis", []):
            self.diagnosis(diagnosis)
        for procedure in claim.get("procedure", []):
            if self.now(0.05):
                procedure["date"] = self.one(MISSING) + "T00:00:00+00:00"
            self.drop(procedure, "date", 0.05)
            self.put(procedure["procedureCodeableConcept"]["coding"][0], "system", ICD, 0.1)
        for entry in claim.get("information", []):
            self.put(entry, "timingDate", MISSING, 0.05)
            name = entry["category"]["coding"][0]["code"].removeprefix(VARIABLE)
            if "code" in entry:
                kinds = {"clm_freq_cd": "1789", "adjstmt_dltn_cd": "ADRX"}.get(name)
                if kinds:
                    self.put(entry["code"]["coding"][0], "code", kinds, 0.3)
                self.drop(entry["code"]["coding"][0], "code", 0.03)
        for entry in claim.get("careTeam", []):
            self.put(entry["role"]["coding"][0], "code", ["primary", "assist", "other"], 0.05)
            self.put(entry["provider"]["identifier"], "system", [NPI, TAX, "x"], 0.03)
            self.drop(entry["provider"]["identifier"], "value", 0.02)
            self.drop(entry, "qualification", 0.02)
        self.pharmacy(claim.get("facility", {}).get("identifier", {}))
        sequences = [entry["sequence"] for entry in claim.get("careTeam", [])]
        for item in claim.get("item", []):
            self.item(item, sequences)

    def diagnosis(self, diagnosis):
        for coding in diagnosis.get("diagnosisCodeableConcept", {}).get("coding", []):
            self.put(coding, "system", ICD, 0.04)
            self.drop(coding, "system", 0.02)
            self.drop(coding, "code", 0.02)
        for concept in diagnosis.get("type", []):
            self.put(concept["coding"][0], "code", ["principal", "admitting", "external", "external-first", "reason-for-visit"], 0.03)
        self.drop(diagnosis, "type", 0.02)

    def pharmacy(self, identifier):
        if "type" in identifier:
            self.put(identifier["type"]["coding"][0], "code", ["NPI", "UPIN", "NCPDP", "DL", "TAX", "ZZ"], 0.1)
        if self.now(0.03):
            identifier["system"] = NPI
            identifier.pop("type", None)
        self.drop(identifier, "type", 0.03)
        self.drop(identifier, "value", 0.03)

    def item(self, item, sequences):
        self.put(item, "careTeamLinkId", [sequences, sequences[:1], [99]], 0.05)
        self.drop(item, "careTeamLinkId", 0.03)
        self.put(item, "diagnosisLinkId", [[n, 1] for n in range(1, 15)], 0.05)
        self.put(item, "servicedDate", MISSING, 0.05)
        self.drop(item, "servicedDate", 0.05)
        for end in ("start", "end"):
            self.put(item.get("servicedPeriod", {}), end, MISSING, 0.05)
        for coding in item.get("revenue", {}).get("coding", []):
            self.put(coding, "code", ["0", "1", "42", "300", "12345"], 0.1)
        self.put(item.get("locationAddress", {}), "state", STATES, 0.1)
        self.drop(item, "locationAddress", 0.02)
        for extension in item.get("locationCodeableConcept", {}).get("extension", []):
            self.put(extension.get("valueCoding", {}), "code", STATES, 0.1)
        self.shuffle(item, "adjudication", 0.05)
        for entry in item.get("adjudication", []):
            self.put(entry.get("amount", {}), "value", [-5.25, 123456789.1, 0.01, 1e3], 0.03)
            self.drop(entry.get("amount", {}), "value", 0.01)
        self.put(item.get("quantity", {}), "value", [1.5, 0.0001, -3, 1e2, 2.0], 0.05)
        for concept in item.get("modifier", []):
            self.drop(concept["coding"][0], "code", 0.03)
        if "service" in item and self.now(0.03):
            item["service"]["coding"].insert(0, {"system": "x", "code": "y"})


def make(source, target, seed):
    """A copy of an export with its claims made odd."""
    odd = Odd(seed)
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    shutil.copy(source / "bcda-export.json", target)
    for path in export.patients(source):
        shutil.copy(path, target)
    for path in export.claims(source):
        with open(path, encoding="utf-8") as lines, open(target / pathlib.Path(path).name, "w", encoding="utf-8") as out:
            for line in lines:
                claim = json.loads(line)
                odd.claim(claim)
                out.write(json.dumps(claim, ensure_ascii=False) + "\n")


def check(bcda, work, gigabytes, seeds):
    """Whether both agree on the odd copies of an export; prints what they say of each."""
    source, target = work / "odd-source", work / "odd"
    good = True
    jobs.synth(bcda, source, gigabytes)
    for seed in range(1, seeds + 1):
        make(source, target, seed)
        subprocess.run([bcda, "convert", "--quiet", "--overwrite", str(target), "--out", str(work / "odd-ours"), "--tables", ",".join(export.WHOLE)], check=True)
        subprocess.run([sys.executable, str(export.HERE / "duckdb_job.py"), "duckdb_all.sql", str(target), str(work / "odd-theirs"), "2"], check=True)
        print(f"odd records, seed {seed}:", flush=True)
        good &= subprocess.run([sys.executable, str(export.HERE / "agree.py"), "--complete", "--show", str(work / "odd-ours"),
                                str(work / "odd-theirs"), *export.WHOLE]).returncode == 0
    for name in ("odd-source", "odd", "odd-ours", "odd-theirs"):
        shutil.rmtree(work / name)
    return good
