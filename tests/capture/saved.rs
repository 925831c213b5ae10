//! Is what is saved what was read?

use std::fs;
use std::net::IpAddr;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use wiretale::capture::save::Save;
use wiretale::timeline::{About, Moment, Source};

use super::{Told, block, captures, ethernet, fixture, open, read, section, tell};
use crate::folder::Folder;

#[test]
fn comments_names_secrets_and_counts_are_kept() {
    let folder = Folder::new("notes");
    let comment = |text: &[u8; 4]| [&[1, 0, 4, 0][..], text].concat();
    let packet =
        [&[0; 12][..], &[4, 0, 0, 0, 4, 0, 0, 0], b"data", &comment(b"one!"), &comment(b"two!")];
    let names = [&[1, 0, 8, 0, 10, 0, 0, 1][..], b"ten\0", &[0; 4]];
    let secrets = [&0x544c_534b_u32.to_le_bytes()[..], &[3, 0, 0, 0], b"key\0"];
    let counted = [
        &[0; 12][..],
        &[4, 0, 8, 0, 9, 0, 0, 0, 0, 0, 0, 0],
        &[5, 0, 8, 0, 2, 0, 0, 0, 0, 0, 0, 0],
    ];
    let octets = [
        section(),
        ethernet(),
        block(4, &names.concat()),
        block(10, &secrets.concat()),
        block(0xbad, b"anything"),
        block(6, &packet.concat()),
        block(5, &counted.concat()),
    ];
    let path = folder.file("notes", &octets.concat());
    let again = folder.path("again.pcapng");
    for path in [&path, &again] {
        let mut files = open(&[path]).expect("a capture");
        let (told, damage) = tell(&mut files);
        assert_eq!(damage, None);
        assert_eq!(told[0].comment, b"one!\ntwo!");
        let about = files.about();
        let ten: IpAddr = [10, 0, 0, 1].into();
        assert_eq!(about.resolved, [(ten, b"ten"[..].into())]);
        assert_eq!(about.secrets, [(0x544c_534b, b"key"[..].into())]);
        assert_eq!((about.interfaces[0].received, about.interfaces[0].dropped), (Some(9), Some(2)));
        if path != &again {
            save(path, &again);
        }
    }
}

/// Reads a capture and keeps it.
fn save(from: &Path, to: &Path) -> About {
    let mut source = open(&[from]).expect("a capture");
    let mut save = Save::create(to, &[from.to_owned()]).expect("a new file");
    loop {
        save.note(source.about()).expect("room");
        match source.next() {
            Ok(Some(Moment::Frame(frame))) => save.frame(&frame).expect("room"),
            Ok(Some(_)) => {}
            Ok(None) | Err(_) => break,
        }
    }
    save.end(source.about()).expect("room");
    source.about().clone()
}

#[test]
fn what_is_saved_reads_the_same() {
    let folder = Folder::new("save");
    for path in captures() {
        let (before, _) = tell(&mut open(&[&path]).expect("a capture"));
        let kept = folder.path("kept.pcapng");
        let was = save(&path, &kept);
        let mut files = open(&[&kept]).expect("what we wrote");
        let (after, damage) = tell(&mut files);
        assert_eq!(damage, None, "{}", path.display());
        assert!(after == before, "{}", path.display());
        let known = |about: &About| {
            let interface = |known: &wiretale::timeline::Interface| {
                (
                    known.name.clone(),
                    known.link,
                    known.snaplen,
                    known.received,
                    known.dropped,
                    known.frames,
                )
            };
            let interfaces: Vec<_> = about.interfaces.iter().map(interface).collect();
            (interfaces, about.resolved.clone(), about.secrets.clone())
        };
        assert_eq!(known(files.about()), known(&was), "{}", path.display());

        if before.iter().any(|told| told.link != before[0].link) {
            continue;
        }
        let kept = folder.path("kept.pcap");
        save(&path, &kept);
        let (after, damage) = tell(&mut open(&[&kept]).expect("what we wrote"));
        assert_eq!(damage, None, "{}", path.display());
        let bare = |told: &Told| Told { interface: 0, comment: Vec::new(), ..told.clone() };
        assert!(after.iter().map(bare).eq(before.iter().map(bare)), "{}", path.display());
    }
}

#[test]
fn what_is_saved_is_readable_by_libpcap_at_every_cut() {
    let folder = Folder::new("save-cut");
    let kept = folder.path("kept.pcapng");
    save(&fixture("arp.pcap"), &kept);
    let whole = read("arp.pcap");
    let octets = fs::read(&kept).expect("what we wrote");
    let count = |octets: &[u8]| {
        let path = folder.file("cut", octets);
        let mut oracle = pcap::Capture::from_file(path).ok()?;
        Some(std::iter::from_fn(|| oracle.next_packet().ok().map(drop)).count())
    };
    assert_eq!(count(&octets), Some(whole.len()));
    for cut in (octets.len() / 2)..octets.len() {
        let path = folder.file("ours", &octets[..cut]);
        let (told, _) = tell(&mut open(&[&path]).expect("a capture"));
        assert_eq!(count(&octets[..cut]), Some(told.len()), "cut at {cut}");
    }
}

#[test]
fn a_savefile_is_private_and_overwrites_neither_its_input_nor_through_a_link() {
    let folder = Folder::new("private");
    let path = folder.file("in.pcap", &fs::read(fixture("arp.pcap")).expect("a fixture"));
    let refused = Save::create(&path, std::slice::from_ref(&path)).err().expect("a refusal");
    assert!(refused.to_string().ends_with("in.pcap: is being read, and would be overwritten"));
    assert_eq!(tell(&mut open(&[&path]).expect("the input")).0, read("arp.pcap"));

    let link = folder.path("link");
    symlink(&path, &link).expect("a new link");
    let refused = Save::create(&link, &[]).err().expect("a refusal");
    assert!(refused.to_string().ends_with("link: is a symbolic link, and those are not followed"));

    let new = folder.path("new.pcapng");
    save(&path, &new);
    assert_eq!(fs::metadata(&new).expect("the file").mode() & 0o777, 0o600);
}

#[test]
fn a_classic_savefile_refuses_a_second_link_type() {
    let folder = Folder::new("links");
    let mut source = open(&[&fixture("arp.pcap"), &fixture("raw-ip.pcap")]).expect("captures");
    let mut save = Save::create(&folder.path("both.pcap"), &[]).expect("a new file");
    let refused = loop {
        save.note(source.about()).expect("room");
        let Some(moment) = source.next().expect("undamaged") else { panic!("nothing was refused") };
        let Moment::Frame(frame) = moment else { continue };
        if let Err(refused) = save.frame(&frame) {
            break refused.to_string();
        }
    };
    assert!(refused.contains("a .pcap file holds one link type"), "{refused}");
}
