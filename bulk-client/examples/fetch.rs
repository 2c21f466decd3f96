//! Fetches an export with the credentials of `BCDA_CLIENT_ID` and `BCDA_CLIENT_SECRET`:
//! `cargo run --release -p bcda-bulk-client --example fetch -- http://localhost:3000 OUT`.
#![allow(clippy::print_stdout, reason = "this is a program")]

use std::env;
use std::sync::Arc;

use bulk_client::{
    Auth, Begin, CancellationToken, Credentials, Export, ExportRequest, Level, Server, Settings,
    bcda_token_url, block_on, fhir_base,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut words = env::args().skip(1);
    let (Some(url), Some(out)) = (words.next(), words.next()) else {
        return Err("usage: fetch URL OUT".into());
    };
    let base = fhir_base(&url, None)?;
    let auth = Auth::Basic {
        credentials: Credentials::new(env::var("BCDA_CLIENT_ID")?, env::var("BCDA_CLIENT_SECRET")?),
        token_url: bcda_token_url(&base),
    };
    let server = Server::new(base, auth, Settings::default(), None, Arc::new(()))?;
    let export = Export {
        request: ExportRequest::new(Level::Group("all".into())),
        out: out.into(),
        begin: Begin::Usual,
        decryption: None,
        since_last: false,
    };
    let report = block_on(export.run(&server, &CancellationToken::new()))?;
    println!("{} bytes in {:.2} s", report.bytes(), report.took.as_secs_f64());
    Ok(())
}
