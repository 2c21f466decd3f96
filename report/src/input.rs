//! What became of the input.

use convert::{Drift, DriftReport, StageReport};
use maud::{Markup, html};
use profile::{Profile, Run, grouped};

use crate::frame::{Head, bar, number, section as framed, table};

pub(crate) fn section(found: &Profile) -> Markup {
    let run = &found.run;
    let left_aside: Vec<String> = run
        .left_aside
        .iter()
        .map(|(ending, count)| format!("{} {ending}", grouped((*count).into())))
        .collect();
    framed(
        "input",
        "Input",
        &html! {
            @if run.files == 0 {
                p { "No manifest tells of the input." }
            } @else {
                (facts(run, &left_aside))
            }
            @if !run.stages.is_empty() {
                h3 { "Seconds by stage" }
                (stages(&run.stages))
            }
            @if let Some(drift) = &run.drift {
                h3 { "Unknown vocabulary" }
                (unknown(drift))
            }
            h3 { "Rejected" }
            @if !found.verdict.tells_rejects {
                p { "No manifest tells of rejects." }
            } @else if found.verdict.rejected.values().all(|count| *count == 0) {
                p { "Nothing was rejected." }
            } @else {
                (rejects(run))
            }
        },
    )
}

fn facts(run: &Run, left_aside: &[String]) -> Markup {
    html! {
        dl.facts {
            div { dt { "files" } dd { (grouped(run.files.into())) } }
            div { dt { "bytes, as stored" } dd { (grouped(run.bytes.into())) } }
            div { dt { "lines" } dd { (grouped(run.lines.into())) } }
            @if let Some(seconds) = run.seconds {
                div { dt { "seconds" } dd { (format!("{seconds:.1}")) } }
            }
            @if !left_aside.is_empty() {
                div { dt { "left aside, by ending" } dd { (left_aside.join(", ")) } }
            }
        }
    }
}

fn stages(stages: &[StageReport]) -> Markup {
    let most = stages.iter().map(|stage| stage.seconds).fold(0.0, f64::max);
    let rows = html! {
        @for stage in stages {
            tr {
                th scope="row" { (stage.name) }
                td.n { (format!("{:.2}", stage.seconds)) }
                (bar(if most > 0.0 { stage.seconds / most * 100.0 } else { 0.0 }))
            }
        }
    };
    let heads = [Head::Text("stage"), Head::Number("seconds"), Head::Bar];
    table("Seconds by stage", &heads, &rows, None)
}

/// What records have that the vocabulary does not know. What is told of it is of 11 people or more.
fn unknown(drift: &DriftReport) -> Markup {
    let which = match drift.which {
        Drift::All => "all records",
        _ => "one record in 64",
    };
    let rows = html! {
        @for own in &drift.findings {
            tr {
                th scope="row" { (own.parent) }
                td { (own.name) }
                (number(own.records.map(|records| grouped(records.into()))))
            }
        }
    };
    let heads = [Head::Text("element"), Head::Text("has"), Head::Number("records")];
    html! {
        p {
            (grouped(drift.records.into())) " records were looked through (" (which) "). "
            @if drift.findings.is_empty() { "All elements, URLs and code systems in them are known." }
            @else {
                "These elements, URLs and code systems are not known; other are those seen with fewer than 11 people, and those that \
                 are no names of FHIR."
            }
        }
        @if !drift.findings.is_empty() {
            (table("Unknown vocabulary, by place", &heads, &rows, None))
        }
    }
}

fn rejects(run: &Run) -> Markup {
    let rows = html! {
        @for own in &run.rejects {
            tr {
                th scope="row" { (own.class) }
                td { (own.file) }
                td { @if own.place.is_empty() { "the record" } @else { (own.place) } }
                td.n { (grouped(own.count.into())) }
            }
        }
    };
    let heads =
        [Head::Text("class"), Head::Text("file"), Head::Text("place"), Head::Number("count")];
    html! {
        @if !run.rejects.is_empty() {
            (table("Rejected, by class, file and place", &heads, &rows, None))
        }
        @if run.missing_lists > 0 {
            p { "A list of rejects is not with the tables any more; the verdict has them by class." }
        }
        @if run.other_rejects > 0 {
            p { "Of other kinds: " (grouped(run.other_rejects.into())) "." }
        }
    }
}
