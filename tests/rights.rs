//! What may we do, and is it given up for good? Asked of processes that give up everything.
//!
//! This program starts copies of itself, as several users and with several rights. Each gives up what
//! it has, tells what is left, and tries what it should not be able to do. Without the usual test
//! harness, because rights are given up before there is a second thread.

use std::env;
use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};
use std::thread;
use std::time::Instant;

use nix::errno::Errno;
use nix::sys::prctl;
use nix::sys::signal::{Signal, kill};
use nix::sys::socket::{AddressFamily, SockFlag, SockType, socket};
use nix::unistd::{Pid, Uid, geteuid, setuid};
use wiretale::capture::rights::Rights;

/// A test and what it shows.
type Test = (&'static str, fn(&Place));

const TESTS: [Test; 12] = [
    ("root_without_a_user_stays_root_without_any_capability", root_stays_root_without_capabilities),
    ("root_becomes_who_asked_sudo_for_it", root_becomes_who_asked_sudo),
    ("a_user_that_is_named_wins", a_user_that_is_named_wins),
    ("what_is_no_user_is_found_before_anything_is_given_up", what_is_no_user_is_found),
    ("an_ordinary_user_stays_who_it_is", an_ordinary_user_stays_who_it_is),
    ("capabilities_of_a_file_are_gone", capabilities_of_a_file_are_gone),
    ("capabilities_that_were_handed_down_are_gone", capabilities_handed_down_are_gone),
    ("a_file_that_is_marked_to_run_as_root_does_not", a_file_marked_to_run_as_root_does_not),
    ("a_bounding_set_out_of_our_hands_is_harmless", a_bounding_set_out_of_our_hands),
    ("root_of_a_user_namespace_gives_up_what_it_has", root_of_a_user_namespace),
    ("nothing_but_what_is_permitted_is_within_reach", nothing_else_is_within_reach),
    ("with_a_second_thread_nothing_is_believed", with_a_second_thread),
];

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "child") {
        return child(&words[1..]);
    }
    if words.iter().any(|word| word == "--list") {
        for (name, _) in TESTS {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    if !geteuid().is_root() {
        println!("skipped: only root can start processes with and without rights");
        return ExitCode::SUCCESS;
    }
    let place = Place::new();
    let wanted = |name: &str| {
        let mut filters = words.iter().filter(|word| !word.starts_with('-')).peekable();
        filters.peek().is_none() || filters.any(|filter| name.contains(filter.as_str()))
    };
    for (name, test) in TESTS.iter().filter(|(name, _)| wanted(name)) {
        // A failure ends the program.
        test(&place);
        println!("test {name} ... ok");
    }
    ExitCode::SUCCESS
}

/// A folder that anybody can enter, with a copy of this program.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let place = env::temp_dir().join(format!("wiretale-rights-{}", std::process::id()));
        fs::create_dir(&place).expect("a folder");
        let this = Self(place);
        this.open("");
        for folder in ["within", "without"] {
            fs::create_dir(this.0.join(folder)).expect("a folder");
            this.open(folder);
        }
        fs::copy(env::current_exe().expect("this program"), this.program()).expect("a copy");
        this
    }

    /// Lets everybody do everything there, so that nothing but the fence forbids it.
    fn open(&self, folder: &str) {
        let mode = fs::Permissions::from_mode(0o777);
        fs::set_permissions(self.0.join(folder), mode).expect("our folder");
    }

    fn program(&self) -> PathBuf {
        self.0.join("program")
    }

    /// A copy of the program with capabilities of its own, if this file system has them.
    fn capable(&self, name: &str, capabilities: &str) -> PathBuf {
        let copy = self.0.join(name);
        fs::copy(self.program(), &copy).expect("a copy");
        let set = Command::new("setcap").arg(capabilities).arg(&copy).status().expect("setcap");
        assert!(set.success(), "setcap {capabilities}");
        copy
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}

/// Starts the program, by way of another one that takes rights from it, if there is one.
fn start(by: &[&str], program: &Path, words: &[&str]) -> Command {
    let mut command = match by {
        [] => Command::new(program),
        [first, others @ ..] => {
            let mut command = Command::new(first);
            command.args(others).arg(program);
            command
        }
    };
    command.arg("child").args(words).env_remove("SUDO_UID").env_remove("SUDO_GID");
    command
}

/// What a process told of itself after it had given up everything, and what the system says of it.
struct Told(String);

impl Told {
    fn by(command: &mut Command) -> Self {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut told = String::new();
        let mut output = BufReader::new(child.stdout.take().expect("a pipe"));
        while !told.ends_with("ready\n") {
            if output.read_line(&mut told).expect("UTF-8") == 0 {
                let output = child.wait_with_output().expect("an end");
                panic!("{told}{}", String::from_utf8_lossy(&output.stderr));
            }
        }
        for file in ["status", "limits"] {
            let path = format!("/proc/{}/{file}", child.id());
            told += &fs::read_to_string(path).expect("the process waits");
        }
        drop(child.stdin.take());
        output.read_to_string(&mut told).expect("UTF-8");
        let output = child.wait_with_output().expect("an end");
        assert!(output.status.success(), "{told}{}", String::from_utf8_lossy(&output.stderr));
        Self(told)
    }

    /// What stands behind some words at the beginning of a line.
    fn of(&self, words: &str) -> &str {
        let line = self.0.lines().find_map(|line| line.strip_prefix(words));
        line.unwrap_or_else(|| panic!("no {words} in {}", self.0)).trim()
    }

    /// The numbers of a line of /proc/PID/status.
    fn numbers(&self, word: &str) -> Vec<u32> {
        self.of(word).split_whitespace().map(|number| number.parse().expect("a number")).collect()
    }

    /// The process is of this user and may do nothing that others may not.
    fn has_no_rights(&self, uid: u32, gid: u32) {
        for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
            assert_eq!(self.of(set), "0000000000000000", "{set}");
        }
        assert_eq!(self.of("NoNewPrivs:"), "1");
        assert_eq!(self.numbers("Uid:"), [uid; 4]);
        assert_eq!(self.numbers("Gid:"), [gid; 4]);
        let limits: Vec<&str> = self.of("Max core file size").split_whitespace().collect();
        assert_eq!(limits, ["0", "0", "bytes"]);
        assert_eq!(self.of("dumpable"), "false");
        assert_eq!(self.of("packet socket now"), "EPERM");
        let is_root = self.of("left").contains("uid: 0,");
        assert_eq!(self.of("setuid(0)"), if is_root { "0" } else { "EPERM" });
    }

    fn has_no_bounding_set(&self) {
        assert_eq!(self.of("CapBnd:"), "0000000000000000");
        assert!(self.of("left").contains("bounding: false"), "{}", self.0);
    }
}

/// The one sentence of a process that refuses.
fn refusal(command: &mut Command) -> String {
    let output = command.output().expect("the program");
    assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stdout));
    String::from_utf8(output.stderr).expect("UTF-8").trim_end().to_owned()
}

const NOBODY: u32 = 65534;

fn root_stays_root_without_capabilities(place: &Place) {
    let by = ["setpriv", "--groups", "4,20", "--inh-caps", "+net_admin"];
    let told = Told::by(&mut start(&by, &place.program(), &[]));
    told.has_no_rights(0, 0);
    told.has_no_bounding_set();
    assert_eq!(told.numbers("Groups:"), []);
}

fn root_becomes_who_asked_sudo(place: &Place) {
    let mut command = start(&["setpriv", "--groups", "4,20"], &place.program(), &[]);
    let told = Told::by(command.env("SUDO_UID", "12345").env("SUDO_GID", "54321"));
    told.has_no_rights(12345, 54321);
    told.has_no_bounding_set();
    assert_eq!(told.numbers("Groups:"), []);
    let group = Told::by(start(&[], &place.program(), &[]).env("SUDO_UID", "65534"));
    group.has_no_rights(NOBODY, group.numbers("Gid:")[0]);
    let root =
        Told::by(start(&[], &place.program(), &[]).env("SUDO_UID", "0").env("SUDO_GID", "0"));
    root.has_no_rights(0, 0);
}

fn a_user_that_is_named_wins(place: &Place) {
    for name in ["daemon", "1"] {
        let mut command = start(&[], &place.program(), &["-Z", name]);
        let told = Told::by(command.env("SUDO_UID", "12345").env("SUDO_GID", "54321"));
        told.has_no_rights(1, 1);
        told.has_no_bounding_set();
    }
    Told::by(start(&[], &place.program(), &["-Z", "root"]).env("SUDO_UID", "1"))
        .has_no_rights(0, 0);
}

fn what_is_no_user_is_found(place: &Place) {
    for (name, shown) in [("no-such-user", "no-such-user"), ("\x1b[31m", r"\x1b[31m"), ("", "")] {
        let told = refusal(&mut start(&[], &place.program(), &["-Z", name]));
        assert_eq!(told, format!("user: -Z {shown}: there is no such user"));
    }
    for number in ["root", "-1", "4294967295", "", " 0", "\x1b"] {
        let told = refusal(start(&[], &place.program(), &[]).env("SUDO_UID", number));
        assert!(told.starts_with("user: SUDO_UID: ") && !told.contains('\x1b'), "{told}");
        let mut command = start(&[], &place.program(), &[]);
        let told = refusal(command.env("SUDO_UID", "1000").env("SUDO_GID", number));
        assert!(told.starts_with("user: SUDO_GID: "), "{told}");
    }
    let told = refusal(start(&[], &place.program(), &[]).env("SUDO_UID", "12345"));
    assert_eq!(told, "user: SUDO_UID is 12345, and SUDO_GID is not set");
    let told = refusal(start(&[], &place.program(), &["-Z", "daemon"]).uid(NOBODY).gid(NOBODY));
    assert!(told.starts_with("user: -Z daemon: only root becomes another user"), "{told}");
    let by = ["setpriv", "--bounding-set", "-setuid", "--inh-caps", "-setuid"];
    let told = refusal(&mut start(&by, &place.program(), &["-Z", "daemon"]));
    assert!(told.starts_with("user: -Z daemon: only root becomes another user"), "{told}");
}

fn an_ordinary_user_stays_who_it_is(place: &Place) {
    let by = ["setpriv", "--reuid", "65534", "--regid", "65534", "--groups", "4,20"];
    // What sudo says is for root to hear.
    let mut command = start(&by, &place.program(), &[]);
    let told = Told::by(command.env("SUDO_UID", "0").env("SUDO_GID", "0"));
    told.has_no_rights(NOBODY, NOBODY);
    assert_eq!(told.numbers("Groups:"), [4, 20]);
    Told::by(&mut start(&by, &place.program(), &["-Z", "nobody"])).has_no_rights(NOBODY, NOBODY);
}

fn capabilities_of_a_file_are_gone(place: &Place) {
    for (name, capabilities) in [("raw", "cap_net_raw=ep"), ("more", "cap_setuid,cap_net_raw=eip")]
    {
        let program = place.capable(name, capabilities);
        let mut command = start(&[], &program, &["before"]);
        let told = Told::by(command.uid(NOBODY).gid(NOBODY));
        assert_eq!(told.of("packet socket before"), "0");
        told.has_no_rights(NOBODY, NOBODY);
    }
}

fn capabilities_handed_down_are_gone(place: &Place) {
    let by = [
        "setpriv",
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
        "--inh-caps",
        "+net_raw,+setpcap",
        "--ambient-caps",
        "+net_raw,+setpcap",
    ];
    let told = Told::by(&mut start(&by, &place.program(), &["before"]));
    assert_eq!(told.of("packet socket before"), "0");
    told.has_no_rights(NOBODY, NOBODY);
    told.has_no_bounding_set();
}

fn a_file_marked_to_run_as_root_does_not(place: &Place) {
    let program = place.0.join("setuid");
    fs::copy(place.program(), &program).expect("a copy");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o6755)).expect("our file");
    let user = |words: &[&str]| {
        let mut command = start(&[], &program, words);
        command.uid(NOBODY).gid(NOBODY).env("SUDO_UID", "1").env("SUDO_GID", "1");
        command
    };
    let told = Told::by(&mut user(&["before"]));
    assert_eq!(told.of("packet socket before"), "0");
    told.has_no_rights(NOBODY, NOBODY);
    let told = refusal(&mut user(&["-Z", "daemon"]));
    assert!(told.starts_with("user: -Z daemon: only root becomes another user"), "{told}");
}

fn a_bounding_set_out_of_our_hands(place: &Place) {
    let by = ["setpriv", "--bounding-set", "-setpcap"];
    let capable = place.capable("capable", "cap_net_raw=ep");
    let words = ["commands", "run", capable.to_str().expect("UTF-8")];
    let told =
        Told::by(start(&by, &place.program(), &words).env("SUDO_UID", "1").env("SUDO_GID", "1"));
    told.has_no_rights(1, 1);
    assert!(told.of("left").contains("bounding: true"), "{}", told.0);
    assert_ne!(told.of("CapBnd:"), "0000000000000000");
    // A program whose file has a capability does not get it any more, as it would without us.
    assert_eq!(told.of("run"), "EPERM");
    let alone = start(&by, &capable, &["probe"]).uid(NOBODY).output().expect("the program");
    assert_eq!(String::from_utf8_lossy(&alone.stdout), "0\n");
}

fn root_of_a_user_namespace(place: &Place) {
    let began = Command::new("unshare").args(["-Ur", "true"]).status().expect("unshare");
    if !began.success() {
        println!("skipped: no user namespaces here");
        return;
    }
    for (uid, gid) in [(0, 0), (NOBODY, NOBODY)] {
        let mut command = start(&["unshare", "-Urn"], &place.program(), &["before"]);
        // Sudo's numbers are from outside.
        command.uid(uid).gid(gid).env("SUDO_UID", "12345").env("SUDO_GID", "12345");
        let told = Told::by(&mut command);
        assert_eq!(told.of("packet socket before"), "0");
        // As seen from here; there it is root.
        told.has_no_rights(uid, gid);
        told.has_no_bounding_set();
        assert!(told.of("left").contains("uid: 0, gid: 0"), "{}", told.0);
        let told = refusal(&mut start(&["unshare", "-Ur"], &place.program(), &["-Z", "daemon"]));
        assert_eq!(told, "user: -Z daemon: this user has no place in our user namespace");
    }
}

fn nothing_else_is_within_reach(place: &Place) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let (within, without) = (place.path("within"), place.path("without"));
    for folder in [&within, &without] {
        for name in ["old", "older"] {
            fs::write(Path::new(folder).join(name), "old").expect("our folder");
            let mode = fs::Permissions::from_mode(0o666);
            fs::set_permissions(Path::new(folder).join(name), mode).expect("our file");
        }
    }
    let sleeper = Command::new("sleep").arg("5").uid(NOBODY).gid(NOBODY).spawn();
    let mut sleeper = sleeper.expect("sleep");
    let id = sleeper.id().to_string();
    let inside = |name: &str| format!("{within}/{name}");
    let outside = |name: &str| format!("{without}/{name}");
    let tries = [
        vec!["create".to_owned(), inside("new")],
        vec!["truncate".to_owned(), inside("old")],
        vec!["rename".to_owned(), inside("old"), inside("renamed")],
        vec!["remove".to_owned(), inside("older")],
        vec!["read".to_owned(), "/etc/hostname".to_owned()],
        vec!["read".to_owned(), "/sys/class/net/lo/statistics/rx_missed_errors".to_owned()],
        // From here on forbidden.
        vec!["read".to_owned(), inside("new")],
        vec!["create".to_owned(), outside("new")],
        vec!["truncate".to_owned(), outside("old")],
        vec!["rename".to_owned(), outside("old"), outside("renamed")],
        vec!["rename".to_owned(), inside("new"), outside("moved")],
        vec!["remove".to_owned(), outside("older")],
        vec!["read".to_owned(), "/etc/passwd".to_owned()],
        vec!["read".to_owned(), "/sys/class/net/lo/address".to_owned()],
        vec!["connect".to_owned(), port.clone()],
        vec!["run".to_owned(), "/bin/true".to_owned()],
        vec!["signal".to_owned(), id],
    ];
    let words: Vec<&str> =
        ["-Z", "nobody", "write", &within, "read-later", "/etc/hostname", "count", "lo"]
            .into_iter()
            .chain(tries.iter().flatten().map(String::as_str))
            .collect();
    let told = Told::by(&mut start(&[], &place.program(), &words));
    told.has_no_rights(NOBODY, NOBODY);
    let results: Vec<&str> = told.0.lines().filter_map(|line| line.strip_prefix("try ")).collect();
    if told.of("left").contains("fence: None") {
        println!("skipped: this kernel has no Landlock");
        sleeper.wait().expect("our child");
        return;
    }
    assert_eq!(results.len(), tries.len());
    assert_eq!(results[..6], ["0"; 6], "{words:?}");
    let is_old = told.of("left").contains("fence: Part");
    for (words, result) in tries[6..].iter().zip(&results[6..]) {
        let is_forbidden = ["EACCES", "EPERM", "EXDEV"].contains(result);
        assert!(is_old || is_forbidden, "{words:?}: {result}");
    }
    if is_old {
        println!("skipped in part: this kernel's Landlock is older than Linux 6.12");
        sleeper.wait().expect("our child");
        return;
    }
    assert!(sleeper.try_wait().expect("our child").is_none(), "the signal arrived");
    // A command may go that far, so it was the fence that forbade it, but it has no more rights.
    let words: Vec<&str> = ["-Z", "nobody", "commands"]
        .into_iter()
        .chain(tries[6..].iter().flatten().map(String::as_str))
        .collect();
    let told = Told::by(&mut start(&[], &place.program(), &words));
    told.has_no_rights(NOBODY, NOBODY);
    let results: Vec<&str> = told.0.lines().filter_map(|line| line.strip_prefix("try ")).collect();
    assert_eq!(results, vec!["0"; tries.len() - 6], "{words:?}");
    assert!(!sleeper.wait().expect("our child").success(), "the signal did not arrive");
}

fn with_a_second_thread(place: &Place) {
    let told = refusal(&mut start(&[], &place.program(), &["thread"]));
    assert_eq!(told, "giving up rights: threads: 1 were started before");
}

/// Gives up everything, tells what is left, and tries what the words say.
fn child(words: &[String]) -> ExitCode {
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
    while let Some(word) =
        words.next_if(|word| ["write", "read-later", "count", "commands", "thread"].contains(word))
    {
        rights = match word {
            "write" => rights.may_write(words.next().expect("a folder")),
            "read-later" => rights.may_read(words.next().expect("a file")),
            "count" => rights.may_count(words.next().expect("an interface")),
            "commands" => rights.may_run_commands(),
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
