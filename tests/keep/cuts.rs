//! Where one file ends and the next begins: by size and count.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::slice::from_ref;
use std::time::Duration;

use jiff::tz::TimeZone;
use wiretale::capture::save::{Limits, Rotation, Save};
use wiretale::capture::sift::Sift;
use wiretale::flow::{Flows, Seen};
use wiretale::octets::Octets;
use wiretale::pipeline::{self, Passing};
use wiretale::render::Report;
use wiretale::timeline::{About, Frame, Interface, Timestamp};
use wiretale::wire::Packet;

use super::*;

/// Packets are only kept: none is to be read.
pub(super) struct Unheard;

impl Report for Unheard {
    fn packet(&mut self, _: &Packet<'_>, _: &Seen<'_>) -> io::Result<()> {
        panic!("a packet was read that is only kept");
    }

    fn hears(&self) -> bool {
        false
    }

    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        Ok(())
    }
}

pub(super) fn rotation(template: &Path, limits: &Limits) -> Rotation {
    Rotation::new(template, limits.clone(), TimeZone::UTC).expect("a template")
}

/// Files of these limits, the first of which is begun.
pub(super) fn begin(template: &Path, limits: &Limits) -> Save {
    Save::rotating(rotation(template, limits), &[]).expect("a new file")
}

/// Keeps captures, read as one, in files of these limits.
pub(super) fn keep(from: &[PathBuf], template: &Path, limits: &Limits) {
    let files = capture::open(from).expect("captures");
    let mut source = Sift::new(files, None, None, None).expect("no filter");
    let mut passing = Passing { save: Some(begin(template, limits)), ..Passing::default() };
    pipeline::run(&mut source, &mut passing, &mut Unheard).expect("room");
}

/// Keeps a frame of 160 octets.
pub(super) fn feed(save: &mut Save, about: &About, time: u64) {
    let octets = Octets::whole(&[7; 160]);
    let time = Timestamp(time);
    let frame = Frame { number: 1, time, link: 1, interface: 0, comment: &[], octets };
    save.frame(&frame).expect("room");
    save.note(about).expect("room");
}

/// What a source tells of itself that has one interface.
pub(super) fn ethernet() -> About {
    let interface = Interface {
        link: 1,
        step: Duration::from_nanos(1),
        received: Some(9),
        dropped: Some(2),
        ..Interface::default()
    };
    About { interfaces: vec![interface], ..About::default() }
}

fn len(path: &Path) -> u64 {
    fs::metadata(path).expect("the file").len()
}

/// What is true of each of several files, whatever the limits were.
fn is_whole(path: &Path, whole: &About) {
    let (told, damage, about) = look(path);
    assert_eq!(damage, None, "{}", path.display());
    assert!(!told.is_empty(), "{} has no packet", path.display());
    assert_eq!(fs::metadata(path).expect("the file").mode() & 0o777, 0o600);
    if about.formats == ["pcap"] {
        return;
    }
    for (here, there) in about.interfaces.iter().zip(&whole.interfaces) {
        assert_eq!((&here.name, here.link), (&there.name, there.link), "{}", path.display());
    }
    // As much as was known when the file ended.
    assert!(whole.resolved.starts_with(&about.resolved));
    assert!(whole.secrets.starts_with(&about.secrets));
    assert_eq!(about.comments, whole.comments);
}

#[test]
fn however_long_the_files_are_together_they_are_the_capture() {
    let folder = Folder::new("sizes");
    for name in [
        "arp.pcap",
        "fast-retransmit.pcap",
        "nanoseconds.pcap",
        "several-interfaces.pcapng",
        "names.pcapng",
        "tls12-keys.pcapng",
    ] {
        let from = fixture(name);
        let (whole, _, about) = look(&from);
        let has_one_link = whole.iter().all(|told| told.link == whole[0].link);
        let extensions = if has_one_link { &["pcapng", "pcap"][..] } else { &["pcapng"] };
        for extension in extensions {
            let is_classic = *extension == "pcap";
            // A classic savefile has neither interfaces nor comments.
            let bare = |told: &Told| {
                let mut told = told.clone();
                if is_classic {
                    (told.interface, told.comment) = (0, Vec::new());
                }
                told
            };
            let template = folder.path(&format!("kept.{extension}"));
            keep(from_ref(&from), &template, &Limits::default());
            let all = len(&template);
            let (mut most, mut cuts) = (0, 0);
            // Every size where a boundary may move by an octet at both ends, and some between.
            let between = (400..all).step_by(1 + all as usize / 150);
            for size in (1..=400).chain(between).chain(all - 60..all + 3) {
                folder.clear();
                keep(from_ref(&from), &template, &Limits { size: Some(size), ..Limits::default() });
                let files = folder.in_order();
                let told = read_all(&files);
                let is_same = told.iter().map(bare).eq(whole.iter().map(bare));
                assert!(is_same, "{name} in files of {size}");
                for path in &files {
                    is_whole(path, &about);
                    let told = read(path);
                    let packets: usize = told.iter().map(|told| told.octets.len() + 36).sum();
                    let is_short = len(path) <= size || told.len() == 1;
                    // Only so long that what is told again is at most half of it.
                    let is_half = !is_classic && len(path) <= 3 * packets as u64;
                    // The last is told what came to be known behind the last packet.
                    let is_last = !is_classic && Some(path) == files.last();
                    let name = path.display();
                    assert!(is_short || is_half || is_last, "{name} has {}: -C {size}", len(path));
                }
                most = most.max(files.len());
                cuts += files.len() - 1;
            }
            assert!(cuts > 400, "{name}: {cuts} cuts");
            assert!(!is_classic || most == whole.len(), "{name}: {most} files at most");
            folder.clear();
        }
    }
}

#[test]
fn however_many_packets_the_files_hold_together_they_are_the_capture() {
    let folder = Folder::new("counts");
    for name in ["fast-retransmit.pcap", "several-interfaces.pcapng", "names.pcapng"] {
        let from = fixture(name);
        let (whole, _, about) = look(&from);
        for packets in 1..=whole.len() + 1 {
            let limits = Limits { packets: Some(packets as u64), ..Limits::default() };
            folder.clear();
            keep(from_ref(&from), &folder.path("kept.pcapng"), &limits);
            let files = folder.in_order();
            assert_eq!(files.len(), whole.len().div_ceil(packets), "{name}");
            assert!(read_all(&files) == whole, "{name} in files of {packets}");
            for (at, path) in files.iter().enumerate() {
                is_whole(path, &about);
                let rest = whole.len() - at * packets;
                assert_eq!(read(path).len(), rest.min(packets), "{name} in files of {packets}");
            }
        }
        folder.clear();
    }
}

/// Where what must precede the packets is long, it does not fill the disk.
#[test]
fn what_is_told_again_in_each_file_is_no_more_than_its_packets() {
    let folder = Folder::new("heads");
    let comment = vec![b'c'; 60_000].into();
    let interface = Interface { link: 1, comment, ..Interface::default() };
    let about = About { interfaces: vec![interface; 4], ..About::default() };
    let limits = Limits { size: Some(1000), ..Limits::default() };
    let mut save = begin(&folder.path("kept.pcapng"), &limits);
    for number in 1..=6_000 {
        feed(&mut save, &about, number);
    }
    save.end(&about).expect("room");
    let kept: u64 = folder.in_order().iter().map(|path| len(path)).sum();
    // A packet is a block of 192 octets.
    assert!(folder.names().len() > 2 && kept < 3 * 6_000 * 192, "{kept} octets");
    assert_eq!(read_all(&folder.in_order()).len(), 6_000);
}

#[test]
fn every_file_ends_with_what_was_counted() {
    let folder = Folder::new("counted");
    let limits = Limits { packets: Some(2), ..Limits::default() };
    let mut save = begin(&folder.path("kept.pcapng"), &limits);
    for number in 1..=5 {
        feed(&mut save, &ethernet(), number);
    }
    save.end(&ethernet()).expect("room");
    assert_eq!(folder.names().len(), 3);
    for path in folder.in_order() {
        let interface = &look(&path).2.interfaces[0];
        let counted = (interface.received, interface.dropped);
        assert_eq!(counted, (Some(9), Some(2)), "{}", path.display());
    }
    // For what was counted there is room in every file.
    for size in 600..900 {
        folder.clear();
        let limits = Limits { size: Some(size), ..Limits::default() };
        let mut save = begin(&folder.path("kept.pcapng"), &limits);
        for number in 1..=9 {
            feed(&mut save, &ethernet(), number);
        }
        save.end(&ethernet()).expect("room");
        let longest = folder.in_order().iter().map(|path| len(path)).max();
        assert!(longest.is_some_and(|longest| longest <= size), "{longest:?} octets: -C {size}");
        assert_eq!(read_all(&folder.in_order()).len(), 9);
    }
}

#[test]
fn packets_are_written_at_once_where_that_is_asked() {
    let folder = Folder::new("at-once");
    for (name, at_once) in [("later.pcap", false), ("now.pcap", true)] {
        let path = folder.path(name);
        let save = begin(&path, &Limits::default());
        let mut save = if at_once { save.at_once() } else { save };
        for number in 1..=3 {
            feed(&mut save, &ethernet(), number);
            assert_eq!(len(&path), if at_once { 24 + number * 176 } else { 0 });
        }
    }
}
