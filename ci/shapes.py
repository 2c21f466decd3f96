"""Inputs that grow in one way each: for `ci/bounds`, which counts the work that they make."""

import json

VARIABLE = "https://bluebutton.cms.gov/resources/variables/"
SYSTEM = "https://bluebutton.cms.gov/resources/codesystem/"


def claim(number=1, patient=1, kind="CARRIER", **members):
    """A small claim without items."""
    return {
        "billablePeriod": {"end": "2020-03-05", "start": "2020-03-01"},
        "id": f"carrier-{number}",
        "identifier": [{"system": VARIABLE + "clm_id", "value": str(number)}],
        "meta": {"lastUpdated": "2021-04-05T06:07:08.009Z"},
        "patient": {"reference": f"Patient/{patient}"},
        "resourceType": "ExplanationOfBenefit",
        "status": "active",
        "type": {"coding": [{"code": kind, "system": SYSTEM + "eob-type"}]},
    } | members


def patient(number=1, **members):
    return {
        "birthDate": "1950-06-15",
        "id": str(number),
        "identifier": [{"system": "http://hl7.org/fhir/sid/us-mbi", "value": f"1S00A00{number:05}"}],
        "resourceType": "Patient",
    } | members


def coverage(person=1, part="A", **members):
    return {
        "beneficiary": {"reference": f"Patient/{person}"},
        "grouping": {"subGroup": "Medicare", "subPlan": f"Part {part}"},
        "id": f"part-{part}-{person}",
        "resourceType": "Coverage",
        "status": "active",
    } | members


def adjudication(number):
    category = "line_nch_pmt_amt" if number % 2 else "line_alowd_chrg_amt"
    coding = {"code": VARIABLE + category, "system": SYSTEM + "adjudication"}
    return {"amount": {"value": number % 1000}, "category": {"coding": [coding]}}


def item(sequence, **members):
    coding = {"code": "99213", "system": SYSTEM + "hcpcs"}
    return {"sequence": sequence, "adjudication": [adjudication(0)], "service": {"coding": [coding]}} | members


def extension(number):
    url = VARIABLE + ("bene_entlmt_rsn_orig" if number % 2 else f"unknown_{number}")
    return {"url": url, "valueCoding": {"code": "1", "system": url}}


def care(sequence):
    provider = {"identifier": {"system": "http://hl7.org/fhir/sid/us-npi", "value": f"{sequence:010}"}}
    role = {"coding": [{"code": ["primary", "performing", "attending"][sequence % 3], "system": "x"}]}
    return {"provider": provider, "role": role, "sequence": sequence}


def diagnosis(sequence):
    code = {"code": f"A{sequence % 100:02}", "system": "http://hl7.org/fhir/sid/icd-10"}
    return {"diagnosisCodeableConcept": {"coding": [code]}, "sequence": sequence}


def line(record):
    return json.dumps(record, separators=(",", ":"))


def with_members(text):
    """A claim with members in front, as text."""
    return "{" + text + "," + line(claim(item=[item(1)]))[1:]


def linked(n):
    """Items that name the care team and the diagnoses: every item links to all of them."""
    root = max(int(n**0.5), 1)
    numbers = list(range(1, root + 1))
    items = [item(s, careTeamLinkId=numbers, diagnosisLinkId=numbers) for s in numbers]
    return line(claim(item=items, careTeam=[care(s) for s in numbers], diagnosis=[diagnosis(s) for s in numbers]))


def linked_last(n):
    """Each item links to one entry of long lists, the last."""
    items = [item(s, careTeamLinkId=[n], diagnosisLinkId=[n]) for s in range(1, n + 1)]
    return line(claim(item=items, careTeam=[care(s) for s in range(1, n + 1)],
                      diagnosis=[diagnosis(s) for s in range(1, n + 1)]))


def same_sequences(n):
    """All entries have one sequence."""
    items = [item(1, careTeamLinkId=[1], diagnosisLinkId=[1]) for _ in range(n)]
    return line(claim(item=items, careTeam=[care(1)] * n, diagnosis=[diagnosis(1)] * n))


def no_links(n):
    """Nobody is linked to, and all may attend."""
    return line(claim(kind="OUTPATIENT", item=[{"sequence": s} for s in range(1, n + 1)],
                      careTeam=[care(3 * s) for s in range(1, n + 1)]))


def unasked_links(n):
    """Items link to entries of a role that no column wants."""
    team = [{"sequence": 1, "role": {"coding": [{"code": "other"}]}}] * n
    return line(claim(item=[item(s, careTeamLinkId=[1]) for s in range(1, n + 1)], careTeam=team))


def hospice(n):
    """Stays of one beneficiary, which touch one another or do not."""
    stay = lambda s: {"start": f"{1900 + s % 90}-01-01", "end": f"{1900 + s % 90}-0{s % 9 + 1}-28"}
    return "\n".join([line(patient())] + [line(claim(s, 1, "HOSPICE", hospitalization=stay(s))) for s in range(n)])


def names(n, text):
    return ",".join(text(s) for s in range(n))


# What grows: how many at the smallest size, and the text of n of them. A line each, unless it says lines.
SHAPES = {
    "long text, skipped": (200_000, lambda n: with_members('"zzz":"' + "x" * n + '"')),
    "long text, read": (200_000, lambda n: line(claim(status="x" * n, item=[item(1)]))),
    "escapes, skipped": (20_000, lambda n: with_members('"zzz":"' + "\\u00e9" * n + '"')),
    "escapes, read": (20_000, lambda n: line(claim(item=[item(1)])).replace("active", "\\u00e9\\n" * n)),
    "blanks, read": (50_000, lambda n: line(claim(status="\u00a0" * n, item=[item(1)]))),
    "long member name": (200_000, lambda n: with_members('"' + "z" * n + '":1')),
    "long escaped names": (60, lambda n: with_members(names(n, lambda s: '"' + "\\u007a" * 400 + f'{s}":1'))),
    "members": (4_000, lambda n: with_members(names(n, lambda s: f'"z{s}":1'))),
    "members, skipped": (4_000, lambda n: with_members('"zzz":{' + names(n, lambda s: f'"z{s}":1') + "}")),
    "members alike": (2_000, lambda n: with_members(names(n, lambda s: f'"{"z" * 100}{s}":1'))),
    "members twice, skipped": (10_000, lambda n: with_members('"zzz":{' + names(n, lambda s: '"z":1') + "}")),
    "objects with unknown members": (300, lambda n: line(claim(item=[
        item(s + 1, **{f"z{m}": 1 for m in range(30)}) for s in range(n)]))),
    "empty objects": (20_000, lambda n: with_members('"zzz":[' + names(n, lambda s: "{}") + "]")),
    "nested lists": (700, lambda n: with_members('"zzz":[' + names(n, lambda s: "[" * 60 + "]" * 60) + "]")),
    "white space": (100_000, lambda n: with_members('"zzz":[' + " \t" * n + "1]")),
    "digits, skipped": (100_000, lambda n: with_members('"zzz":' + "1" * n)),
    "digits, read": (50_000, lambda n: line(claim(item=[item(1)])).replace('"value":0}', '"value":1.' + "0" * n + "}")),
    "exponents, read": (1, lambda n: line(claim(item=[item(1)])).replace('"value":0}', f'"value":0e-{"9" * n}}}')),
    "extensions": (1_000, lambda n: line(claim(extension=[extension(s) for s in range(n)], item=[item(1)]))),
    "extensions within": (300, lambda n: line(claim(item=[item(1, extension=[
        {"url": "u", "extension": [extension(s), extension(s + 1)]} for s in range(n)])]))),
    "items": (500, lambda n: line(claim(item=[item(s) for s in range(1, n + 1)]))),
    "items of a hospital": (500, lambda n: line(claim(kind="OUTPATIENT", item=[item(s) for s in range(1, n + 1)]))),
    "adjudications": (800, lambda n: line(claim(item=[item(1, adjudication=[adjudication(s) for s in range(n)])]))),
    "diagnoses": (1_000, lambda n: line(claim(kind="INPATIENT", diagnosis=[diagnosis(s) for s in range(1, n + 1)]))),
    "procedures": (1_000, lambda n: line(claim(kind="INPATIENT", procedure=[
        {"sequence": s, "date": "2020-03-01", "procedureCodeableConcept": {"coding": [{"code": "0X", "system": "x"}]}}
        for s in range(1, n + 1)]))),
    "care team": (1_000, lambda n: line(claim(kind="INPATIENT", careTeam=[care(s) for s in range(1, n + 1)]))),
    "links": (10_000, linked),
    "links to the last": (300, linked_last),
    "links of one sequence": (300, same_sequences),
    "links, none": (600, no_links),
    "links that nobody asks for": (300, unasked_links),
    "siblings": (1_000, lambda n: line(patient(**{f"_z{s}": {"id": "x"} for s in range(n)}))),
    "siblings of a list": (1_000, lambda n: line(patient(name=[
        {"given": ["A"] * n, "_given": [{"id": "x"}] * n}]))),
    "information": (1_000, lambda n: line(claim(kind="INPATIENT", information=[
        {"sequence": s, "category": {"coding": [{"code": VARIABLE + "nch_bene_dschrg_dt", "system": "x"}]}}
        for s in range(1, n + 1)]))),
    "identifiers": (1_500, lambda n: line(patient(identifier=[
        {"system": "http://hl7.org/fhir/sid/us-mbi", "value": f"1S00A{s:06}"} for s in range(n)]))),
    "identifiers of a claim": (1_500, lambda n: line(claim(item=[item(1)], identifier=[
        {"system": VARIABLE + "clm_id", "value": str(s)} for s in range(n)]))),
    "contained": (600, lambda n: line(claim(item=[item(1)], contained=[
        {"id": f"c{s}", "resourceType": "Organization", "identifier": [{"value": str(s)}]} for s in range(n)]))),
    "references to contained": (300, lambda n: line(claim(
        contained=[{"id": f"c{s}", "resourceType": "Organization"} for s in range(n)],
        careTeam=[care(s) | {"provider": {"reference": f"#c{s}"}} for s in range(n)]))),
    "names and addresses": (800, lambda n: line(patient(name=[{"family": "X", "given": ["A", "B"]}] * n,
                                                        address=[{"state": "49"}] * n))),
    "a cut line": (200_000, lambda n: with_members('"zzz":"' + "x" * n)[: n + 10]),
    "a list for a record": (30_000, lambda n: "[" + "1," * n + "1]"),
    "brackets without end": (50_000, lambda n: '{"zzz":' + "[" * n),
    "lines: blank": (200_000, lambda n: "\n" * n),
    "lines: blank, of spaces": (20_000, lambda n: " \t \r\n" * n),
    "lines: bad": (1_500, lambda n: "{}\n" * n),
    "lines: claims": (300, lambda n: "\n".join(line(claim(s, s, item=[item(1)])) for s in range(n))),
    "lines: a claim again": (300, lambda n: "\n".join([line(claim(item=[item(1)]))] * n)),
    "lines: a patient again": (800, lambda n: "\n".join([line(patient())] * n)),
    "lines: patients": (800, lambda n: "\n".join(line(patient(s)) for s in range(n))),
    "lines: coverages of one": (800, lambda n: "\n".join(
        [line(patient())] + [line(coverage(1, "ABCD"[s % 4], id=f"c{s}")) for s in range(n)])),
    "lines: hospice stays of one": (400, hospice),
    "lines: claims before people": (300, lambda n: "\n".join(
        [line(claim(s, s, item=[item(1)])) for s in range(n)] + [line(patient(s)) for s in range(n)])),
}

# Shapes that the typed model may find harder than the tables do: `validate` meets these in the smoke too.
OF_THE_MODEL = {
    "members", "members alike", "objects with unknown members", "extensions", "extensions within", "adjudications",
    "diagnoses", "care team", "links of one sequence", "contained", "references to contained", "siblings",
    "siblings of a list", "names and addresses",
}
