//! What became of the input.

use convert::{Drift, DriftReport, StageReport};
use maud::{Markup, html};
use profile::{Profile, Run, grouped};

use crate::frame::{number, scrolled, section as framed};

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
    scrolled(
        "Seconds by stage",
        &html! {
            thead {
                tr {
                    th scope="col" { "stage" }
                    th.n scope="col" { "seconds" }
                    td.bar aria-hidden="true" {}
                }
            }
            tbody {
                @for stage in stages {
                    tr {
                        th scope="row" { (stage.name) }
                        td.n { (format!("{:.2}", stage.seconds)) }
                        td.bar aria-hidden="true" {
                            @if most > 0.0 {
                                span style=(format!("width:{:.1}%", stage.seconds / most * 100.0)) {}
                            }
                        }
                    }
                }
            }
        },
    )
}

/// What records have that the vocabulary does not know. What is told of it is of 11 people or more.
fn unknown(drift: &DriftReport) -> Markup {
    let which = match drift.which {
        Drift::All => "all records",
        _ => "one record in 64",
    };
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
            (scrolled("Unknown vocabulary, by place", &html! {
                thead {
                    tr {
                        th scope="col" { "element" }
                        th scope="col" { "has" }
                        th.n scope="col" { "records" }
                    }
                }
                tbody {
                    @for own in &drift.findings {
                        tr {
                            th scope="row" { (own.parent) }
                            td { (own.name) }
                            (number(own.records.map(|records| grouped(records.into()))))
                        }
                    }
                }
            }))
        }
    }
}

fn rejects(run: &Run) -> Markup {
    html! {
        @if !run.rejects.is_empty() {
            (scrolled("Rejected, by class, file and place", &html! {
                thead {
                    tr {
                        th scope="col" { "class" }
                        th scope="col" { "file" }
                        th scope="col" { "place" }
                        th.n scope="col" { "count" }
                    }
                }
                tbody {
                    @for own in &run.rejects {
                        tr {
                            th scope="row" { (own.class) }
                            td { (own.file) }
                            td { @if own.place.is_empty() { "the record" } @else { (own.place) } }
                            td.n { (grouped(own.count.into())) }
                        }
                    }
                }
            }))
        }
        @if run.missing_lists > 0 {
            p { "A list of rejects is not with the tables any more; the verdict has them by class." }
        }
        @if run.other_rejects > 0 {
            p { "Of other kinds: " (grouped(run.other_rejects.into())) "." }
        }
    }
}
