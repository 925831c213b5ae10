//! What do two hosts see of one connection between them?

use std::fmt::Write;
use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use pcap::{Capture, Precision};

use crate::scene::Scene;
use crate::space::Space;
use crate::talk::{Diary, Talk, connects, listens};
use crate::wire::{FRAME, LOOK, ROOM, Wire, wait};

/// Two hosts of a scene's own, and the wire between them.
pub(crate) struct Pair {
    spaces: [Space; 2],
    ends: [String; 2],
}

/// What is left of a scene once it was played.
pub(crate) struct Played {
    /// The client's and the server's.
    pub(crate) captures: [PathBuf; 2],
    pub(crate) diaries: [Diary; 2],
    /// How much too late a packet came out of the wire at most.
    pub(crate) late: Duration,
    pub(crate) began: Instant,
    pub(crate) ended: Instant,
}

const NAMES: [&str; 2] = ["client", "server"];
const MACS: [&str; 2] = ["02:00:00:00:00:01", "02:00:00:00:00:02"];
const HOSTS: [[&str; 2]; 2] = [["10.9.0.1", "10.9.0.2"], ["2001:db8:9::1", "2001:db8:9::2"]];

impl Pair {
    /// `number` is nobody else's.
    pub(crate) fn new(scene: &Scene, number: usize) -> Self {
        let spaces = NAMES.map(|name| Space::new(&format!("{name}{number}")));
        let ends = NAMES.map(|name| format!("{name}-{number}"));
        lay(scene, &spaces, &ends);
        Self { spaces, ends }
    }

    pub(crate) fn play(&self, scene: &Scene) -> Played {
        let Self { spaces, ends } = self;
        let wire = Wire::join([&ends[0], &ends[1]], scene.ways.clone());
        let folder = PathBuf::from("/run/lab").join(scene.name);
        fs::create_dir_all(&folder).expect("a folder");
        let captures = NAMES.map(|name| folder.join(format!("{name}.pcap")));
        let listening = [0, 1].map(|at| Listening::begin(&spaces[at], captures[at].clone()));
        let host = HOSTS[usize::from(scene.is_v6)][1].parse().expect("an address");
        let address = SocketAddr::new(host, scene.port);
        let began = Instant::now();
        let diaries = thread::scope(|scope| {
            // Where nobody listens there is no server.
            let server = scene.server.as_ref().map(|run| {
                let listener = spaces[1].on(|| listens(address, scene.buffers[1]));
                scope.spawn(move || {
                    let mut talk = Talk::new(listener.accept().expect("a client").0);
                    run(&mut talk);
                    talk.diary
                })
            });
            let stream = spaces[0].on(|| connects(address, scene.buffers[0]));
            let client = match (stream, &scene.server) {
                (Ok(stream), Some(_)) => {
                    let mut talk = Talk::new(stream);
                    (scene.client)(&mut talk);
                    talk.diary
                }
                (Err(_), None) => Diary::default(),
                (Err(error), Some(_)) => panic!("no connection: {error}"),
                (Ok(_), None) => panic!("a connection with nobody"),
            };
            [client, server.map_or_else(Diary::default, |it| it.join().expect("a server"))]
        });
        // The last ACKs are still under way.
        thread::sleep(3 * (scene.ways[0].delay + scene.ways[1].delay) + 2 * LOOK);
        listening.into_iter().for_each(Listening::end);
        Played { captures, diaries, late: wire.late(), began, ended: Instant::now() }
    }
}

/// Two cables that end here, with what the scene wants of the hosts at their other ends.
fn lay(scene: &Scene, spaces: &[Space; 2], ends: &[String; 2]) {
    for (at, space) in spaces.iter().enumerate() {
        let (end, name, mac) = (&ends[at], space.name(), MACS[at]);
        // The second try knows nothing of the first.
        let mut settings = vec![
            "ipv4/tcp_no_metrics_save=1",
            "ipv6/conf/default/accept_dad=0",
            "ipv6/conf/default/router_solicitations=0",
        ];
        settings.extend(&scene.settings);
        space.set(&settings);
        let cable = format!("link add {end} type veth peer name eth0 address {mac} netns {name}");
        let quiet = ["link", "set", end, "addrgenmode", "none", "up"];
        let made = Command::new("ip").args(cable.split(' ')).status();
        let up = Command::new("ip").args(quiet).status();
        assert!(made.is_ok_and(|it| it.success()) && up.is_ok_and(|it| it.success()), "{end}");
        // Nobody has to ask who is where.
        let mut lines = String::from("link set lo up\nlink set eth0 gso_max_segs 1 up\n");
        for (hosts, bits) in HOSTS.iter().zip([24, 64]) {
            let (own, other, whose) = (hosts[at], hosts[1 - at], MACS[1 - at]);
            _ = writeln!(lines, "addr add {own}/{bits} dev eth0");
            _ = writeln!(lines, "neigh add {other} lladdr {whose} dev eth0 nud permanent");
        }
        space.ip(&lines);
        // True checksums, whole segments.
        let mut plain = space.command("ethtool");
        plain.args("-K eth0 tx off tso off gso off gro off".split(' '));
        let done = plain.stdout(Stdio::null()).stderr(Stdio::null()).status();
        assert!(done.is_ok_and(|done| done.success()), "ethtool: {name}");
    }
}

/// A capture that goes on.
struct Listening {
    is_over: Arc<AtomicBool>,
    thread: JoinHandle<()>,
}

impl Listening {
    fn begin(space: &Space, path: PathBuf) -> Self {
        let is_over = Arc::new(AtomicBool::new(false));
        let capture = space.on(|| {
            let capture = Capture::from_device("eth0").expect("an interface");
            let capture = capture.immediate_mode(true).snaplen(FRAME).buffer_size(ROOM);
            let capture = capture.precision(Precision::Nano);
            let mut capture = capture.open().and_then(Capture::setnonblock).expect("to listen");
            capture.filter("tcp", true).expect("a filter");
            capture
        });
        let over = Arc::clone(&is_over);
        let thread = thread::spawn(move || {
            let mut capture = capture;
            let mut file = capture.savefile(path).expect("a file");
            loop {
                match capture.next_packet() {
                    Ok(frame) => file.write(&frame),
                    Err(pcap::Error::TimeoutExpired) if over.load(Ordering::Relaxed) => break,
                    Err(pcap::Error::TimeoutExpired) => wait(&capture),
                    Err(error) => panic!("listening: {error}"),
                }
            }
            file.flush().expect("to be written");
            assert_eq!(capture.stats().expect("counters").dropped, 0, "nothing is missing");
        });
        Self { is_over, thread }
    }

    fn end(self) {
        self.is_over.store(true, Ordering::Relaxed);
        self.thread.join().expect("a capture");
    }
}
