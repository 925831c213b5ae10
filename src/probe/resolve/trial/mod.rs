//! Does it hold with servers that answer, lie, fall silent and break? They all live on 127.0.0.x.

mod hostile;
mod stub;
mod walk;

use std::cell::RefCell;
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, UdpSocket};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;
use std::{fs, process, thread};

use super::lookup::{Cause, Data, Event, Name, Server, Step, Way};
use super::{Addresses, Family, Files, Found, Resolver};

/// A question as a server got it.
#[derive(Clone, Debug)]
struct Heard {
    octets: Vec<u8>,
    name: String,
    kind: u16,
    over_tcp: bool,
}

impl Heard {
    fn of(octets: &[u8], over_tcp: bool) -> Option<Self> {
        let end = 12 + octets.get(12..)?.iter().position(|octet| *octet == 0)?;
        let name = Name::from_wire(octets.get(12..=end)?)?.to_string();
        let kind = u16::from_be_bytes([*octets.get(end + 1)?, *octets.get(end + 2)?]);
        Some(Self { octets: octets.into(), name, kind, over_tcp })
    }

    fn question(&self) -> &[u8] {
        let end = 12 + self.octets[12..].iter().position(|octet| *octet == 0).expect("an end");
        &self.octets[12..end + 5]
    }

    fn has_edns(&self) -> bool {
        self.octets[11] == 1
    }
}

/// An answer to be written, without pointers; `AA` and the code in `flags`.
#[derive(Clone, Debug, Default)]
struct Reply {
    flags: u16,
    sections: [Vec<Vec<u8>>; 3],
}

const AA: u16 = 0x0400;
const TC: u16 = 0x0200;
const RA: u16 = 0x0080;

impl Reply {
    fn new(flags: u16) -> Self {
        Self { flags, ..Self::default() }
    }

    fn answer(mut self, line: &str) -> Self {
        self.sections[0].push(record(line));
        self
    }

    fn authority(mut self, line: &str) -> Self {
        self.sections[1].push(record(line));
        self
    }

    fn additional(mut self, line: &str) -> Self {
        self.sections[2].push(record(line));
        self
    }

    /// An OPT record with an extended error.
    fn extended(mut self, code: u16, text: &str) -> Self {
        let len = 2 + text.len() as u16;
        let head = [&b"\0\0\x29\x04\xd0\0\0\0\0"[..], &(len + 4).to_be_bytes(), &[0, 15]].concat();
        self.sections[2]
            .push([&head, &len.to_be_bytes()[..], &code.to_be_bytes(), text.as_bytes()].concat());
        self
    }

    fn write(&self, heard: &Heard) -> Vec<u8> {
        let mut octets = heard.octets[..2].to_vec();
        octets.extend((0x8000 | self.flags | u16::from(heard.octets[2] & 1) << 8).to_be_bytes());
        octets.extend([0, 1]);
        octets
            .extend(self.sections.iter().flat_map(|section| (section.len() as u16).to_be_bytes()));
        octets.extend(heard.question());
        octets.extend(self.sections.iter().flatten().flatten());
        octets
    }
}

/// `www.example 300 A 192.0.2.1`
fn record(line: &str) -> Vec<u8> {
    let words: Vec<&str> = line.split(' ').collect();
    let [owner, ttl, kind, data] = words[..] else { panic!("{line}: not four words") };
    let name = |text: &str| Name::of(text).expect("a name").wire().to_vec();
    let (kind, data): (u16, Vec<u8>) = match kind {
        "A" => (1, data.parse::<Ipv4Addr>().expect("an address").octets().into()),
        "NS" => (2, name(data)),
        "CNAME" => (5, name(data)),
        "SOA" => {
            let minimum = data.parse::<u32>().expect("a number").to_be_bytes();
            (
                6,
                [&b"\x02ns\0\x04host\0\0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04"[..], &minimum]
                    .concat(),
            )
        }
        "TXT" => (16, [&[data.len() as u8][..], data.as_bytes()].concat()),
        "AAAA" => (28, data.parse::<std::net::Ipv6Addr>().expect("an address").octets().into()),
        other => panic!("{other}: not a type"),
    };
    let ttl: u32 = ttl.parse().expect("a number");
    let len = (data.len() as u16).to_be_bytes();
    [name(owner), kind.to_be_bytes().into(), vec![0, 1], ttl.to_be_bytes().into(), len.into(), data]
        .concat()
}

type Answerer = Box<dyn Fn(&Heard) -> Vec<Vec<u8>> + Send + Sync>;

/// Answers with one message.
fn one(reply: impl Fn(&Heard) -> Reply + Send + Sync + 'static) -> Answerer {
    Box::new(move |heard| vec![reply(heard).write(heard)])
}

/// A few servers on one port, each on its own address.
struct Internet {
    port: u16,
    heard: Arc<Mutex<Vec<(u8, Heard)>>>,
    stop: Arc<AtomicBool>,
    threads: Vec<JoinHandle<()>>,
}

impl Internet {
    /// The servers by the last number of their addresses.
    fn of(servers: Vec<(u8, Answerer)>) -> Self {
        let mut tries = 0;
        let (port, sockets) = loop {
            let first = UdpSocket::bind("127.0.0.200:0").expect("a port");
            let port = first.local_addr().expect("an address").port();
            let sockets: std::io::Result<Vec<_>> = servers
                .iter()
                .map(|(last, _)| {
                    let address = SocketAddr::from(([127, 0, 0, *last], port));
                    Ok((UdpSocket::bind(address)?, TcpListener::bind(address)?))
                })
                .collect();
            tries += 1;
            match sockets {
                Ok(sockets) => break (port, sockets),
                Err(error) => assert!(tries < 20, "{error}"),
            }
        };
        let (heard, stop) = (Arc::default(), Arc::<AtomicBool>::default());
        let mut internet = Self { port, heard, stop, threads: Vec::new() };
        for ((last, answerer), (udp, tcp)) in servers.into_iter().zip(sockets) {
            let answerer = Arc::new(answerer);
            let (heard, stop) = (internet.heard.clone(), internet.stop.clone());
            let answer = answerer.clone();
            internet
                .threads
                .push(thread::spawn(move || datagrams(last, &udp, &**answer, &heard, &stop)));
            let (heard, stop) = (internet.heard.clone(), internet.stop.clone());
            internet
                .threads
                .push(thread::spawn(move || connections(last, &tcp, &**answerer, &heard, &stop)));
        }
        internet
    }

    fn at(&self, last: u8) -> SocketAddr {
        SocketAddr::from(([127, 0, 0, last], self.port))
    }

    /// What the servers were asked so far: who, what and of which type; then forgotten.
    fn heard(&self) -> Vec<(u8, String, u16)> {
        let mut heard = self.heard.lock().expect("no panic");
        heard.drain(..).map(|(last, heard)| (last, heard.name, heard.kind)).collect()
    }

    /// A resolver that asks these servers in turn.
    fn stub(&self, servers: &[u8]) -> Resolver {
        let mut resolver = Resolver::new(files(self.port, "", ""));
        resolver.ask_only(self.at(servers[0]));
        let place = resolver.config.servers[0].1.clone();
        resolver.config.servers =
            servers.iter().map(|last| (self.at(*last), place.clone())).collect();
        resolver.config.timeout = Duration::from_millis(1500);
        resolver
    }

    /// A resolver that walks from the root at 127.0.0.2.
    fn walk(&self) -> Resolver {
        let mut resolver = Resolver::new(files(self.port, "", ""));
        let name = Some(Name::of("a.root").expect("a name"));
        resolver.hints = vec![Server { address: self.at(2), name }];
        resolver.way = Way::Walk;
        resolver.wait = Duration::from_millis(1500);
        resolver
    }
}

impl Drop for Internet {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            let ended = thread.join();
            assert!(ended.is_ok() || thread::panicking(), "a server panicked");
        }
    }
}

type Notes = Arc<Mutex<Vec<(u8, Heard)>>>;
type Answering<'a> = &'a (dyn Fn(&Heard) -> Vec<Vec<u8>> + Send + Sync);

fn datagrams(last: u8, udp: &UdpSocket, answer: Answering<'_>, notes: &Notes, stop: &AtomicBool) {
    udp.set_read_timeout(Some(Duration::from_millis(10))).expect("a time");
    let mut octets = [0; 2048];
    while !stop.load(Ordering::Relaxed) {
        let Ok((count, from)) = udp.recv_from(&mut octets) else { continue };
        let Some(heard) = Heard::of(&octets[..count], false) else { continue };
        notes.lock().expect("no panic").push((last, heard.clone()));
        for reply in answer(&heard) {
            udp.send_to(&reply, from).expect("sent");
        }
    }
}

fn connections(
    last: u8,
    tcp: &TcpListener,
    answer: Answering<'_>,
    notes: &Notes,
    stop: &AtomicBool,
) {
    tcp.set_nonblocking(true).expect("a mode");
    while !stop.load(Ordering::Relaxed) {
        let Ok((mut stream, _)) = tcp.accept() else {
            thread::sleep(Duration::from_millis(5));
            continue;
        };
        stream.set_nonblocking(false).expect("a mode");
        stream.set_read_timeout(Some(Duration::from_millis(200))).expect("a time");
        let mut octets = vec![0; 2];
        if stream.read_exact(&mut octets).is_err() {
            continue;
        }
        octets.resize(usize::from(u16::from_be_bytes([octets[0], octets[1]])), 0);
        if stream.read_exact(&mut octets).is_err() {
            continue;
        }
        let Some(heard) = Heard::of(&octets, true) else { continue };
        notes.lock().expect("no panic").push((last, heard.clone()));
        for reply in answer(&heard) {
            let whole = [&(reply.len() as u16).to_be_bytes()[..], &reply].concat();
            // In two pieces, as streams may be.
            let (front, back) = whole.split_at(whole.len() / 2);
            let _ = stream
                .write_all(front)
                .and_then(|()| stream.flush())
                .and_then(|()| stream.write_all(back));
        }
    }
}

/// The folders that a test made; they go when its thread does.
#[derive(Default)]
struct Folders(Vec<PathBuf>);

impl Drop for Folders {
    fn drop(&mut self) {
        for folder in &self.0 {
            let _ = fs::remove_dir_all(folder);
        }
    }
}

thread_local! {
    static FOLDERS: RefCell<Folders> = RefCell::default();
}

static NUMBER: AtomicU32 = AtomicU32::new(0);

/// A folder of a test's own.
pub(super) fn folder() -> PathBuf {
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let folder = std::env::temp_dir().join(format!("wiretale-trial-{}-{number}", process::id()));
    fs::create_dir_all(&folder).expect("a folder");
    FOLDERS.with_borrow_mut(|folders| folders.0.push(folder.clone()));
    folder
}

/// Files of a machine in a folder of their own.
fn files(port: u16, hosts: &str, resolv: &str) -> Files {
    let folder = folder();
    fs::write(folder.join("hosts"), hosts).expect("a file");
    fs::write(folder.join("resolv.conf"), resolv).expect("a file");
    Files {
        hosts: folder.join("hosts"),
        nsswitch: folder.join("nsswitch.conf"),
        resolv: folder.join("resolv.conf"),
        hostname: folder.join("hostname"),
        port,
    }
}

/// What it found, with all that was told on the way.
fn told<T>(look: impl FnOnce(&mut dyn FnMut(Step)) -> T) -> (T, Vec<Step>) {
    let mut steps: Vec<Step> = Vec::new();
    let found = look(&mut |step| {
        assert!(step.began <= step.ended, "{step:?}");
        steps.push(step);
    });
    (found, steps)
}

fn ips(addresses: &Addresses) -> Vec<String> {
    addresses.list.iter().map(|address| address.ip.to_string()).collect()
}

fn said(found: &Found) -> Vec<&str> {
    found.records.iter().map(|record| record.said.as_str()).collect()
}

/// What of the steps is wanted.
fn picked<'s, T>(steps: &'s [Step], pick: impl Fn(&'s Event) -> Option<T>) -> Vec<T> {
    steps.iter().filter_map(|step| pick(&step.event)).collect()
}

/// The calls and all else by name, in order.
fn kinds(steps: &[Step]) -> Vec<&str> {
    let name = |step: &Step| match &step.event {
        Event::Called(called) => called.name,
        Event::Sources(_) => "Sources",
        Event::Hosts { .. } => "Hosts",
        Event::Configured(_) => "Configured",
        Event::Searched { .. } => "Searched",
        Event::Cached { .. } => "Cached",
        Event::Asked(_) => "Asked",
        Event::Answered(_) => "Answered",
        Event::Ignored { .. } => "Ignored",
        Event::Referred(_) => "Referred",
        Event::Lame { .. } => "Lame",
        Event::ThrownAway { .. } => "ThrownAway",
        Event::Detour { .. } => "Detour",
        Event::Alias { .. } => "Alias",
        Event::OverTcp { .. } => "OverTcp",
        Event::Retried { .. } => "Retried",
        Event::Failed(_) => "Failed",
    };
    steps.iter().map(name).collect()
}
