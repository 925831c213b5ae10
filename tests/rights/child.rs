//! A process that gives up everything, tells what is left, and tries what it should not be able to do.

use std::fs;
use std::io;
use std::net::TcpStream;
use std::process::{Command, ExitCode};
use std::thread;
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::unistd::{Pid, Uid, setuid};
use wiretale::capture::rights::{Rights, leave_processes};

/// Gives up everything, tells what is left, and tries what the words say.
pub(super) fn run(words: &[String]) -> ExitCode {
    match live(words) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error:#}");
            ExitCode::FAILURE
        }
    }
}

fn live(words: &[String]) -> anyhow::Result<()> {
    let mut words = words.iter().map(String::as_str).peekable();
    if words.next_if_eq(&"probe").is_some() {
        println!("{}", packet_socket());
        return Ok(());
    }
    let user = words.next_if_eq(&"-Z").and_then(|_| words.next());
    let mut rights = Rights::of(user).map_err(|error| error.context("user"))?;
    if words.next_if_eq(&"before").is_some() {
        println!("packet socket before {}", packet_socket());
    }
    while let Some(word) = words.next_if(|word| {
        ["write", "read-later", "count", "commands", "processes", "thread"].contains(word)
    }) {
        rights = match word {
            "write" => rights.may_write(words.next().expect("a folder")),
            "read-later" => rights.may_read(words.next().expect("a file")),
            "count" => rights.may_count(words.next().expect("an interface")),
            "commands" => rights.may_run_commands(),
            "processes" => rights.may_see_processes(),
            _ => {
                thread::spawn(thread::park);
                rights
            }
        };
    }
    let begin = Instant::now();
    let left = rights.give_up()?;
    println!("micros {}", begin.elapsed().as_micros());
    println!("left {left:?}");
    println!("dumpable {}", prctl::get_dumpable()?);
    println!("packet socket now {}", packet_socket());
    println!("setuid(0) {}", code(setuid(Uid::from_raw(0)).map_err(Into::into)));
    println!("ready");
    // Until the parent has looked at us: the fence is between us and /proc.
    io::stdin().read_line(&mut String::new())?;
    while let Some(word) = words.next() {
        println!("try {}", code(attempt(word, &mut || words.next().expect("with something"))));
    }
    Ok(())
}

fn attempt<'w>(what: &str, next: &mut dyn FnMut() -> &'w str) -> io::Result<()> {
    let with = next();
    match what {
        "create" => fs::File::options().write(true).create_new(true).open(with).map(drop),
        "truncate" => fs::File::options().write(true).open(with)?.set_len(0),
        "rename" => fs::rename(with, next()),
        "remove" => fs::remove_file(with),
        "see" => fs::read_link(format!("/proc/{with}/fd/0")).map(drop),
        "leave" => leave_processes().map_err(io::Error::other),
        "read" => fs::read(with).map(drop),
        "connect" => TcpStream::connect(format!("127.0.0.1:{with}")).map(drop),
        "signal" => {
            let id = Pid::from_raw(with.parse().expect("a number"));
            kill(id, Signal::SIGTERM).map_err(Into::into)
        }
        "run" => {
            let output = Command::new(with).args(["child", "probe"]).output()?;
            println!("run {}", String::from_utf8_lossy(&output.stdout).trim_end());
            Ok(())
        }
        other => unreachable!("{other}"),
    }
}

/// Whether frames could be captured.
fn packet_socket() -> String {
    let opened = socket(AddressFamily::Packet, SockType::Raw, SockFlag::empty(), None);
    code(opened.map(drop).map_err(Into::into))
}

/// The system's name of an error, or 0.
fn code(result: io::Result<()>) -> String {
    match result {
        Ok(()) => "0".to_owned(),
        Err(error) => {
            format!("{:?}", error.raw_os_error().map_or(Errno::UnknownErrno, Errno::from_raw))
        }
    }
}
