//! What does the small internet consist of?
//!
//! ```text
//! client --lan-- router --access-- isp    203.0.113.53 BIND, .54 unbound: both recursive
//! 192.168.0.x    .0.1    .113.2 |
//! DHCP client    dnsmasq, NAT   +- ix     203.0.113.1 and 198.51.100.1
//! island                           |
//! 192.168.0.9, no default route    +-core-- root .4, tld .12, auth .53: three BINDs
//! guest .20, with rows of its own           web .80: nginx, fault .66: servers that break the rules,
//!                                           distant .90: nginx, behind a wire that takes 10 ms
//! ```
//!
//! The bridges of all links are in one namespace, so that each can be listened to. IPv6 goes the same
//! way without NAT: `2001:db8:N::/64` is lan (1), access (2) and core (3).

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant};

mod links;
mod names;
mod space;
pub(crate) mod web;
mod wire;
mod zones;

pub(crate) use space::Space;

pub(crate) use crate::apart::has;
use crate::faults;

pub(crate) const RESOLVER: &str = "203.0.113.53";
pub(crate) const OTHER_RESOLVER: &str = "203.0.113.54";
pub(crate) const WEB: &str = "198.51.100.80";
/// A server twenty milliseconds away, there and back.
pub(crate) const DISTANT: &str = "198.51.100.90";

/// All of it; what is dropped is torn down.
pub(crate) struct Lab {
    folder: PathBuf,
    servers: Mutex<Vec<Child>>,
    spaces: Vec<Space>,
}

/// What the program under test may see of its own fetch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Sight {
    /// Everything, packets too.
    Packets,
    /// Calls, and what the kernel says of them: it has not a single capability.
    Calls,
}

impl Sight {
    pub(crate) const BOTH: [Self; 2] = [Self::Packets, Self::Calls];

    /// The program that is to be run, and its first words.
    pub(crate) fn fetch(self) -> (&'static str, Vec<&'static str>) {
        let ours = env!("CARGO_BIN_EXE_wiretale");
        let bare = ["--bounding-set=-all", "--inh-caps=-all", "--no-new-privs", ours, "fetch"];
        match self {
            Self::Packets => (ours, vec!["fetch"]),
            Self::Calls => ("setpriv", bare.to_vec()),
        }
    }
}

/// A program's end.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
    pub(crate) took: Duration,
}

impl Ended {
    /// What it said last.
    pub(crate) fn end(&self) -> String {
        let lines: Vec<&str> = self.out.lines().collect();
        let last = &lines[lines.len().saturating_sub(4)..];
        format!("{}{}", self.err, last.join("\n"))
    }
}

impl Lab {
    /// Builds everything; returns when all servers answer.
    pub(crate) fn up() -> Self {
        let begun = Instant::now();
        let mut lab = Self {
            folder: PathBuf::from("/run/lab"),
            servers: Mutex::default(),
            spaces: Vec::new(),
        };
        lab.settle();
        links::lay(&mut lab);
        names::serve(&lab);
        web::serve(&lab);
        faults::serve(&lab);
        links::lease(&lab);
        names::await_answers(&lab);
        println!("the lab is up after {} ms", begun.elapsed().as_millis());
        lab
    }

    /// Makes the mounts of this namespace ours: names of namespaces, sockets of caches, all that is written
    /// here, and the files that say how names are resolved.
    fn settle(&self) {
        let made = Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/run"]).status();
        assert!(made.is_ok_and(|made| made.success()), "a /run of our own");
        for folder in [Path::new("/run/netns"), &self.folder] {
            fs::create_dir(folder).expect("a folder");
        }
        for (name, text) in [
            ("resolv.conf", ""),
            ("hosts", "127.0.0.1 localhost\n203.0.113.99 written.lab.example\n"),
            ("nsswitch.conf", "hosts: files dns\n"),
        ] {
            let place = Path::new("/etc").join(name);
            if !place.exists() {
                assert_ne!(
                    name, "resolv.conf",
                    "this system has no /etc/resolv.conf to lay ours over"
                );
                continue;
            }
            let ours = self.file(name, text);
            let bound = Command::new("mount").arg("--bind").arg(ours).arg(place).status();
            assert!(bound.is_ok_and(|bound| bound.success()), "our own {name}");
        }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    /// Writes a file; gives its path.
    pub(crate) fn file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(&path, text).expect("a file");
        path
    }

    pub(crate) fn space(&self, name: &str) -> &Space {
        self.spaces.iter().find(|space| space.name() == name).expect("a host")
    }

    /// Starts a server; its words go to `NAME.log`.
    pub(crate) fn start(&self, host: &str, name: &str, mut command: Command) {
        let log = fs::File::create(self.path(&format!("{name}.log"))).expect("a file");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a handle")).stderr(log);
        let server = self.space(host).on(|| command.spawn());
        let server = server.unwrap_or_else(|error| panic!("{name}: {error}"));
        self.servers.lock().expect("no panic").push(server);
    }

    /// Waits until a server has written this.
    fn await_words(&self, name: &str, words: &str) {
        let log = self.path(&format!("{name}.log"));
        let late = Instant::now() + Duration::from_secs(20);
        loop {
            let said = fs::read_to_string(&log).unwrap_or_default();
            if said.contains(words) {
                return;
            }
            assert!(Instant::now() < late, "{name} does not come up:\n{said}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Runs a program on the client.
    pub(crate) fn run(&self, program: &str, words: &[&str]) -> Ended {
        self.run_on("client", program, words)
    }

    pub(crate) fn run_on(&self, host: &str, program: &str, words: &[&str]) -> Ended {
        let mut command = self.space(host).command(program);
        ended(program, command.args(words))
    }

    /// The same on a client to whom another name server was given, with little patience.
    pub(crate) fn run_asking(&self, server: &str, program: &str, words: &[&str]) -> Ended {
        let settings = format!("nameserver {server}\noptions timeout:1 attempts:1\n");
        let file = self.file(&format!("asks/{server}"), &settings);
        let line = "mount --bind \"$0\" /etc/resolv.conf && exec \"$@\"";
        let mut command = self.space("client").command("unshare");
        command.args(["--mount", "sh", "-c", line]).arg(file).arg(program).args(words);
        ended(program, &mut command)
    }

    /// The same with the program under test.
    pub(crate) fn fetch(&self, host: &str, resolver: Option<&str>, words: &[&str]) -> Ended {
        let (program, mut all) = Sight::Packets.fetch();
        all.extend(words);
        self.run_with(host, resolver, program, &all)
    }

    /// The same on the client, seen as `sight` says.
    pub(crate) fn fetch_with(&self, sight: Sight, resolver: Option<&str>, words: &[&str]) -> Ended {
        let (program, mut all) = sight.fetch();
        all.extend(words);
        self.run_with("client", resolver, program, &all)
    }

    pub(crate) fn run_with(
        &self,
        host: &str,
        resolver: Option<&str>,
        program: &str,
        words: &[&str],
    ) -> Ended {
        match resolver {
            Some(server) => self.run_asking(server, program, words),
            None => self.run_on(host, program, words),
        }
    }

    pub(crate) fn curl(&self, words: &[&str]) -> Ended {
        let mut all = vec!["-sS"];
        all.extend(words);
        self.run("curl", &all)
    }

    /// What `dig +short` says, line by line.
    pub(crate) fn dig(&self, words: &[&str]) -> Vec<String> {
        let mut all = vec!["+short", "+time=4", "+tries=1"];
        all.extend(words);
        self.run("dig", &all).out.lines().map(str::to_owned).collect()
    }

    /// The certificate that vouches for the web server's.
    pub(crate) fn authority(&self) -> String {
        self.path("web/ca.pem").to_str().expect("UTF-8").to_owned()
    }

    /// For who wants to look around: `cargo test --test fetch -- --shell`.
    pub(crate) fn shell(&self) {
        println!("{}", self.folder.display());
        let terminal = fs::File::open("/dev/tty").map_or(Stdio::null(), Stdio::from);
        let script = std::env::var_os("WIRETALE_SCRIPT");
        _ = self.space("client").command("sh").args(script).stdin(terminal).status();
    }
}

fn ended(program: &str, command: &mut Command) -> Ended {
    let begun = Instant::now();
    let output = command.stdin(Stdio::null()).output();
    let Output { status, stdout, stderr } =
        output.unwrap_or_else(|error| panic!("{program}: {error}"));
    let code = status.code().unwrap_or_else(|| panic!("{program}: {status}"));
    let text = |octets: Vec<u8>| String::from_utf8_lossy(&octets).into_owned();
    Ended { code, out: text(stdout), err: text(stderr), took: begun.elapsed() }
}

impl Drop for Lab {
    fn drop(&mut self) {
        for server in self.servers.get_mut().expect("no panic") {
            _ = server.kill();
            _ = server.wait();
        }
        // Namespaces and files are gone with this process.
    }
}
