//! What became of the input.

use maud::{Markup, html};
use profile::{Profile, grouped};

use crate::frame::{scrolled, section as framed};

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
            h3 { "Rejected" }
            @if found.verdict.rejected.values().all(|count| *count == 0) {
                p { "Nothing was rejected." }
            } @else {
                (rejects(found))
            }
        },
    )
}

fn rejects(found: &Profile) -> Markup {
    let run = &found.run;
    html! {
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
        @if run.other_rejects > 0 {
            p { "Of other kinds: " (grouped(run.other_rejects.into())) "." }
        }
    }
}
