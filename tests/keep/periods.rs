//! Where one file ends and the next begins: by time.

use std::slice::from_ref;
use std::time::Duration;

use wiretale::capture::save::Limits;
use wiretale::timeline::Timestamp;

use super::cuts::{begin, ethernet, feed, keep};
use super::*;

#[test]
fn a_capture_is_cut_where_its_packets_say_what_time_it_is() {
    let folder = Folder::new("periods");
    let from = fixture("fast-retransmit.pcap");
    let whole = read(&from);
    let first = whole[0].time;
    let span = whole.iter().map(|told| told.time).max().expect("a packet").since(first);
    for parts in [1, 2, 3, 7, 20, 100, 1000] {
        let period = span / parts;
        let nanos = u64::try_from(period.as_nanos()).expect("a short capture");
        folder.clear();
        let limits = Limits { period: Some(period), ..Limits::default() };
        keep(from_ref(&from), &folder.path("%s.%9f.pcapng"), &limits);
        let mut paths = folder.in_order();
        let files: Vec<_> = paths.iter().map(|path| read(path)).collect();
        assert!(files.concat() == whole, "in {parts} parts");
        for (path, told) in paths.iter().zip(&files) {
            // It is named after the beginning of its period.
            let name = path.file_stem().and_then(|name| name.to_str()).expect("UTF-8");
            let began: u64 = name.replace('.', "").parse().expect("a number");
            assert_eq!((began - first.0) % nanos, 0, "{name}");
            for told in told {
                let since = told.time.0.saturating_sub(began);
                assert!(since < nanos, "{name} holds a packet of another period");
            }
        }
        // Read again from its own files, it is cut at the same places.
        let again = Folder::new("periods-again");
        paths.sort();
        keep(&paths, &again.path("%s.%9f.pcapng"), &limits);
        assert_eq!(again.names(), folder.names());
    }
}

#[test]
fn at_a_lull_a_period_ends_by_the_clock() {
    let folder = Folder::new("lull");
    let about = ethernet();
    let seconds = |seconds: u64| seconds * 1_000_000_000;
    let time = |at| Some(Timestamp(seconds(at)));
    let limits =
        Limits { period: Some(Duration::from_secs(10)), files: Some(2), ..Limits::default() };
    let mut save = begin(&folder.path("%S.pcapng"), &limits);
    save.lull(&about, time(3)).expect("room");
    assert_eq!(folder.names(), [""; 0], "a file has the time of its first packet in its name");
    feed(&mut save, &about, seconds(5));
    save.lull(&about, time(15)).expect("room");
    // It is readable at once, and not ended: a packet of its period may still be handed over.
    assert_eq!(read(&folder.path("05.pcapng")).len(), 1);
    assert_eq!(look(&folder.path("05.pcapng")).2.interfaces[0].received, None);
    save.lull(&about, time(16)).expect("room");
    assert_eq!(look(&folder.path("05.pcapng")).2.interfaces[0].received, Some(9));
    assert_eq!(folder.names(), ["05.pcapng"], "no file without a packet");
    save.lull(&about, time(50)).expect("room");
    assert!(!save.is_over());
    // Not in the order of time: it goes to where it can still be written.
    feed(&mut save, &about, seconds(14));
    save.lull(&about, time(26)).expect("room");
    assert!(save.is_over());
    save.end(&about).expect("room");
    assert_eq!(folder.names(), ["05.pcapng", "15.pcapng"]);
    assert_eq!((save.kept().frames, save.kept().files), (2, 2));
}

/// A live capture that is killed before its first packet leaves an empty capture, not an empty file.
#[test]
fn the_first_lull_makes_a_capture_of_the_file() {
    let folder = Folder::new("empty");
    for name in ["kept.pcap", "kept.pcapng"] {
        let path = folder.path(name);
        let mut save = begin(&path, &Limits::default());
        save.lull(&ethernet(), Some(Timestamp(1))).expect("room");
        assert_eq!(read(&path), []);
        feed(&mut save, &ethernet(), 1);
        save.end(&ethernet()).expect("room");
        assert_eq!(read(&path).len(), 1);
    }
}

#[test]
fn dates_in_names_are_of_local_time() {
    let folder = Folder::new("dates");
    let first = read(&fixture("fast-retransmit.pcap"))[0].time.seconds();
    let mut command = capture(&folder, "fast-retransmit.pcap");
    command.env("TZ", "KST-9").args(["-w", "%Y%m%d-%H%M%S%z.pcap", "-G", "1h"]);
    let output = command.output().expect("the program");
    assert_eq!(said(&output).0, Some(0));
    let zone = jiff::tz::TimeZone::fixed(jiff::tz::offset(9));
    let time = jiff::Timestamp::from_second(first.cast_signed()).expect("a time").to_zoned(zone);
    assert_eq!(folder.names(), [time.strftime("%Y%m%d-%H%M%S+0900.pcap").to_string()]);
}
