//! How does a test get a small network of its own?
//!
//! Its program starts itself again in namespaces whose life is that of the copy's first process. That needs
//! root, or a system where any user may make namespaces. It happens before there is a second thread, which
//! is why such tests do without the usual harness.

use std::env;
use std::io::Read;
use std::path::Path;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

/// The first word of the copy that lives within.
pub(crate) const WITHIN: &str = "within";

/// Whether there is such a program.
pub(crate) fn has(program: &str) -> bool {
    let path = env::var("PATH").unwrap_or_default() + ":/usr/sbin:/sbin";
    path.split(':').any(|folder| Path::new(folder).join(program).exists())
}

/// Starts the copy and waits for its end; says so where that cannot be done here.
pub(crate) fn start(needed: &[&str], words: &[String]) -> ExitCode {
    let lacking: Vec<_> = needed.iter().copied().filter(|it| !has(it)).collect();
    if !lacking.is_empty() {
        println!("left out: there is no {}", lacking.join(", no "));
        return ExitCode::SUCCESS;
    }
    // Whether namespaces can be made is found out by making some.
    match unshare().arg("true").output() {
        Ok(tried) if tried.status.success() => {}
        Ok(tried) => {
            let said = String::from_utf8_lossy(&tried.stderr);
            println!("left out: namespaces cannot be made here: {}", said.trim());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            println!("left out: unshare: {error}");
            return ExitCode::SUCCESS;
        }
    }
    let program = env::current_exe().expect("this program");
    let mut child = unshare();
    child.arg(program).arg(WITHIN).args(words).stdin(Stdio::piped());
    let mut child = child.spawn().expect("unshare");
    // Held until it ends; waiting would close it.
    let held = child.stdin.take();
    let status = child.wait().expect("its end");
    drop(held);
    ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
}

/// Who started us holds the other end: when it is killed, so are we, and all we started with us.
pub(crate) fn hang() {
    thread::spawn(|| {
        _ = std::io::stdin().read(&mut [0]);
        std::process::exit(130);
    });
}

/// A command in namespaces of its own: when its first process ends, everything in them does.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    command
}
