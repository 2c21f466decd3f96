//! Standard input and output as they were given.
//!
//! The standard library opens /dev/null where one of them is closed, and takes a descriptor that cannot be read or
//! written for an end of input or for a reader of everything. Data that was wanted would be gone, and the run a success.

use std::io::{self, StdoutLock, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use rustix::fs::{OFlags, fcntl_getfl};

use crate::failure::Failure;

static INPUT_CLOSED: AtomicBool = AtomicBool::new(false);
static OUTPUT_CLOSED: AtomicBool = AtomicBool::new(false);

/// Looks at the descriptors before the standard library does. Afterwards nothing tells its /dev/null from one that
/// was given: many programs open theirs for reading and writing, too.
extern "C" fn look() {
    let closed = |descriptor| rustix::io::fcntl_getfd(descriptor).is_err();
    INPUT_CLOSED.store(closed(rustix::stdio::stdin()), Ordering::Relaxed);
    OUTPUT_CLOSED.store(closed(rustix::stdio::stdout()), Ordering::Relaxed);
}

// SAFETY: the section is an array of C functions, which are called one after the other before `main`. This one makes
// two system calls and sets two flags: it uses nothing that the standard library has not begun yet, and cannot panic.
#[allow(unsafe_code, reason = "code of ours before `main` has no other way in")]
#[cfg_attr(target_os = "macos", unsafe(link_section = "__DATA,__mod_init_func"))]
#[cfg_attr(not(target_os = "macos"), unsafe(link_section = ".init_array"))]
#[used]
static BEFORE_MAIN: extern "C" fn() = look;

/// Standard output, if something can be written there.
pub(crate) fn output() -> Result<StdoutLock<'static>, Failure> {
    let writes = fcntl_getfl(io::stdout()).is_ok_and(|flags| flags.intersects(WRITES));
    if OUTPUT_CLOSED.load(Ordering::Relaxed) || !writes {
        let message = "standard output is closed or cannot be written to; give it a file or a pipe, or /dev/null if \
                       the output is not wanted";
        return Err(Failure::new(1, message));
    }
    Ok(io::stdout().lock())
}

const WRITES: OFlags = OFlags::WRONLY.union(OFlags::RDWR);

/// Standard input, as it may be named.
const STDIN: [&str; 4] = ["-", "/dev/stdin", "/dev/fd/0", "/proc/self/fd/0"];

/// Fails if standard input, which one of the inputs asks for, is closed or cannot be read.
pub(crate) fn check_input(inputs: &[String]) -> Result<(), Failure> {
    if !inputs.iter().any(|input| STDIN.contains(&input.as_str())) {
        return Ok(());
    }
    let reads = fcntl_getfl(io::stdin()).is_ok_and(|flags| !flags.intersects(OFlags::WRONLY));
    if INPUT_CLOSED.load(Ordering::Relaxed) || !reads {
        let message = "standard input is closed or cannot be read; give it a file or a pipe, or /dev/null if there \
                       is no input";
        return Err(Failure::new(1, message));
    }
    Ok(())
}

/// How many characters a line of the terminal has that standard output is, if it is one.
pub(crate) fn width() -> Option<u16> {
    let size = rustix::termios::tcgetwinsize(io::stdout()).ok()?;
    Some(size.ws_col).filter(|columns| *columns > 0)
}

/// How many characters a line has that is fitted to its place: as many as the terminal's lines have, or COLUMNS says; in a
/// file or a pipe as many as most terminals show.
pub(crate) fn line_width() -> usize {
    let said = || std::env::var("COLUMNS").ok()?.parse().ok().filter(|columns| *columns > 0);
    width().or_else(said).map_or(UNSEEN_WIDTH, usize::from)
}

/// Characters of a line that is fitted and goes to no terminal.
const UNSEEN_WIDTH: usize = 100;

/// Writes text to standard output.
pub(crate) fn print(text: &str) -> Result<u8, Failure> {
    write(|output| output.write_all(text.as_bytes()))
}

/// Writes data to standard output; a reader that has gone is a normal end.
pub(crate) fn write(
    data: impl FnOnce(&mut StdoutLock<'static>) -> io::Result<()>,
) -> Result<u8, Failure> {
    let mut output = output()?;
    match data(&mut output).and_then(|()| output.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::new(1, format!("write to standard output failed: {error}")))
        }
        _ => Ok(0),
    }
}
