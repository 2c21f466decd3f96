//! Against the sandbox, once for each of its faults: the export is the same as without any, or the fault is named.

use std::io::Read;
use std::path::{Path, PathBuf};

use crate::common;
use bulk_client::{
    Auth, CancellationToken, Error, ErrorKind, ExportRequest, Level, Report, Server, block_on,
};
use flate2::read::MultiGzDecoder;
use sandbox::{Data, Fault, Options, Running, Sandbox};
use synth::Api;

/// The oldest version, and the newest.
const VERSIONS: [Api; 2] = [Api::V1, Api::V3];
const TYPES: [&str; 3] = ["Coverage", "ExplanationOfBenefit", "Patient"];

/// A small export that all sandboxes of a test serve.
struct Bench {
    folder: tempfile::TempDir,
    settings: bulk_client::Settings,
    api: Api,
}

impl Bench {
    fn of(api: Api) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        std::fs::create_dir(&data).unwrap();
        let options = synth::Options {
            api,
            beneficiaries: 3,
            seed: 7,
            claims_per_beneficiary: Some(9),
            beneficiaries_per_file: 1,
            ..synth::Options::default()
        };
        synth::generate(&options, |name| std::fs::File::create(data.join(name))).unwrap();
        Self { folder, settings: common::quick(), api }
    }

    fn serve(&self, faults: &[&str]) -> Running {
        let mut options = Options::new(Data::Folder(self.folder.path().join("data")));
        options.faults = faults.iter().map(|fault| fault.parse::<Fault>().unwrap()).collect();
        Sandbox::start(options).unwrap()
    }

    fn server(&self, running: &Running) -> Server {
        let (place, api) = (running.url(), self.api.to_string());
        let base = bulk_client::fhir_base(place.trim_end_matches('/'), Some(&api)).unwrap();
        let known = running.credentials().unwrap();
        let auth = Auth::Basic {
            credentials: bulk_client::Credentials::new(&known.id, &known.secret),
            token_url: bulk_client::bcda_token_url(&base),
        };
        Server::new(base, auth, self.settings.clone(), None, std::sync::Arc::new(())).unwrap()
    }

    fn export(&self, running: &Running, name: &str, level: Level) -> Result<Report, Error> {
        let types = match &level {
            Level::Type(_) => Vec::new(),
            _ => TYPES.map(str::to_owned).to_vec(),
        };
        let request = ExportRequest { types, ..ExportRequest::new(level) };
        let export = common::usually(request, self.out(name));
        block_on(export.run(&self.server(running), &CancellationToken::new()))
    }

    fn out(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// All records of an export, sorted: jobs may cut files otherwise.
    fn records(&self, name: &str) -> Vec<String> {
        records(&self.out(name))
    }
}

fn records(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for name in common::names(folder) {
        let file = std::fs::File::open(folder.join(&name)).unwrap();
        let mut text = String::new();
        if name.ends_with(".ndjson.gz") {
            MultiGzDecoder::new(file).read_to_string(&mut text).unwrap();
        } else if name.ends_with(".ndjson") {
            std::io::BufReader::new(file).read_to_string(&mut text).unwrap();
        }
        lines.extend(text.lines().map(str::to_owned));
    }
    lines.sort();
    lines
}

fn all() -> Level {
    Level::Group("all".to_owned())
}

#[test]
fn every_fault_that_passes_leaves_a_whole_export() {
    for api in VERSIONS {
        let bench = Bench::of(api);
        let wanted = records(&bench.folder.path().join("data"));
        assert!(wanted.len() > 30);
        let faults: &[&[&str]] = &[
            &[],
            &["slow-jobs=4"],
            &["slow-jobs=4", "bare-progress"],
            &["slow-jobs=3", "poll-retry-after"],
            &["too-many-requests=2"],
            &["too-many-requests@token"],
            &["unavailable=2@status", "retry-after-date"],
            &["unavailable@data", "no-retry-after"],
            &["server-error=3@status"],
            &["server-error@start"],
            &["server-error=2@data"],
            &["token-expires=6", "slow-jobs=9"],
            &["token-expires=5"],
            &["expires-in=number"],
            &["expires-in=absent"],
            &["drop-connection=3"],
            &["drop-connection=2", "ignore-range"],
            &["drop-connection=2", "change-etag"],
            &["drop-connection=2", "no-etag"],
            &["drop-connection=2", "token-expires=5"],
            &["drop-connection=2", "no-gzip"],
            &["truncate-body=2"],
            &["truncate-body=2", "no-gzip"],
            &["wrong-content-length=2"],
            &["html-200=2"],
            &["no-gzip"],
            &["gzip-members"],
            &["empty-file"],
            &["refuse-overlap"],
            &["old-errors", "server-error@status"],
            &["plain-errors", "unavailable@status"],
            &["empty-errors", "too-many-requests@start"],
        ];
        for (number, faults) in faults.iter().enumerate() {
            let running = bench.serve(faults);
            let name = format!("passing-{number}");
            let report = bench
                .export(&running, &name, all())
                .unwrap_or_else(|error| panic!("{api} {faults:?}: {error}"));
            assert!(!report.has_gaps(), "{api} {faults:?}");
            assert!(bench.records(&name) == wanted, "{api} {faults:?}");
            assert!(
                common::names(&bench.out(&name)).iter().all(|name| !name.contains(".part")),
                "{api} {faults:?}"
            );
        }
    }
}

#[test]
fn every_fault_that_stays_is_named() {
    for api in VERSIONS {
        let bench = Bench::of(api);
        for (number, (faults, kind)) in [
            (&["failed-job"][..], ErrorKind::JobFailed),
            (&["failed-job", "old-errors"], ErrorKind::JobFailed),
            (&["failed-job", "empty-errors"], ErrorKind::JobFailed),
            (&["expired-job"], ErrorKind::JobGone),
            (&["expired-job", "plain-errors"], ErrorKind::JobGone),
            (&["server-error=99@start"], ErrorKind::Server),
            (&["unavailable=99@token"], ErrorKind::Server),
            (&["truncate-body=99"], ErrorKind::BadFile),
            (&["html-200=99"], ErrorKind::BadFile),
            (&["drop-connection=99", "no-etag"], ErrorKind::Network),
            (&["wrong-content-length=99", "no-etag"], ErrorKind::Network),
        ]
        .into_iter()
        .enumerate()
        {
            let running = bench.serve(faults);
            let name = format!("failing-{number}");
            let error =
                bench.export(&running, &name, all()).expect_err(&format!("{api} {faults:?}"));
            assert_eq!((error.kind(), error.exit_code()), (kind, 5), "{api} {faults:?}: {error}");
            assert_eq!(bench.records(&name), [""; 0], "{api} {faults:?}");
        }
    }
}

#[test]
fn what_the_server_could_not_deliver_is_a_gap() {
    for api in VERSIONS {
        let bench = Bench::of(api);
        for (number, fault) in
            ["error-files=3", "empty-output", "missing-type=Coverage"].into_iter().enumerate()
        {
            let running = bench.serve(&[fault]);
            let report = bench.export(&running, &format!("gap-{number}"), all()).unwrap();
            assert!(report.has_gaps(), "{api} {fault}");
            assert_eq!(
                report.issues.iter().map(|(_, _, count)| count).sum::<u64>(),
                if number == 0 { 3 } else { 0 }
            );
            assert_eq!(report.types_without_file.len(), [0, 3, 1][number], "{api} {fault}");
        }
    }
}

#[test]
fn every_endpoint_and_encryption() {
    let bench = Bench::of(Api::V1);
    let wanted = records(&bench.folder.path().join("data"));
    let running = bench.serve(&[]);
    let levels = [
        ("runout", Level::Group("runout".to_owned()), wanted.len()),
        ("patient", Level::Patient, wanted.len()),
    ];
    for (name, level, count) in levels {
        bench.export(&running, name, level).unwrap();
        assert_eq!(bench.records(name).len(), count, "{name}");
    }
    bench.export(&running, "coverage", Level::Type("Coverage".to_owned())).unwrap();
    let coverage = bench.records("coverage");
    assert!(
        !coverage.is_empty()
            && coverage.iter().all(|line| line.contains("\"resourceType\":\"Coverage\""))
    );
    let error = bench.export(&running, "none", Level::Group("other".to_owned())).unwrap_err();
    assert_eq!(error.status(), Some(400));
    assert!(error.to_string().contains("group"), "{error}");
    let jobs = block_on(bench.server(&running).jobs()).unwrap();
    assert_eq!(jobs.len(), 3);
    assert!(jobs.iter().all(|job| job.status == "completed"), "{jobs:?}");
}

#[test]
fn a_run_stopped_at_any_file_is_finished_by_the_next() {
    let mut bench = Bench::of(Api::V1);
    bench.settings.parallel = 1;
    let wanted = records(&bench.folder.path().join("data"));
    let running = bench.serve(&[]);
    let all_files = bench.export(&running, "whole", all()).unwrap().files.len();
    for stop_after in 0..all_files {
        /// Ends the run when so many files are there.
        struct Stop(CancellationToken, std::sync::atomic::AtomicUsize);
        impl bulk_client::Observer for Stop {
            fn download_started(&self, _: &bulk_client::FileStart<'_>) {
                if self.1.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) == 0 {
                    self.0.cancel();
                }
            }
        }
        let cancel = CancellationToken::new();
        let stop = Stop(cancel.clone(), stop_after.into());
        let base = bulk_client::fhir_base(running.url().trim_end_matches('/'), None).unwrap();
        let known = running.credentials().unwrap();
        let auth = Auth::Basic {
            credentials: bulk_client::Credentials::new(&known.id, &known.secret),
            token_url: bulk_client::bcda_token_url(&base),
        };
        let server =
            Server::new(base, auth, bench.settings.clone(), None, std::sync::Arc::new(stop))
                .unwrap();
        let request =
            ExportRequest { types: TYPES.map(str::to_owned).to_vec(), ..ExportRequest::new(all()) };
        let name = format!("stopped-{stop_after}");
        let export = common::usually(request, bench.out(&name));
        let error = block_on(export.run(&server, &cancel)).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted);
        let report = bench.export(&running, &name, all()).unwrap();
        assert_eq!(report.already_there, stop_after);
        assert!(bench.records(&name) == wanted);
    }
}
