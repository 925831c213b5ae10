//! Runs, says what went wrong, and chooses the exit code.

use std::process::ExitCode;

fn main() -> ExitCode {
    match wiretale::cli::run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("wiretale: {error:#}");
            ExitCode::FAILURE
        }
    }
}
