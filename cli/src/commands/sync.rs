//! `bcda sync`. Its options are in [`args`], what is shown of a run in [`shown`].

mod args;
mod shown;

use sync::Request;

pub(crate) use self::args::SyncArgs;
use self::shown::Told;
use crate::failure::{Failure, spelled};
use crate::log::Log;
use crate::reading_args::option;
use crate::signals;

pub(crate) fn run(arguments: &SyncArgs, log: Log) -> Result<u8, Failure> {
    let tables = arguments.dir.join("tables");
    for output in [&tables, &arguments.dir.join("exports")] {
        arguments.files.check(output)?;
    }
    let request = Request {
        given: args::given(arguments)?,
        drop_old: arguments.drop_old,
        error_bodies: arguments.error_bodies.clone(),
        spelling: sync::Spelling {
            option: |key| format!("--{key}"),
            export: spelled,
            tables: option,
        },
        ..Request::new(arguments.dir.clone())
    };
    let caught = signals::listen_with(request.ender())
        .map_err(|error| Failure::new(1, format!("listening for signals failed: {error}")))?;
    let told = Told::new(log, arguments)?;
    let ran = sync::run(&request, &told);
    told.clear();
    let outcome = ran.map_err(|error| {
        let signal = caught.exit_code().filter(|_| error.is_interruption());
        let code = signal.unwrap_or_else(|| error.exit_code());
        Failure::new(code, error.spelled(request.spelling))
    })?;
    arguments.files.write_page(&tables, log)?;
    Ok(outcome.exit_code)
}
