-- What both DuckDB jobs share: how a value is found in a list, and each beneficiary's MBI.
-- run.py fills in {claims}, {patients}, {states}, {out} and {file_date}.
SET preserve_insertion_order = false;

CREATE MACRO v(name) AS 'https://bluebutton.cms.gov/resources/variables/' || name;
CREATE MACRO cs(name) AS 'https://bluebutton.cms.gov/resources/codesystem/' || name;
CREATE MACRO npi() AS 'http://hl7.org/fhir/sid/us-npi';
-- The first entry of a list whose key is this. The key is taken out first: searching a list of strings is many times
-- faster than a lambda that compares, and DuckDB computes the keys once however many searches there are.
CREATE MACRO coding(list, uri) AS list[list_position(list_transform(list, lambda c: c.system), uri)].code;
CREATE MACRO ident(list, uri) AS list[list_position(list_transform(list, lambda c: c.system), uri)].value;
CREATE MACRO ext(list, name) AS list[list_position(list_transform(list, lambda e: e.url), v(name))];
CREATE MACRO info(list, name) AS list[list_position(list_transform(list, lambda e: e.category.coding[1].code), v(name))];
CREATE MACRO adj(list, name) AS list[list_position(list_transform(list, lambda e: e.category.coding[1].code), v(name))];
CREATE MACRO dx(list, n) AS list[list_position(list_transform(list, lambda d: d.sequence), n)].diagnosisCodeableConcept.coding[1].code;
CREATE MACRO icd(uri) AS CASE uri
    WHEN 'http://hl7.org/fhir/sid/icd-10' THEN '0' WHEN 'http://hl7.org/fhir/sid/icd-9-cm' THEN '9'
    WHEN 'http://hl7.org/fhir/sid/icd-10-cm' THEN '0' WHEN 'http://hl7.org/fhir/sid/icd-10-pcs' THEN '0' ELSE 'U' END;
-- 1000-01-01 and 9999-12-31 mean missing.
CREATE MACRO day(d) AS CASE WHEN d NOT IN (DATE '1000-01-01', DATE '9999-12-31') THEN d END;
-- Care team entries of a role; those an item links to.
CREATE MACRO role(list, r) AS list_sort(list_transform(list_filter(list, lambda c: c.role.coding[1].code = r),
    lambda c: {s: c.sequence, npi: c.provider.identifier.value}));
CREATE MACRO linked(list, links, r) AS
    list_filter(list, lambda c: c.role.coding[1].code = r AND list_contains(links, c.sequence))[1];
-- The primary of lowest sequence that no item links to; else the primary of lowest sequence.
CREATE MACRO attending(primaries, links) AS coalesce(
    list_filter(primaries, lambda p: NOT coalesce(list_contains(links, p.s), false))[1], primaries[1]).npi;

-- The MBI marked current, else the first without a mark; of the newest version of the Patient.
CREATE TEMP TABLE mbi AS
SELECT 'Patient/' || id AS patient, coalesce(
    list_filter(identifier, lambda i: i.system = 'http://hl7.org/fhir/sid/us-mbi' AND i.extension[1].valueCoding.code = 'current')[1].value,
    list_filter(identifier, lambda i: i.system = 'http://hl7.org/fhir/sid/us-mbi' AND i.extension IS NULL)[1].value) AS mbi
FROM read_json({patients}, format = 'newline_delimited', records = true, auto_detect = false, maximum_object_size = 33554432, columns = {
    id: 'VARCHAR',
    identifier: 'STRUCT(system VARCHAR, value VARCHAR, extension STRUCT(valueCoding STRUCT(code VARCHAR))[])[]',
    meta: 'STRUCT(lastUpdated VARCHAR)'})
QUALIFY row_number() OVER (PARTITION BY id ORDER BY meta.lastUpdated DESC NULLS LAST) = 1;
