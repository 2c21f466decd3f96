//! The element table: every path that the CCLF columns come from exists in it.
#![allow(clippy::print_stdout, reason = "a skipped test says so")]

use fhir_model::schema;

#[test]
fn steps_lead_somewhere() {
    for schema in [&schema::STU3, &schema::R4] {
        for def in schema.types() {
            assert_eq!(def.release, schema.release());
            assert!(def.members.is_sorted_by(|a, b| a.name < b.name), "{}", def.name);
            for member in def.members {
                assert_eq!(member.parent, def.name);
                assert_eq!(member.types.len(), 1);
                assert_eq!(schema.child(def.name, member.name), Some(member));
                let step = schema::step(member);
                assert_eq!(step.is_empty(), member.is_primitive());
                assert!(member.is_primitive() || schema.type_def(step).is_some(), "{step}");
            }
        }
        assert!(schema.types().is_sorted_by(|a, b| a.name < b.name));
    }
}

#[test]
fn borrowed_content_is_followed() {
    let path =
        schema::path("ExplanationOfBenefit.addItem.detail.adjudication.amount.value").unwrap();
    assert_eq!(schema::step(path[2]), "ExplanationOfBenefit.item.adjudication");
    assert_eq!(path[4].types, ["decimal"]);
    let path = schema::path("Observation.component.referenceRange.low.value").unwrap();
    assert_eq!(path[3].types, ["decimal"]);
    let path = schema::path("Extension.valueTiming.repeat.boundsPeriod.start").unwrap();
    assert_eq!(path[3].types, ["dateTime"]);
}

#[test]
fn facts_of_elements_the_tables_need() {
    for (path, many, primitive) in [
        ("ExplanationOfBenefit.identifier", true, ""),
        ("ExplanationOfBenefit.insurance", false, ""),
        ("ExplanationOfBenefit.hospitalization.start", false, "dateTime"),
        ("ExplanationOfBenefit.item.sequence", false, "positiveInt"),
        ("ExplanationOfBenefit.item.careTeamLinkId", true, "positiveInt"),
        ("ExplanationOfBenefit.item.modifier.coding.code", false, "code"),
        ("ExplanationOfBenefit.item.servicedDate", false, "date"),
        ("ExplanationOfBenefit.totalCost.value", false, "decimal"),
        ("ExplanationOfBenefit.procedure.date", false, "dateTime"),
        ("ExplanationOfBenefit.diagnosis.packageCode.coding.system", false, "uri"),
        ("ExplanationOfBenefit.contained.resourceType", false, "code"),
        ("ExplanationOfBenefit.benefitBalance.financial.usedUnsignedInt", false, "unsignedInt"),
        ("Patient.meta.lastUpdated", false, "instant"),
        ("Patient.name.given", true, "string"),
        ("Patient.extension.valueDate", false, "date"),
        ("Coverage.grouping.subPlan", false, "string"),
        ("ReferralRequest.requester.agent.identifier.value", false, "string"),
    ] {
        let steps = schema::path(path).expect(path);
        let leaf = steps.last().unwrap();
        assert_eq!(leaf.many, many, "{path}");
        assert_eq!(if leaf.is_primitive() { leaf.types[0] } else { "" }, primitive, "{path}");
    }
}

/// Cuts the selectors out of a path: `item[i].adjudication[x='y'].reason` has three names.
fn names(path: &str) -> Vec<String> {
    let mut names = vec![String::new()];
    let mut depth = 0;
    for c in path.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            '.' if depth == 0 => names.push(String::new()),
            c if depth == 0 => names.last_mut().unwrap().push(c),
            _ => {}
        }
    }
    names
}

#[test]
fn every_path_of_the_crosswalk_exists() {
    let table = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/reference/stu3_crosswalk.csv");
    let Ok(table) = std::fs::read_to_string(table) else {
        println!("skipped: no ../shared");
        return;
    };
    let mut found = 0;
    for row in table.lines().skip(1) {
        let path = row.split(',').nth(4).unwrap().trim_matches('"');
        if path.is_empty() {
            continue;
        }
        let names = names(path);
        let mut parent = names[0].as_str();
        for (place, name) in names.iter().enumerate().skip(1) {
            let def = schema::child(parent, name).unwrap_or_else(|| panic!("{path}: {name}"));
            let last = place + 1 == names.len();
            assert_eq!(def.is_primitive(), last, "{path}: {name}");
            parent = schema::step(def);
            if parent == "Resource" {
                parent = if path.contains("ReferralRequest") { "ReferralRequest" } else { parent };
            }
        }
        found += 1;
    }
    assert!(found > 200, "{found}");
}

#[test]
fn codes_and_targets_stand_where_they_bind() {
    let status = schema::child("ExplanationOfBenefit", "status").unwrap();
    assert_eq!(status.codes, ["active", "cancelled", "draft", "entered-in-error"]);
    let patient = schema::child("ExplanationOfBenefit", "patient").unwrap();
    assert_eq!((patient.targets, patient.codes.len()), (&["Patient"][..], 0));
    let types = [&schema::STU3, &schema::R4].into_iter().flat_map(schema::Schema::types);
    for member in types.flat_map(|def| def.members) {
        assert!(member.codes.is_empty() || member.types == ["code"], "{}", member.name);
        assert!(member.targets.is_empty() || member.types == ["Reference"], "{}", member.name);
    }
    for member in schema::STU3.types().iter().flat_map(|def| def.members) {
        assert!(member.targets.iter().all(|target| schema::is_resource_type(target)));
    }
}

#[test]
fn facts_of_r4_that_the_tables_need() {
    for (path, many, primitive) in [
        ("ExplanationOfBenefit.meta.tag.system", false, "uri"),
        ("ExplanationOfBenefit.insurance", true, ""),
        ("ExplanationOfBenefit.insurance.focal", false, "boolean"),
        ("ExplanationOfBenefit.use", false, "code"),
        ("ExplanationOfBenefit.outcome", false, "code"),
        ("ExplanationOfBenefit.supportingInfo.valueQuantity.value", false, "decimal"),
        ("ExplanationOfBenefit.item.informationSequence", true, "positiveInt"),
        ("ExplanationOfBenefit.item.productOrService.coding.code", false, "code"),
        ("ExplanationOfBenefit.item.adjudication.amount.currency", false, "code"),
        ("ExplanationOfBenefit.addItem.detail.subDetail.adjudication.value", false, "decimal"),
        ("ExplanationOfBenefit.adjudication.amount.value", false, "decimal"),
        ("ExplanationOfBenefit.total.amount.value", false, "decimal"),
        ("ExplanationOfBenefit.benefitBalance.financial.usedMoney.value", false, "decimal"),
        ("ExplanationOfBenefit.procedure.type.coding.code", false, "code"),
        ("Coverage.class.value", false, "string"),
        ("Patient.link.other.reference", false, "string"),
        ("Organization.identifier.type.coding.code", false, "code"),
        ("Practitioner.name.family", false, "string"),
        ("Extension.valueMeta.profile", true, "canonical"),
        ("Claim.item.detail.subDetail.udi.reference", false, "string"),
        ("ClaimResponse.adjudication.amount.value", false, "decimal"),
    ] {
        let steps = schema::R4.path(path).expect(path);
        let leaf = steps.last().unwrap();
        assert_eq!(leaf.many, many, "{path}");
        assert_eq!(if leaf.is_primitive() { leaf.types[0] } else { "" }, primitive, "{path}");
    }
    assert!(schema::R4.child("Patient", "animal").is_none());
    assert!(std::ptr::eq(schema::of(schema::Release::R4), &raw const schema::R4));
}
