//! The network knows what it did: our verdicts against what really happened between two hosts.
//!
//! Not part of the tests of a clone: `.ci/run` runs it where the captures of a laboratory lie beside the
//! clone, and names the folder in `WIRETALE_TCPLAB`. Both hosts captured, so what each segment was is
//! known from both captures together; we see one of them at a time. What made the sender send again is
//! held against the counters of its kernel.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt::Write as _;
use std::mem;
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};

use wiretale::flow::tcp::{Copied, Need, Segment, Trigger, Verdict, What};
use wiretale::flow::{Beyond, Flows, Side};
use wiretale::timeline::{Moment, Source};
use wiretale::wire::Packet;
use wiretale::wire::tcp::{Flags, Seq};

const HOSTS: [Ipv4Addr; 2] = [Ipv4Addr::new(10, 9, 0, 1), Ipv4Addr::new(10, 9, 0, 2)];

/// All but so many of ten thousand segments of each class must be told for what they are.
const BARS: [(Truth, usize); 7] = [
    (Truth::First, 0),
    (Truth::ResentAtSender, 0),
    (Truth::Reordered, 50),
    (Truth::Needed, 50),
    (Truth::Unknowable, 10_000),
    (Truth::Spurious, 0),
    (Truth::Copy, 0),
];

/// Directions of a scenario, of a hundred, whose triggers are the kernel's.
const TRIGGERS: usize = 95;

/// What a segment really was, at the place where it was captured.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Truth {
    First,
    ResentAtSender,
    /// First transmissions that arrived after one sent later.
    Reordered,
    /// Sent again, and the receiver did not have it.
    Needed,
    /// Likewise, but the first try was lost before the capture point and nothing sent after it came
    /// before this one: seen from there, it is the first.
    Unknowable,
    Spurious,
    Copy,
}

#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
enum Told {
    First,
    Resent,
    Reordered,
    Copy,
}

/// A segment that takes up sequence, and what was said of it.
struct Row {
    number: u64,
    by: Side,
    ports: (u16, u16),
    is_syn: bool,
    is_syn_ack: bool,
    seq: Seq,
    span: u32,
    /// What its sender chose, by which it is found in the other capture.
    identity: (Option<u16>, u32, u32, Option<u32>),
    verdicts: Vec<Verdict>,
}

/// One transmission by its sender.
struct Transmission {
    index: usize,
    again: bool,
    ports: (u16, u16),
    left: i64,
    right: i64,
    arrivals: usize,
}

#[test]
fn every_class_of_segment_is_told_for_what_it_is() {
    let mut matrix: BTreeMap<(Truth, Told), usize> = BTreeMap::new();
    let mut needs = [0; 2];
    let mut wrong = String::new();
    for name in pairs() {
        let captures = [read(&name, 'c'), read(&name, 's')];
        for ((at, row), truth) in truths(&captures) {
            let row = &captures[at][row];
            let told = told(&row.verdicts);
            *matrix.entry((truth, told)).or_default() += 1;
            if told != expected(truth) {
                let place = ["client", "server"][at];
                let said: Vec<_> = row.verdicts.iter().map(|it| (it.what, it.evidence)).collect();
                writeln!(
                    wrong,
                    "{name} at the {place}, packet {}: {truth:?}, {said:?}",
                    row.number
                )
                .expect("room");
            } else if let Some(need) = need(&row.verdicts) {
                let right = match truth {
                    Truth::Needed => need == Need::Needed,
                    Truth::Spurious => need == Need::Spurious,
                    _ => continue,
                };
                needs[usize::from(right)] += 1;
                if !right {
                    writeln!(wrong, "{name}, packet {}: {truth:?}, told {need:?}", row.number)
                        .expect("room");
                }
            }
        }
    }
    let mut failed = false;
    for (truth, bar) in BARS {
        let row: Vec<_> = matrix.iter().filter(|((it, _), _)| *it == truth).collect();
        let total: usize = row.iter().map(|(_, count)| **count).sum();
        let right = matrix.get(&(truth, expected(truth))).copied().unwrap_or(0);
        let told: Vec<_> =
            row.iter().map(|((_, told), count)| format!("{told:?} {count}")).collect();
        let reached = (total - right) * 10_000 <= total * bar;
        println!(
            "{truth:?}: {right} of {total}, {}; told as {}",
            if reached { "reached" } else { "MISSED" },
            told.join(", ")
        );
        failed |= !reached;
    }
    println!("sent again at the receiver, needed or not: {} right, {} wrong", needs[1], needs[0]);
    println!("{wrong}");
    assert!(!failed, "a class is below its bar");
}

/// Both hosts captured every packet that passed them: no octets are missing.
#[test]
fn nothing_is_said_to_be_missed() {
    let mut wrong = String::new();
    for name in pairs() {
        for place in ['c', 's'] {
            let mut flows = Flows::default();
            each(&name, place, |packet| _ = flows.observe(packet));
            for connection in flows.connections() {
                for side in [Side::Client, Side::Server] {
                    let missed = connection.half(side).sent().missed_octets;
                    if missed > 0 {
                        writeln!(wrong, "{name}.{place}, {side:?}: {missed} octets").expect("room");
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn triggers_are_those_of_the_kernel() {
    let (mut same, mut all) = (0, 0);
    for name in pairs() {
        let Ok(counters) = std::fs::read_to_string(folder().join(format!("{name}.nstat"))) else {
            continue;
        };
        for (side, space, place) in [(Side::Client, "tlc", 'c'), (Side::Server, "tls", 's')] {
            let kernel = counted(&counters, space);
            let count = |name: &str| kernel.get(name).copied().unwrap_or(0);
            let resent = count("TcpRetransSegs");
            if resent == 0 {
                continue;
            }
            let (fast, slow) = (count("TcpExtTCPFastRetrans"), count("TcpExtTCPSlowStartRetrans"));
            let timer = resent.saturating_sub(fast + slow);
            let mut ours = [0; 6];
            for row in read(&name, place).iter().filter(|row| row.by == side) {
                for verdict in &row.verdicts {
                    if let What::Resent { trigger, .. } = verdict.what {
                        ours[trigger as usize] += 1;
                        if trigger == Trigger::Unknown {
                            println!("{name} {side:?}, packet {}: no trigger", row.number);
                        }
                    }
                }
            }
            let of = |trigger: Trigger| ours[trigger as usize];
            let timers =
                of(Trigger::Timeout) + of(Trigger::TailProbe) + of(Trigger::TailProbeOrTimeout);
            let told = [of(Trigger::Fast), of(Trigger::Recovery), timers, of(Trigger::Unknown)];
            all += 1;
            if told == [fast, slow, timer, 0] {
                same += 1;
            } else {
                println!(
                    "{name} {side:?}: fast, recovery, timer, unknown are {told:?}; the kernel's \
                     {fast}, {slow}, {timer} ({} timeouts, {} probes)",
                    count("TcpExtTCPTimeouts"),
                    count("TcpExtTCPLossProbes"),
                );
            }
        }
    }
    println!("triggers: {same} of {all} directions are as the kernel counted");
    assert!(same * 100 >= all * TRIGGERS, "only {same} of {all}");
}

/// What every segment of both captures really was: by capture, and its place there.
fn truths(captures: &[Vec<Row>; 2]) -> Vec<((usize, usize), Truth)> {
    let mut truths = Vec::new();
    for (sender, by) in [(0, Side::Client), (1, Side::Server)] {
        let receiver = 1 - sender;
        let mut sent: Vec<Transmission> = Vec::new();
        let mut places = Vec::new();
        let mut waiting: HashMap<_, VecDeque<usize>> = HashMap::new();
        let mut streams: HashMap<(u16, u16), (Seq, Runs, bool)> = HashMap::new();
        for (place, row) in captures[sender].iter().enumerate().filter(|(_, row)| row.by == by) {
            let stream =
                streams.entry(row.ports).or_insert_with(|| (row.seq, Runs::default(), false));
            if row.is_syn && stream.0 != row.seq {
                *stream = (row.seq, Runs::default(), false);
            }
            // Where both open at once, the SYN in the first SYN-ACK is not sent again: it answers.
            let answers = row.is_syn_ack && !mem::replace(&mut stream.2, true);
            let left = i64::from(row.seq.past(stream.0));
            let right = left + i64::from(row.span);
            let again = stream.1.covered(left, right) > 0 && !answers;
            stream.1.add(left, right);
            let index = sent.len();
            waiting.entry((row.ports, row.identity)).or_default().push_back(index);
            sent.push(Transmission { index, again, ports: row.ports, left, right, arrivals: 0 });
            places.push(place);
        }
        let mut newest: HashMap<(u16, u16), usize> = HashMap::new();
        let mut arrived: HashMap<(u16, u16), Runs> = HashMap::new();
        let mut latest = HashMap::new();
        for (place, row) in captures[receiver].iter().enumerate().filter(|(_, row)| row.by == by) {
            let key = (row.ports, row.identity);
            if let Some(index) = waiting.get_mut(&key).and_then(VecDeque::pop_front) {
                latest.insert(key, index);
            }
            // Sent before both captures began.
            let Some(index) = latest.get(&key) else { continue };
            let transmission = &mut sent[*index];
            transmission.arrivals += 1;
            if row.is_syn && transmission.arrivals == 1 && !transmission.again {
                arrived.remove(&row.ports);
            }
            let runs = arrived.entry(transmission.ports).or_default();
            let (left, right) = (transmission.left, transmission.right);
            let is_new = runs.covered(left, right) < right - left;
            let is_highest = runs.0.last().is_none_or(|run| run.1 <= left);
            runs.add(left, right);
            let newest = newest.entry(transmission.ports).or_default();
            let truth = match transmission {
                Transmission { arrivals: 2.., .. } => Truth::Copy,
                Transmission { again: true, .. } if is_highest => Truth::Unknowable,
                Transmission { again: true, .. } if is_new => Truth::Needed,
                Transmission { again: true, .. } => Truth::Spurious,
                _ if transmission.index < *newest => Truth::Reordered,
                _ => Truth::First,
            };
            *newest = (*newest).max(transmission.index);
            truths.push(((receiver, place), truth));
        }
        for (transmission, place) in sent.iter().zip(places) {
            let truth = if transmission.again { Truth::ResentAtSender } else { Truth::First };
            truths.push(((sender, place), truth));
        }
    }
    truths
}

/// Runs of octets, in order and apart from each other.
#[derive(Default)]
struct Runs(Vec<(i64, i64)>);

impl Runs {
    fn covered(&self, left: i64, right: i64) -> i64 {
        self.0.iter().map(|run| (run.1.min(right) - run.0.max(left)).max(0)).sum()
    }

    fn add(&mut self, mut left: i64, mut right: i64) {
        self.0.retain(|run| {
            let apart = run.1 < left || run.0 > right;
            if !apart {
                (left, right) = (left.min(run.0), right.max(run.1));
            }
            apart
        });
        let at = self.0.partition_point(|run| run.0 < left);
        self.0.insert(at, (left, right));
    }
}

fn told(verdicts: &[Verdict]) -> Told {
    verdicts
        .iter()
        .find_map(|verdict| match verdict.what {
            What::Resent { .. } => Some(Told::Resent),
            What::Reordered { .. } => Some(Told::Reordered),
            What::Copy(Copied::Network | Copied::Capture) => Some(Told::Copy),
            _ => None,
        })
        .unwrap_or(Told::First)
}

fn need(verdicts: &[Verdict]) -> Option<Need> {
    verdicts.iter().find_map(|verdict| match verdict.what {
        What::Resent { need, .. } => Some(need),
        _ => None,
    })
}

fn expected(truth: Truth) -> Told {
    match truth {
        Truth::First | Truth::Unknowable => Told::First,
        Truth::ResentAtSender | Truth::Needed | Truth::Spurious => Told::Resent,
        Truth::Reordered => Told::Reordered,
        Truth::Copy => Told::Copy,
    }
}

/// Every segment of one capture that takes up sequence.
fn read(name: &str, place: char) -> Vec<Row> {
    let mut flows = Flows::default();
    let mut rows = Vec::new();
    each(name, place, |packet| {
        let verdicts = flows.observe(packet).verdicts.to_vec();
        let Some((IpAddr::V4(sender), _)) = packet.addresses() else { return };
        let (Some(by), Some(ports)) =
            (HOSTS.iter().position(|host| *host == sender), packet.ports())
        else {
            return;
        };
        let Some((segment, ..)) = Segment::of(packet).filter(|it| it.0.span() > 0) else { return };
        rows.push(Row {
            number: packet.frame.number,
            by: [Side::Client, Side::Server][by],
            ports,
            is_syn: segment.has(Flags::SYN),
            is_syn_ack: segment.has(Flags::SYN) && segment.has(Flags::ACK),
            seq: segment.seq,
            span: segment.span(),
            identity: (
                segment.ip_id,
                segment.seq.0,
                segment.len,
                segment.stamps.map(|stamps| stamps.value),
            ),
            verdicts,
        });
    });
    rows
}

fn each(name: &str, place: char, mut see: impl FnMut(&Packet<'_>)) {
    let path = folder().join(format!("{name}.{place}.pcap"));
    let mut source = wiretale::capture::open(&[path]).expect("a capture");
    let mut beyond = Beyond::default();
    while let Ok(Some(moment)) = source.next() {
        if let Moment::Frame(frame) = moment {
            let mut packet = Packet::dissect(frame);
            beyond.open(&mut packet);
            see(&packet);
        }
    }
}

/// A kernel's counters of one network namespace.
fn counted<'a>(text: &'a str, space: &str) -> HashMap<&'a str, usize> {
    let mut inside = false;
    let mut counters = HashMap::new();
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("== ") {
            inside = name == space;
        } else if let (true, [name, count, ..]) =
            (inside, &line.split_whitespace().collect::<Vec<_>>()[..])
        {
            counters.insert(*name, count.parse().unwrap_or(0));
        }
    }
    counters
}

/// The scenarios that were captured at both hosts.
fn pairs() -> Vec<String> {
    let mut names: Vec<String> = std::fs::read_dir(folder())
        .expect("the folder")
        .filter_map(|entry| Some(entry.ok()?.file_name().to_str()?.strip_suffix(".c.pcap")?.into()))
        .filter(|name: &String| Path::exists(&folder().join(format!("{name}.s.pcap"))))
        .collect();
    names.sort();
    assert!(!names.is_empty(), "no captures in {}", folder().display());
    names
}

fn folder() -> PathBuf {
    let lab = std::env::var_os("WIRETALE_TCPLAB").expect("WIRETALE_TCPLAB names the laboratory");
    PathBuf::from(lab).join("caps/own")
}
