//! The program itself on a terminal, listening in a namespace of its own: rows stand under their headers at
//! every width, and whatever ends it the terminal is as before.

mod segments;
mod stage;

use std::fs::File;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::os::fd::AsFd;
use std::os::unix::fs::MetadataExt;
use std::process::{Child, Command};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sched::{CloneFlags, setns};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{LocalFlags, tcgetattr};
use nix::unistd::Pid;
use stage::Shot;
use stage::aligned::is_aligned;

/// Longer than anything takes on a machine that has much else to do.
const PATIENCE: Duration = Duration::from_secs(30);

/// A network namespace with nothing but a loopback interface, gone when the test ends.
struct Namespace(String);

impl Namespace {
    fn new(name: &str) -> Self {
        let namespace = Self(format!("table-{name}-{}", std::process::id()));
        ip(&["netns", "add", &namespace.0]);
        ip(&["-n", &namespace.0, "link", "set", "lo", "up"]);
        namespace
    }

    /// Talks in it until it is dropped.
    fn traffic(&self) -> Traffic {
        let space = File::open(format!("/run/netns/{}", self.0)).expect("a namespace");
        let is_over = Arc::new(AtomicBool::new(false));
        let talks = Arc::clone(&is_over);
        let talker = thread::spawn(move || {
            setns(space, CloneFlags::CLONE_NEWNET).expect("to enter it");
            talk_to_itself(&talks);
        });
        Traffic { is_over, talker: Some(talker) }
    }
}

impl Drop for Namespace {
    fn drop(&mut self) {
        _ = Command::new("ip").args(["netns", "del", &self.0]).status();
    }
}

/// Answers that name 127.0.0.2 in Korean, a connection that goes on, some that end, some that are refused.
struct Traffic {
    is_over: Arc<AtomicBool>,
    talker: Option<JoinHandle<()>>,
}

impl Drop for Traffic {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
        let ended = self.talker.take().map(JoinHandle::join);
        assert!(thread::panicking() || ended.is_none_or(|ended| ended.is_ok()), "nothing was said");
    }
}

fn ip(arguments: &[&str]) {
    assert!(Command::new("ip").args(arguments).status().expect("ip").success(), "{arguments:?}");
}

fn is_root() -> bool {
    let is_root = std::fs::metadata("/proc/self").expect("proc").uid() == 0;
    if !is_root {
        eprintln!("skipped: only root may make a network namespace and listen in it");
    }
    is_root
}

/// The program on a terminal of our own.
struct Session {
    child: Child,
    terminal: pty_process::blocking::Pty,
    screen: Arc<Mutex<vt100::Parser>>,
}

impl Session {
    fn begin(namespace: &Namespace, arguments: &[&str], size: (u16, u16)) -> Self {
        let (terminal, line) = pty_process::blocking::open().expect("a terminal");
        terminal.resize(pty_process::Size::new(size.1, size.0)).expect("a size");
        let mut command = pty_process::blocking::Command::new("ip");
        command = command.args(["netns", "exec", &namespace.0, env!("CARGO_BIN_EXE_wiretale")]);
        command = command.args(arguments).env("LC_ALL", "C.UTF-8").env("TERM", "xterm-256color");
        command = command.env_remove("NO_COLOR");
        let child = command.spawn(line).expect("ip");
        let lines = |count: u16| count.try_into().expect("a size");
        let screen = vt100::Parser::new(lines(size.1), lines(size.0), 0);
        let screen = Arc::new(Mutex::new(screen));
        let reader = terminal.as_fd().try_clone_to_owned().expect("a handle");
        let shown = screen.clone();
        thread::spawn(move || {
            let mut reader = File::from(reader);
            let mut octets = [0; 4096];
            while let Ok(count @ 1..) = reader.read(&mut octets) {
                shown.lock().expect("a screen").process(&octets[..count]);
            }
        });
        Self { child, terminal, screen }
    }

    fn resize(&self, width: u16, height: u16) {
        let lines = |count: u16| count.try_into().expect("a size");
        self.screen.lock().expect("a screen").set_size(lines(height), lines(width));
        self.terminal.resize(pty_process::Size::new(height, width)).expect("a size");
    }

    fn types(&mut self, keys: &str) {
        self.terminal.write_all(keys.as_bytes()).expect("a keyboard");
    }

    fn shot(&self) -> Shot {
        Shot::of_screen(self.screen.lock().expect("a screen").screen())
    }

    /// Waits until the screen is so.
    fn awaits(&self, what: &str, is_so: impl Fn(&Shot) -> bool) -> Shot {
        let begun = Instant::now();
        loop {
            let shot = self.shot();
            if is_so(&shot) {
                return shot;
            }
            assert!(begun.elapsed() < PATIENCE, "no {what}:\n{}", shot.text());
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// The program ended well, and the terminal is as before.
    fn ends(mut self) -> String {
        let begun = Instant::now();
        let status = loop {
            if let Some(status) = self.child.try_wait().expect("a child") {
                break status;
            }
            assert!(begun.elapsed() < PATIENCE, "it does not end:\n{}", self.shot().text());
            thread::sleep(Duration::from_millis(20));
        };
        let shot = self.awaits("summary", |shot| shot.text().contains("packets captured, "));
        assert_eq!(status.code(), Some(0), "{}", shot.text());
        let screen = self.screen.lock().expect("a screen");
        assert!(!screen.screen().alternate_screen() && !screen.screen().hide_cursor());
        let modes = tcgetattr(&self.terminal).expect("modes").local_flags;
        assert!(modes.contains(LocalFlags::ICANON | LocalFlags::ECHO | LocalFlags::ISIG));
        shot.text()
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

#[test]
fn rows_stand_under_their_headers_while_real_packets_come_and_the_terminal_is_resized() {
    if !is_root() {
        return;
    }
    let namespace = Namespace::new("widths");
    let mut session = Session::begin(&namespace, &["flows", "-i", "lo"], (80, 24));
    session.awaits("picture", |shot| shot.text().contains("no conversation so far"));
    assert!(session.screen.lock().expect("a screen").screen().alternate_screen());
    let traffic = namespace.traffic();
    for (width, height) in [(80, 24), (100, 30), (160, 40), (80, 40), (160, 24)] {
        session.resize(width, height);
        let shot = session.awaits("Korean name", |shot| {
            let header = shot.line(1);
            let is_of_this_width = header.contains("resent")
                && header.contains("last") == (width > 80)
                && header.contains("windows") == (width > 100);
            let text = shot.text();
            is_of_this_width
                && shot.line(usize::from(height) - 1).starts_with("q end")
                && text.contains("서버.한국")
                && text.contains("connected")
                && text.contains("refused")
        });
        assert!(is_aligned(&shot) > 3, "{}", shot.text());
    }
    session.types("n");
    session.awaits("other order", |shot| shot.text().contains("[n new]"));
    drop(traffic);
    session.types("q");
    let told = session.ends();
    assert!(told.contains("Conversations  ") || told.contains("--top 0 tells all"), "{told}");
}

#[test]
fn whose_the_ends_are_has_a_column_of_its_own() {
    if !is_root() {
        return;
    }
    let namespace = Namespace::new("whose");
    let _traffic = namespace.traffic();
    let session = Session::begin(&namespace, &["flows", "-i", "lo", "--proc"], (160, 40));
    for (width, height) in [(160, 40), (100, 30), (80, 24)] {
        session.resize(width, height);
        let shot = session.awaits("process", |shot| {
            let is_of_this_width = shot.line(usize::from(height) - 1).starts_with("q end");
            let mut rows = shot.rows().into_iter();
            // What goes on: of others the process may have gone.
            let row = rows.find(|row| row.contains("joined"));
            is_of_this_width && row.is_some_and(|row| row.contains("live_termina"))
        });
        let number = format!("[{}]", std::process::id());
        assert!(width < 160 || shot.text().contains(&number), "{}", shot.text());
        assert!(shot.line(1).contains("process"), "{}", shot.text());
        assert!(is_aligned(&shot) > 0, "{}", shot.text());
    }
}

#[test]
fn whatever_ends_it_the_terminal_is_as_before() {
    if !is_root() {
        return;
    }
    for end in ["\x03", "SIGTERM", "SIGHUP", "--for"] {
        let namespace = Namespace::new("ends");
        let span = if end == "--for" { "1s" } else { "1h" };
        let arguments = ["flows", "-i", "lo", "--for", span];
        let mut session = Session::begin(&namespace, &arguments, (80, 24));
        session.awaits("picture", |shot| shot.text().contains("no conversation so far"));
        let pid = Pid::from_raw(session.child.id().cast_signed());
        match end {
            "SIGTERM" => kill(pid, Signal::SIGTERM).expect("a signal"),
            "SIGHUP" => kill(pid, Signal::SIGHUP).expect("a signal"),
            "--for" => {}
            keys => session.types(keys),
        }
        let told = session.ends();
        assert!(told.contains("Conversations  0"), "{end:?}: {told}");
        assert!(told.contains("lo: 0 packets captured"), "{end:?}: {told}");
    }
}

#[test]
fn on_a_terminal_that_cannot_be_drawn_on_lines_leave_when_they_are_final() {
    if !is_root() {
        return;
    }
    let namespace = Namespace::new("dumb");
    let (terminal, line) = pty_process::blocking::open().expect("a terminal");
    let mut command = pty_process::blocking::Command::new("ip");
    command = command.args(["netns", "exec", &namespace.0, env!("CARGO_BIN_EXE_wiretale")]);
    command = command.args(["flows", "-i", "lo", "--for", "1s"]).env("TERM", "dumb");
    let mut child = command.spawn(line).expect("ip");
    let mut told = Vec::new();
    // The end of a terminal's line is an error to who reads it.
    _ = (&terminal).read_to_end(&mut told);
    assert!(child.wait().expect("a child").success());
    let told = String::from_utf8_lossy(&told).into_owned();
    assert!(!told.contains('\x1b') && told.contains("lo: 0 packets captured"), "{told:?}");
}

fn talk_to_itself(is_over: &AtomicBool) {
    let namer = UdpSocket::bind("127.0.0.1:53").expect("a socket");
    let asker = UdpSocket::bind("127.0.0.1:0").expect("a socket");
    let server = TcpListener::bind("127.0.0.2:8080").expect("a socket");
    let mut stream = TcpStream::connect("127.0.0.2:8080").expect("a connection");
    let (mut other, _) = server.accept().expect("a connection");
    while !is_over.load(Ordering::Relaxed) {
        let name = "서버.한국.example";
        let mut answer = vec![0, 1, 0x81, 0x80, 0, 1, 0, 1, 0, 0, 0, 0];
        for label in name.split('.') {
            answer.push(label.len() as u8);
            answer.extend(label.bytes());
        }
        answer.extend([0, 0, 1, 0, 1, 0xc0, 0x0c, 0, 1, 0, 1, 0, 0, 0, 60, 0, 4, 127, 0, 0, 2]);
        namer.send_to(&answer, asker.local_addr().expect("an address")).expect("an answer");
        let mut octets = [0; 5000];
        stream.write_all(&octets).expect("a connection");
        other.read_exact(&mut octets).expect("a connection");
        let short = TcpStream::connect("127.0.0.2:8080").expect("a connection");
        let accepted = server.accept().expect("a connection");
        drop((short, accepted));
        assert!(TcpStream::connect("127.0.0.2:9").is_err());
        thread::sleep(Duration::from_millis(300));
    }
}
