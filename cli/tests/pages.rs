//! The pages that users read: what they show is what the program says, and their links lead somewhere.

use std::fs;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::common::{Work, bcda};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").canonicalize().unwrap()
}

/// The first page and those of the guide, in the order of their names, each with its text.
fn pages() -> Vec<(String, String)> {
    let guide = fs::read_dir(root().join("docs/guide")).unwrap();
    let names = guide.map(|entry| format!("docs/guide/{}", entry.unwrap().file_name().display()));
    let mut names: Vec<String> = names.collect();
    names.sort_unstable();
    names.insert(0, "README.md".to_owned());
    let read = |name: String| {
        let text = fs::read_to_string(root().join(&name)).unwrap();
        (name, text)
    };
    names.into_iter().map(read).collect()
}

/// The blocks of a page that are fenced as `language`.
fn blocks<'p>(page: &'p str, language: &str) -> Vec<&'p str> {
    let mut parts = page.split("\n```");
    parts.next();
    let fenced = parts.step_by(2);
    fenced.filter_map(|block| block.strip_prefix(language)?.strip_prefix('\n')).collect()
}

/// A line without what differs from run to run: times and rates.
fn steady(line: &str) -> String {
    let words: Vec<&str> = line.split(' ').collect();
    let is_time = |word: Option<&&str>| {
        word.is_some_and(|word| ["s", "s,", "kB/s", "MB/s", "GB/s"].contains(word))
    };
    let steady = |at: usize| match words[at] {
        _ if is_time(words.get(at + 1)) => "N",
        "kB/s" | "MB/s" | "GB/s" => "/s",
        word => word,
    };
    (0..words.len()).map(steady).collect::<Vec<_>>().join(" ")
}

/// Whether lines that were printed are those of a page, where `...` stands for any number of lines. How often a job
/// is asked for its progress is a matter of time.
fn fits(shown: &str, printed: &str) -> bool {
    let steadily = |text: &str| -> Vec<String> {
        text.trim_end().lines().filter(|line| !line.starts_with("job: ")).map(steady).collect()
    };
    let (shown, printed) = (steadily(shown), steadily(printed));
    match shown.iter().position(|line| line == "...") {
        None => shown == printed,
        Some(at) => {
            let (before, after) = (&shown[..at], &shown[at + 1..]);
            printed.len() + 1 >= shown.len()
                && printed.starts_with(before)
                && printed.ends_with(after)
        }
    }
}

/// Where the commands of all pages are run, one after the other, as a reader would.
struct Reader {
    work: Work,
    served: Option<(Child, String)>,
}

impl Reader {
    fn new() -> Self {
        let work = Work::new();
        symlink(root().join("testdata"), work.path("testdata")).unwrap();
        let known = sandbox::Credentials::published();
        work.write(
            ".bcda",
            format!("client_id = {}\nclient_secret = {}\n", known.id, known.secret),
        );
        fs::set_permissions(work.path(".bcda"), fs::Permissions::from_mode(0o600)).unwrap();
        Self { work, served: None }
    }

    /// Starts `bcda serve` at a port that is free, whatever a page says.
    fn serve(&mut self, words: &str) {
        let words = words.strip_prefix("bcda ").unwrap().trim_end_matches('&');
        let mut command = self.work.command(&words.split_whitespace().collect::<Vec<_>>());
        let command = command.args(["--port", "0"]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut first = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut first).unwrap();
        let port = first.trim().rsplit_once(':').unwrap().1.to_owned();
        self.end();
        self.served = Some((child, format!("localhost:{port}")));
    }

    /// What a command prints, as the page would show it.
    fn run(&self, command: &str) -> String {
        let here = "localhost:3000";
        let there = self.served.as_ref().map_or(here, |(_, address)| address);
        let folder = bcda().parent().unwrap().display().to_string();
        let path = std::env::var("PATH").unwrap();
        let ran = Command::new("bash")
            .args(["-c", &format!("exec 2>&1; {}", command.replace(here, there))])
            .current_dir(self.work.path(""))
            .env("PATH", format!("{folder}:{path}"))
            .env("HOME", self.work.path(""))
            .env("XDG_CACHE_HOME", self.work.path("cache"))
            .stdin(Stdio::null())
            .output()
            .unwrap();
        String::from_utf8(ran.stdout).unwrap().replace(there, here)
    }
}

impl Reader {
    /// Ends what was served, if anything was.
    fn end(&mut self) {
        if let Some((mut child, _)) = self.served.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

impl Drop for Reader {
    fn drop(&mut self) {
        self.end();
    }
}

#[test]
fn commands_print_what_the_pages_show() {
    let mut reader = Reader::new();
    let mut commands = 0;
    for (name, page) in pages() {
        for block in blocks(&page, "console") {
            for step in format!("\n{}", block.trim_end()).split("\n$ ").skip(1) {
                let (command, shown) = step.split_once('\n').unwrap_or((step, ""));
                commands += 1;
                if command.ends_with('&') {
                    reader.serve(command);
                    continue;
                }
                let printed = reader.run(command);
                assert!(fits(shown, &printed), "{name}: {command}\nprints\n{printed}");
            }
        }
    }
    assert!(commands > 10, "{commands}");
}

#[test]
fn the_first_command_prints_what_the_first_page_shows() {
    let (_, page) = pages().swap_remove(0);
    let command = page.lines().find_map(|line| line.strip_prefix("    cargo run --release -- "));
    let printed = Reader::new().run(&format!("bcda {}", command.unwrap()));
    assert!(fits(blocks(&page, "text")[0], &printed), "{printed}");
    assert!(page.len() <= 12_000, "the first page has {} bytes", page.len());
}

#[test]
fn differences_are_noticed() {
    assert_eq!(
        steady("1.14 MB in 5.1 s, 0 there, 8 kB/s"),
        steady("1.14 MB in 4 s, 0 there, 9 MB/s")
    );
    assert_ne!(steady("1.14 MB in 5.1 s"), steady("1.15 MB in 5.1 s"));
    assert!(fits("a\n...\nb", "a\nx\ny\nb\n") && fits("...\nb", "b"));
    assert!(!fits("a\n...\na", "a") && !fits("a", "a\nb"));
    assert_eq!(blocks("x\n```text\na\n```\n\n```console\n$ b\n```\n", "console"), ["$ b"]);
    assert_eq!(links("[a](b.md#c) `[d](e)` [f](https://g) ![h](i.svg)"), ["b.md#c", "i.svg"]);
    assert_eq!(
        anchor("What the *tables* cannot tell, at `--all`"),
        "what-the-tables-cannot-tell-at---all"
    );
}

/// All files of Markdown below a folder, without what is built.
fn markdown(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        if path.is_symlink() || name.starts_with('.') || name == "target" {
            continue;
        }
        if path.is_dir() {
            markdown(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The text of a page without code, in which brackets are no links.
fn prose(page: &str) -> String {
    let fences = page.split("\n```").step_by(2).collect::<Vec<_>>().join("\n");
    fences.split('`').step_by(2).collect()
}

/// Targets of the links of a page that lead to files of ours, or to places in it.
fn links(page: &str) -> Vec<String> {
    let prose = prose(page);
    let targets = prose.split("](").skip(1).filter_map(|rest| rest.split_once(')'));
    let targets = targets.map(|(target, _)| target);
    // Names of items of Rust are looked after by rustdoc.
    targets
        .filter(|target| !target.contains("://") && !target.contains("::"))
        .map(str::to_owned)
        .collect()
}

/// The anchor of a heading, as forges make it.
fn anchor(heading: &str) -> String {
    let kept =
        heading.trim().chars().filter(|c| c.is_alphanumeric() || [' ', '-', '_'].contains(c));
    kept.map(|c| if c == ' ' { '-' } else { c.to_ascii_lowercase() }).collect()
}

#[test]
fn every_link_leads_somewhere() {
    let mut files = Vec::new();
    markdown(&root(), &mut files);
    let mut faults = Vec::new();
    let mut count = 0;
    for file in files {
        let page = fs::read_to_string(&file).unwrap();
        for link in links(&page) {
            count += 1;
            let (path, place) = link.split_once('#').unwrap_or((&link, ""));
            let target =
                if path.is_empty() { file.clone() } else { file.parent().unwrap().join(path) };
            let leads = target.exists()
                && (place.is_empty()
                    || fs::read_to_string(&target).unwrap().lines().any(|line| {
                        line.starts_with('#') && anchor(line.trim_start_matches('#')) == place
                    }));
            if !leads {
                faults.push(format!("{}: {link}", file.strip_prefix(root()).unwrap().display()));
            }
        }
    }
    assert!(faults.is_empty(), "links that lead nowhere:\n{}", faults.join("\n"));
    assert!(count > 60, "{count}");
}
