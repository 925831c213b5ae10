//! How far the reading of a long file has come is shown to who waits for it, and to nobody else.

mod folder;

use std::fs::{self, File};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use folder::Folder;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// What was seen on a terminal, and what it shows in the end.
struct Seen {
    written: String,
    left: String,
}

impl Seen {
    fn has_bar(&self) -> bool {
        self.written.contains(" packets/s")
    }
}

/// Octets of a capture that takes a while; the last of them are compressed, too.
fn long() -> Vec<u8> {
    let one = fs::read("fixtures/http-get.pcap").expect("a fixture");
    let (header, packets) = one.split_at(24);
    [header, &packets.repeat(30_000_000 / packets.len())].concat()
}

/// One such file for all tests.
fn file() -> &'static Path {
    static FILE: OnceLock<PathBuf> = OnceLock::new();
    FILE.get_or_init(|| {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("bar-long.pcap");
        fs::write(&path, long()).expect("a file");
        path
    })
}

/// It has no time at all for more than a second: so long it takes, then, whatever the machine.
fn hold_up(child: &Child) {
    let pid = Pid::from_raw(child.id().cast_signed());
    thread::sleep(Duration::from_millis(30));
    kill(pid, Signal::SIGSTOP).expect("a signal");
    thread::sleep(Duration::from_millis(1100));
    kill(pid, Signal::SIGCONT).expect("a signal");
}

/// Runs it on a terminal of our own, with standard output somewhere else if that is given.
fn on_terminal(arguments: &[&str], environment: &[(&str, &str)], stdout: Option<File>) -> Seen {
    let (mut terminal, line) = pty_process::blocking::open().expect("a terminal");
    terminal.resize(pty_process::Size::new(100, 80)).expect("a size");
    let mut command = pty_process::blocking::Command::new(env!("CARGO_BIN_EXE_wiretale"));
    command = command.args(arguments).env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color");
    command = command.env_remove("NO_COLOR").envs(environment.iter().copied());
    if let Some(stdout) = stdout {
        command = command.stdout(stdout);
    }
    let mut child = command.spawn(line).expect("wiretale");
    let holder = thread::spawn(move || {
        hold_up(&child);
        child.wait().expect("a child")
    });
    let mut written = Vec::new();
    // The end of a terminal's line is an error to who reads it.
    _ = terminal.read_to_end(&mut written);
    assert!(holder.join().expect("a status").success());
    let size = |count: u16| count.try_into().expect("a size");
    let mut screen = vt100::Parser::new(size(100), size(80), 0);
    screen.process(&written);
    assert!(!screen.screen().hide_cursor());
    let written = String::from_utf8(written).expect("UTF-8");
    Seen { written, left: screen.screen().contents() }
}

fn path() -> &'static str {
    file().to_str().expect("UTF-8")
}

#[test]
fn who_waits_for_a_long_file_sees_how_far_it_is_until_the_answer_comes() {
    let seen = on_terminal(&["tell", path()], &[], None);
    assert!(seen.has_bar() && seen.written.contains(" MB of 29.9"), "{:?}", seen.written);
    assert!(seen.written.contains("s left, ") && seen.written.contains('█'), "{:?}", seen.written);
    assert!(!seen.left.contains("packets/s") && !seen.left.contains('█'), "{}", seen.left);
    assert!(seen.left.contains("bar-long.pcap"), "{}", seen.left);
}

#[test]
fn of_a_compressed_file_the_compressed_octets_count() {
    let folder = Folder::new("bar-gzip");
    let path = folder.path("long.pcap.gz");
    let mut packed = GzEncoder::new(File::create(&path).expect("a file"), Compression::fast());
    packed.write_all(&long()).expect("room");
    packed.finish().expect("room");
    let len = u32::try_from(fs::metadata(&path).expect("a file").len()).expect("a small one");
    let seen = on_terminal(&["tell", "--ascii", path.to_str().expect("UTF-8")], &[], None);
    assert!(len < 3_000_000 && seen.has_bar(), "{:?}", seen.written);
    let whole = seen.written.split(" of ").nth(1).and_then(|rest| rest.split([',', ' ']).next());
    let whole: f64 = whole.and_then(|whole| whole.parse().ok()).expect("how many");
    let is_all = |unit: f64| (whole * unit - f64::from(len)).abs() < 1e3;
    assert!(is_all(1e6) || is_all(1e3), "{len} octets: {:?}", seen.written);
    assert!(seen.written.contains('#') && !seen.written.contains('█'), "{:?}", seen.written);
}

#[test]
fn an_answer_in_a_file_is_the_same_with_a_bar_beside_it() {
    let folder = Folder::new("bar-beside");
    let to = folder.path("answer");
    let stdout = File::create(&to).expect("a file");
    let seen = on_terminal(&["packets", "--json", "-e", "frame.len", path()], &[], Some(stdout));
    assert!(seen.has_bar() && seen.left.trim().is_empty(), "{}", seen.left);
    let told = fs::read(&to).expect("a file");
    let alone = Command::new(env!("CARGO_BIN_EXE_wiretale"))
        .args(["packets", "--json", "-e", "frame.len", path()])
        .stderr(Stdio::piped())
        .output()
        .expect("wiretale");
    assert!(told == alone.stdout && alone.stderr.is_empty());
}

#[test]
fn where_lines_come_one_by_one_there_is_no_bar_between_them() {
    let seen = on_terminal(&["packets", "-Y", "frame.number < 10", path()], &[], None);
    assert!(!seen.has_bar() && seen.left.contains("www.lab.example"), "{}", seen.left);
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let lines = thread::spawn(move || {
        let mut told = Vec::new();
        reader.read_to_end(&mut told).map(|_| told.len())
    });
    let stdout = File::from(std::os::fd::OwnedFd::from(writer));
    let seen = on_terminal(&["packets", path()], &[], Some(stdout));
    assert!(!seen.has_bar(), "who reads the pipe may write here: {:?}", seen.written);
    assert!(lines.join().expect("a thread").expect("a pipe") > 1_000_000);
}

#[test]
fn where_nothing_can_be_drawn_or_nothing_is_to_be_printed_there_is_no_bar() {
    assert!(!on_terminal(&["tell", path()], &[("TERM", "dumb")], None).has_bar());
    let quiet = on_terminal(&["check", "-q", "-e", "rtt<1h", path()], &[], None);
    assert!(quiet.written.is_empty(), "{:?}", quiet.written);
    let coloured = on_terminal(&["tell", path()], &[("NO_COLOR", "1")], None);
    assert!(coloured.has_bar() && !coloured.written.contains("\x1b[3"), "{:?}", coloured.written);
}

#[test]
fn a_short_file_and_a_standard_error_that_is_no_terminal_get_no_bar() {
    assert!(!on_terminal(&["tell", "fixtures/http-get.pcap"], &[], None).has_bar());
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretale"));
    command.args(["tell", path()]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let child = command.spawn().expect("wiretale");
    hold_up(&child);
    let output = child.wait_with_output().expect("wiretale");
    assert!(output.status.success() && output.stderr.is_empty());
    assert!(!String::from_utf8_lossy(&output.stdout).contains("packets/s"));
}
