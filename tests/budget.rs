//! Every nanosecond of a connection is in exactly one bucket, whatever the packets say.

mod segments;

use std::path::{Path, PathBuf};
use std::time::Duration;

use proptest::prelude::*;
use segments::{Ends, Offer, Written};
use wiretale::capture;
use wiretale::flow::tcp::Connection;
use wiretale::flow::{Beyond, Flows, Side};
use wiretale::tale::accounts::{Account, Accounts};
use wiretale::tale::bucket::Bucket;
use wiretale::tale::verdict::spent;
use wiretale::timeline::{Frame, Moment, Source};
use wiretale::wire::Packet;

/// Holds an account to the law; `last` is the number of the last packet.
fn adds_up(account: &Account, connection: &Connection, last: u64) {
    let tiles = &account.tiles;
    let sum: Duration = Bucket::ALL.iter().map(|bucket| tiles.sum(*bucket)).sum();
    assert_eq!(sum, tiles.wall(), "the sum of the buckets");
    assert_eq!(spent(tiles).iter().sum::<Duration>(), tiles.wall(), "what everybody spent");
    assert!(tiles.began() <= connection.opened().time);
    for bucket in Bucket::ALL {
        let sides = [Side::Client, Side::Server].map(|side| tiles.sum_of(side, bucket));
        assert!(sides[0] + sides[1] <= tiles.sum(bucket), "{bucket:?} by sides");
    }
    let mut at = tiles.began();
    let mut sums = [Duration::ZERO; Bucket::ALL.len()];
    for wait in tiles.waits() {
        if tiles.omitted() == 0 {
            assert_eq!(wait.begin, at, "waits follow each other");
        }
        assert!(wait.begin >= at && wait.end > wait.begin, "waits do not overlap: {wait:?}");
        assert!((1..=last).contains(&wait.from.packet), "{wait:?}");
        assert!((1..=last).contains(&wait.to.packet), "{wait:?}");
        assert!(wait.from.time <= wait.begin && wait.end <= wait.to.time, "{wait:?}");
        at = wait.end;
        sums[wait.bucket.index()] += wait.time();
    }
    if tiles.omitted() == 0 {
        assert_eq!(at, tiles.ended(), "up to the end");
        assert_eq!(sums, Bucket::ALL.map(|bucket| tiles.sum(bucket)));
    }
    for stall in &account.stalls {
        assert!(stall.packets.iter().all(|packet| (1..=last).contains(packet)), "{stall:?}");
        assert!(stall.count > 0);
    }
    if let Some(verdict) = &account.verdict {
        assert!((0.0..=1.0).contains(&verdict.share), "{verdict:?}");
        assert!(verdict.time <= tiles.wall(), "{verdict:?}");
    }
}

/// Follows frames to their end; how many connections there were.
fn follow<'a>(frames: impl Iterator<Item = Frame<'a>>) -> u64 {
    let (mut flows, mut accounts) = (Flows::default(), Accounts::default());
    let mut last = 0;
    let mut count = 0;
    for frame in frames {
        last = frame.number;
        let packet = Packet::dissect(frame);
        accounts.observe(&packet, &flows.observe(&packet));
        for connection in flows.gone() {
            let account = accounts.close(&connection).expect("an account");
            adds_up(&account, &connection, last);
            count += 1;
        }
    }
    for connection in flows.connections() {
        let account = accounts.close(connection).expect("an account");
        adds_up(&account, connection, last);
        count += 1;
    }
    let whole = accounts.end();
    let sum: Duration = Bucket::ALL.iter().map(|bucket| whole.sum(*bucket)).sum();
    assert_eq!(sum, whole.all.wall);
    assert_eq!(whole.all.connections, count);
    let servers = whole.servers();
    assert_eq!(servers.iter().map(|(_, sum)| sum.wall).sum::<Duration>(), whole.all.wall);
    for (_, sum) in servers {
        assert_eq!(sum.spent.iter().sum::<Duration>(), sum.wall, "what everybody spent with it");
    }
    count
}

fn captures(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "pcap" || end == "pcapng"))
        .collect();
    found.sort();
    found
}

#[test]
fn the_time_of_every_fixture_adds_up() {
    let mut connections = 0;
    for path in captures(Path::new("fixtures")) {
        let Ok(mut source) = capture::open(&[path]) else { continue };
        let (mut flows, mut accounts) = (Flows::default(), Accounts::default());
        let mut beyond = Beyond::default();
        let mut last = 0;
        while let Ok(Some(moment)) = source.next() {
            let Moment::Frame(frame) = moment else { continue };
            last = frame.number;
            let mut packet = Packet::dissect(frame);
            beyond.open(&mut packet);
            accounts.observe(&packet, &flows.observe(&packet));
            for connection in flows.gone() {
                let account = accounts.close(&connection).expect("an account");
                adds_up(&account, &connection, last);
                connections += 1;
            }
        }
        for connection in flows.connections() {
            let account = accounts.close(connection).expect("an account");
            adds_up(&account, connection, last);
            connections += 1;
        }
    }
    assert!(connections > 60, "{connections}");
}

/// One of a few places, so that segments meet each other.
fn place() -> impl Strategy<Value = u32> {
    prop_oneof![
        4 => (0_u32..12).prop_map(|step| 1 + step * 100),
        1 => 0_u32..3,
        1 => Just(u32::MAX - 5),
    ]
}

prop_compose! {
    fn segment()(
        pause in prop_oneof![6 => 0_i64..3_000_000, 3 => 0_i64..900_000_000, 1 => -50_000_000_i64..0],
        is_client in any::<bool>(),
        flags in prop_oneof![
            12 => Just(0x10_u8), 6 => Just(0x18), 2 => Just(0x02), 2 => Just(0x12),
            2 => Just(0x11), 1 => Just(0x14), 1 => Just(0x04), 1 => any::<u8>(),
        ],
        seq in place(),
        ack in place(),
        len in prop_oneof![3 => Just(0_u16), 1 => Just(1), 4 => Just(100), 2 => Just(1448)],
        window in prop_oneof![1 => Just(0_u16), 1 => Just(2), 6 => Just(502)],
        stamps in prop::option::of((0_u32..2000, 0_u32..2000)),
        hops in prop_oneof![9 => Just(64_u8), 1 => any::<u8>()],
        port in prop_oneof![5 => Just(0_u32), 1 => Just(1)],
    ) -> (i64, u32, Written) {
        let mut options = Vec::new();
        if flags & 2 != 0 {
            options.extend([Offer::Mss(1460), Offer::SackPermitted, Offer::WindowScale(7)]);
        }
        options.extend(stamps.map(|(value, echo)| Offer::Timestamps(value, echo)));
        let by = if is_client { Side::Client } else { Side::Server };
        let ack = (flags & 0x10 != 0).then_some(ack);
        let written = Written { hops, seq, len, ack, window, options, ..Written::bare(by, flags) };
        (pause, port, written)
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_time_of_whatever_comes_adds_up(segments in prop::collection::vec(segment(), 1..60)) {
        let mut now = 1_000_000_000_i64;
        let made: Vec<_> = segments
            .into_iter()
            .map(|(pause, port, written)| {
                now += pause;
                let time = u64::try_from(now).expect("after the epoch");
                let mut ends = Ends::default();
                ends.ports[0] += port as u16;
                Written { time, ..written }.frame(&ends)
            })
            .collect();
        let frames = made.iter().enumerate().map(|(at, made)| made.frame(at as u64 + 1));
        prop_assert!(follow(frames) > 0);
    }
}

/// A transfer of so many waits that not all of them are kept; the sums are exact all the same.
#[test]
fn of_many_waits_the_longest_are_kept_and_all_are_counted() {
    let mut written = Vec::new();
    let mut say = |time: u64, by: Side, seq: u32, len: u16, ack: u32| {
        let ack = Some(ack);
        let bare = Written::bare(by, 0x18);
        written.push(Written { time, seq, len, ack, window: 50_000, ..bare });
    };
    for turn in 0..6000_u32 {
        let time = u64::from(turn) * 10_000_000;
        say(time, Side::Client, 1 + turn * 100, 100, 1 + turn * 100);
        say(
            time + 4_000_000 + u64::from(turn),
            Side::Server,
            1 + turn * 100,
            100,
            101 + turn * 100,
        );
    }
    let made: Vec<_> = written.iter().map(|one| one.frame(&Ends::default())).collect();
    let (mut flows, mut accounts) = (Flows::default(), Accounts::default());
    for (at, made) in made.iter().enumerate() {
        let packet = Packet::dissect(made.frame(at as u64 + 1));
        accounts.observe(&packet, &flows.observe(&packet));
    }
    let connections = flows.connections();
    let account = accounts.close(connections[0]).expect("an account");
    adds_up(&account, connections[0], made.len() as u64);
    assert!(account.tiles.omitted() > 0);
    assert!(account.tiles.waits().len() <= 4096);
}
