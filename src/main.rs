//! Runs, says what went wrong, and chooses the exit code.

use std::io::{self, Write};
use std::process::ExitCode;

use wiretale::cli;

fn main() -> ExitCode {
    match cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever read our output has had enough: that is no failure.
        Err(error) if is_broken_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            if let Some(cli::Ended(code)) = error.downcast_ref() {
                return ExitCode::from(*code);
            }
            // Nobody may read it any more; the exit code is there all the same.
            _ = writeln!(io::stderr(), "wiretale: {error:#}");
            ExitCode::from(if error.is::<cli::Usage>() { 2 } else { 1 })
        }
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
}
