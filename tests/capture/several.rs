//! Are several files, interfaces and pipes read as one capture?

use std::fs::{self, File};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use wiretale::timeline::{Moment, Source};

use super::{Told, fixture, open, read, tell};
use crate::folder::Folder;

#[test]
fn files_are_read_as_one_in_the_order_of_time() {
    let folder = Folder::new("merge");
    let whole = read("http-get.pcap");
    let octets = fs::read(fixture("http-get.pcap")).expect("a fixture");
    let (mut odd, mut even, mut at) = (octets[..24].to_vec(), octets[..24].to_vec(), 24);
    for told in &whole {
        let next = at + 16 + told.octets.len();
        let part = if told.number % 2 == 1 { &mut odd } else { &mut even };
        part.extend_from_slice(&octets[at..next]);
        at = next;
    }
    let (odd, even) = (folder.file("odd", &odd), folder.file("even", &even));
    let mut files = open(&[&odd, &even]).expect("captures");
    let (told, damage) = tell(&mut files);
    assert_eq!(damage, None);
    assert_eq!(files.about().backwards, 0);
    let interfaces: Vec<_> = told.iter().map(|told| told.interface).collect();
    assert!(interfaces.starts_with(&[0, 1, 0, 1]), "{interfaces:?}");
    let alone = |told: &Told| Told { interface: 0, ..told.clone() };
    assert!(told.iter().map(alone).eq(whole.iter().map(alone)));
    // Of equal times, the file named first comes first.
    let (twice, _) = tell(&mut open(&[&odd, &odd]).expect("captures"));
    assert!(twice.chunks(2).all(|pair| (pair[0].interface, pair[1].interface) == (0, 1)));
}

fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

#[test]
fn a_pipe_is_told_while_it_is_still_written() {
    let folder = Folder::new("pipe");
    let pipe = folder.path("pipe");
    mkfifo(&pipe);
    for name in ["http-get.pcap", "several-interfaces.pcapng"] {
        let whole = read(name);
        let octets = fs::read(fixture(name)).expect("a fixture");
        let (seen, may_end) = channel();
        let path = pipe.clone();
        let writer = thread::spawn(move || {
            let mut pipe = File::create(path).expect("a reader");
            let (most, last) = octets.split_at(octets.len() - 1);
            pipe.write_all(most).expect("a reader");
            may_end.recv_timeout(Duration::from_secs(20)).expect("all but the last were told");
            pipe.write_all(last).expect("a reader");
        });
        let mut files = open(&[&pipe]).expect("a capture");
        let (mut count, mut lulls) = (0, 0);
        while let Some(moment) = files.next().expect("undamaged") {
            match moment {
                Moment::Frame(_) => count += 1,
                _ => lulls += 1,
            }
            if count == whole.len() - 1 {
                let _ = seen.send(());
            }
        }
        assert_eq!(count, whole.len(), "{name}");
        assert!(lulls > 0, "{name} announces no wait");
        writer.join().expect("a writer that was read");
    }
}

/// The writer opens its pipes in the other order, and fills one before it begins the other.
#[test]
fn pipes_read_as_one_do_not_wait_for_each_other() {
    let folder = Folder::new("pipes");
    let (one, other) = (folder.path("one"), folder.path("other"));
    mkfifo(&one);
    mkfifo(&other);
    let octets = fs::read(fixture("http-get.pcap")).expect("a fixture");
    let records = octets[24..].repeat(1 + 300_000 / octets.len());
    let long = [&octets[..24], &records[..]].concat();
    let (first, second) = (one.clone(), other.clone());
    let writer = thread::spawn(move || {
        let mut second = File::create(second).expect("a reader");
        let mut first = File::create(first).expect("a reader");
        first.write_all(&long).expect("a reader");
        second.write_all(&long).expect("a reader");
    });
    let (told, damage) = tell(&mut open(&[&one, &other]).expect("captures"));
    writer.join().expect("a writer that was read");
    assert_eq!(damage, None);
    assert_eq!(told.len(), 2 * read("http-get.pcap").len() * (1 + 300_000 / octets.len()));
}

#[test]
fn several_interfaces_keep_their_names_links_and_numbers() {
    let mut files =
        open(&[&fixture("several-interfaces.pcapng"), &fixture("arp.pcap")]).expect("captures");
    let (told, damage) = tell(&mut files);
    assert_eq!(damage, None);
    let about = files.about();
    assert!(about.interfaces.len() > 2);
    for told in &told {
        assert_eq!(told.link, about.interfaces[told.interface as usize].link);
    }
    let frames: u64 = about.interfaces.iter().map(|interface| interface.frames).sum();
    assert_eq!(frames, told.len() as u64);
    assert_eq!(about.formats, ["pcapng", "pcap"]);
}
