//! What does the network between two hosts do to their packets?
//!
//! Every frame comes out at the other end a while later, or never. The system's own means for this (netem)
//! are not everywhere.

use std::os::fd::AsFd;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, OnceLock};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use etherparse::{SlicedPacket, TransportSlice};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::prctl;
use pcap::{Active, Capture, Direction};

/// One direction. Nothing overtakes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    pub(crate) delay: Duration,
    /// Bits a second, and octets that may wait for their turn.
    pub(crate) rate: Option<(u64, u64)>,
    /// This share of the segments is lost, by a row of numbers that begins with the seed.
    pub(crate) loss: f64,
    pub(crate) seed: u64,
    /// The n-th segment is lost, beginning with 1.
    pub(crate) lost: Vec<u64>,
    /// The n-th with data.
    pub(crate) lost_data: Vec<u64>,
    /// Since the first segment of all: in between every one is lost.
    pub(crate) blackout: Option<(Duration, Duration)>,
    /// Likewise; in between each is held up until its end.
    pub(crate) stall: Option<(Duration, Duration)>,
}

/// A frame, and when it is due at the other end, since 1970.
type Late = (Duration, Vec<u8>);

/// Two ways between the ends of a wire.
pub(crate) struct Wire {
    is_over: Arc<AtomicBool>,
    /// In nanoseconds: how much too late the latest came out.
    late: Arc<AtomicU64>,
}

/// No frame is longer: nothing is put off to an interface here.
pub(crate) const FRAME: i32 = 2048;

/// Octets, of frames that were not yet taken.
pub(crate) const ROOM: i32 = 2 << 20;

/// How long a thread may sleep before it looks whether all is over.
pub(crate) const LOOK: Duration = Duration::from_millis(20);

impl Wire {
    /// Joins two interfaces of this namespace.
    pub(crate) fn join(ends: [&str; 2], ways: [Way; 2]) -> Self {
        let wire = Self { is_over: Arc::default(), late: Arc::default() };
        let first = Arc::new(OnceLock::new());
        let [one, other] = ends;
        for ((from, to), way) in [(one, other), (other, one)].into_iter().zip(ways) {
            let (begin, end) = channel();
            // What we send ourselves would go back and forth for ever.
            let from = open(from);
            from.direction(Direction::In).expect("a direction");
            let to = open(to);
            let (first, is_over, late) =
                (Arc::clone(&first), Arc::clone(&wire.is_over), Arc::clone(&wire.late));
            thread::spawn(move || take(from, &way, &first, &begin, &is_over));
            thread::spawn(move || give(to, &end, &late));
        }
        wire
    }

    /// How much too late a frame came out at most.
    pub(crate) fn late(&self) -> Duration {
        Duration::from_nanos(self.late.load(Ordering::Relaxed))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

fn open(interface: &str) -> Capture<Active> {
    let capture = Capture::from_device(interface).expect("an interface");
    let capture = capture.promisc(true).snaplen(FRAME).immediate_mode(true).buffer_size(ROOM);
    let capture = capture.open().and_then(Capture::setnonblock);
    capture.unwrap_or_else(|error| panic!("{interface}: {error}"))
}

/// Waits for frames, though not for long.
pub(crate) fn wait(capture: &Capture<Active>) {
    let look = PollTimeout::try_from(LOOK).expect("a short time");
    _ = poll(&mut [PollFd::new(capture.as_fd(), PollFlags::POLLIN)], look);
}

/// What `stamp` of a capture says, since 1970.
fn since_1970(stamp: libc::timeval) -> Duration {
    let micros = stamp.tv_sec.unsigned_abs() * 1_000_000 + stamp.tv_usec.unsigned_abs();
    Duration::from_micros(micros)
}

fn take(
    mut from: Capture<Active>,
    way: &Way,
    first: &OnceLock<Duration>,
    begin: &Sender<Late>,
    is_over: &AtomicBool,
) {
    let mut fate = Fate::new(way);
    while !is_over.load(Ordering::Relaxed) {
        match from.next_packet() {
            Ok(frame) => {
                let came = since_1970(frame.header.ts);
                if let Some(due) = fate.of(frame.data, came, first) {
                    begin.send((due, frame.data.to_vec())).expect("an end");
                }
            }
            Err(pcap::Error::TimeoutExpired) => wait(&from),
            Err(_) => break,
        }
    }
}

fn give(mut to: Capture<Active>, end: &Receiver<Late>, late: &AtomicU64) {
    // Sleeps are to end when they should.
    _ = prctl::set_timerslack(1000);
    let now = || SystemTime::now().duration_since(UNIX_EPOCH).expect("a time after 1970");
    while let Ok((due, frame)) = end.recv() {
        thread::sleep(due.saturating_sub(now()));
        // A queue that is full loses packets, as any may.
        _ = to.sendpacket(frame);
        let by = now().saturating_sub(due);
        late.fetch_max(u64::try_from(by.as_nanos()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }
}

/// What becomes of each frame of one direction.
struct Fate<'w> {
    way: &'w Way,
    random: u64,
    segments: u64,
    with_data: u64,
    /// When the last one had been sent, and when the last one is due.
    free: Duration,
    due: Duration,
}

impl<'w> Fate<'w> {
    fn new(way: &'w Way) -> Self {
        let (free, due) = (Duration::ZERO, Duration::ZERO);
        Self { way, random: way.seed, segments: 0, with_data: 0, free, due }
    }

    /// When it comes out, if it does.
    fn of(&mut self, frame: &[u8], came: Duration, first: &OnceLock<Duration>) -> Option<Duration> {
        let way = self.way;
        let sliced = SlicedPacket::from_ethernet(frame).ok();
        let is_within = |span: Option<(Duration, Duration)>| {
            let since = came.saturating_sub(*first.get_or_init(|| came));
            span.is_some_and(|(from, to)| (from..to).contains(&since))
        };
        let mut held = Duration::ZERO;
        if let Some(TransportSlice::Tcp(tcp)) = sliced.and_then(|it| it.transport) {
            self.segments += 1;
            self.with_data += u64::from(!tcp.payload().is_empty());
            let is_named = way.lost.contains(&self.segments)
                || !tcp.payload().is_empty() && way.lost_data.contains(&self.with_data);
            if is_named || self.chance() < way.loss || is_within(way.blackout) {
                return None;
            }
            if is_within(way.stall)
                && let (Some(first), Some((_, end))) = (first.get(), way.stall)
            {
                held = *first + end;
            }
        }
        let mut sent = came;
        if let Some((rate, queue)) = way.rate {
            let begins = came.max(self.free);
            let takes = |octets: u64| Duration::from_nanos(octets * 8_000_000_000 / rate);
            let own = takes(frame.len() as u64);
            if begins + own > came + takes(queue) {
                return None;
            }
            sent = begins + own;
            self.free = sent;
        }
        self.due = (sent + way.delay).max(held).max(self.due);
        Some(self.due)
    }

    /// From 0 to 1 (splitmix64).
    fn chance(&mut self) -> f64 {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        f64::from((mixed >> 32) as u32) / f64::from(u32::MAX)
    }
}
