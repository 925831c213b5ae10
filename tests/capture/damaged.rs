//! What is said of a capture that is damaged, that lies, or that is none?

use std::fs;
use std::path::Path;

use proptest::prelude::*;
use wiretale::timeline::Source;

use super::{block, captures, ethernet, fixture, open, read, section, tell};
use crate::folder::Folder;

#[test]
fn a_capture_cut_anywhere_gives_its_whole_records_and_a_sentence() {
    let folder = Folder::new("cut");
    for name in ["arp.pcap", "big-endian-ns.pcap", "several-interfaces.pcapng"] {
        let octets = fs::read(fixture(name)).expect("a fixture");
        let octets = &octets[..octets.len().min(3000)];
        let whole = read(name);
        let mut sentences = 0;
        let mut before = 0;
        for cut in 1..octets.len() {
            let path = folder.file(name, &octets[..cut]);
            match open(&[&path]) {
                Err(refused) => {
                    assert!(before == 0 && cut < 24, "{refused:#}");
                    sentences += 1;
                }
                Ok(mut files) => {
                    let (told, damage) = tell(&mut files);
                    assert!(whole.starts_with(&told), "{name} cut at {cut}");
                    assert!(told.len() >= before, "{name} cut at {cut} tells less than before");
                    before = told.len();
                    if let Some(damage) = damage {
                        let cut_at = format!("cut at octet {cut}: ");
                        assert!(damage.contains(&cut_at), "{damage}");
                        assert!(damage.contains(&format!("{} packet", told.len())), "{damage}");
                        assert_eq!(files.about().damage.as_ref(), Some(&damage));
                        sentences += 1;
                    }
                }
            }
        }
        // Only where a record ends there is nothing to be said.
        assert!(sentences + 3 * whole.len() + 20 > octets.len(), "{name}: {sentences} sentences");
    }
}

#[test]
fn a_refusal_names_the_file_and_the_cause() {
    let folder = Folder::new("refusals");
    let cases: [(&str, &[u8], &str); 9] = [
        ("notes.txt", b"Dear Sir", "not a capture file (it begins with \"Dear Sir\")"),
        ("esc", b"\x1b[2J\"\xff", r#"not a capture file (it begins with "\x1b[2J\"\xff")"#),
        ("empty", b"", "empty: not even a file header"),
        (
            "short",
            b"\xd4\xc3\xb2\xa1\x02",
            "cut at octet 5: the file header has 5 of its 24 octets; 0 packets were read",
        ),
        (
            "old",
            b"\xd4\xc3\xb2\xa1\x01\0\x09\0................",
            "damaged at octet 0: savefiles of version 1.9 are unknown; 0 packets were read",
        ),
        (
            "a.xz",
            b"\xfd7zXZ\0..",
            "compressed with xz, which is not unpacked here: try `xz -dc FILE | wiretale packets -`",
        ),
        (
            "a.bz2",
            b"BZh91AY&",
            "compressed with bzip2, which is not unpacked here: try `bzip2 -dc FILE | wiretale packets -`",
        ),
        (
            "snoop",
            b"snoop\0\0\0\0\0\0\x03\0\0\0\x04",
            "damaged at octet 0: snoop files of version 3 are unknown; 0 packets were read",
        ),
        ("sno", b"sno", "not a capture file (it begins with \"sno\")"),
    ];
    let said = |path: &Path| format!("{:#}", open(&[path]).err().expect("a refusal"));
    for (name, octets, sentence) in cases {
        let path = folder.file(name, octets);
        assert_eq!(said(&path), format!("{}: {sentence}", path.display()));
    }
    assert_eq!(said(Path::new("/nowhere/x")), "/nowhere/x: no such file");
    assert_eq!(said(&folder.0), format!("{}: is a directory", folder.0.display()));
    assert_eq!(
        said(&folder.file("e\x1b[2Jsc", b"")),
        format!("{}/e\\x1b[2Jsc: empty: not even a file header", folder.0.display())
    );
    let twice = open(&[Path::new("-"), Path::new("-")]).err().expect("a refusal");
    assert_eq!(twice.to_string(), "standard input: can be read only once");
}

#[test]
fn one_damaged_file_does_not_silence_the_others() {
    let folder = Folder::new("damaged");
    let octets = fs::read(fixture("http-get.pcap")).expect("a fixture");
    let cut = folder.file("cut", &octets[..24 + 10]);
    let (told, damage) = tell(&mut open(&[&cut, &fixture("arp.pcap")]).expect("captures"));
    assert_eq!(told.len(), read("arp.pcap").len());
    let sentence =
        "cut at octet 34: the header of record 1 has 10 of its 16 octets; 0 packets were read";
    assert_eq!(damage, Some(format!("{}: {sentence}", cut.display())));
}

#[test]
fn a_block_that_lies_is_named_with_its_place() {
    let folder = Folder::new("lies");
    let packet = |interface: u8, kept: u8| {
        let fields = [interface, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, kept, 0, 0, 0, 60, 0, 0, 0];
        block(6, &[&fields[..], &[0xaa; 8]].concat())
    };
    let mut other_end = packet(0, 8);
    let end = other_end.len() - 4;
    other_end[end] = 99;
    let cases = [
        (packet(1, 8), "block 4 is a packet of interface 1, and 1 are described"),
        (packet(0, 9), "block 4 of 40 octets claims a packet of 9"),
        (other_end, "block 4 is 40 octets long at its beginning and 99 at its end"),
        ([6, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0].to_vec(), "block 4 claims 8 octets"),
        ([6, 0, 0, 0, 4, 0, 0, 1, 0, 0, 0, 0].to_vec(), "block 4 claims 16777220 octets"),
    ];
    for (lie, cause) in cases {
        let octets = [section(), ethernet(), packet(0, 8), lie].concat();
        let path = folder.file("lie", &octets);
        let (told, damage) = tell(&mut open(&[&path]).expect("a capture"));
        assert_eq!(told.len(), 1, "{cause}");
        let place = "damaged at octet 88";
        let sentence = format!("{}: {place}: {cause}; 1 packet was read", path.display());
        assert_eq!(damage, Some(sentence));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    /// Lengths are never believed: what is told is no longer than what is there.
    #[test]
    fn a_damaged_capture_is_still_read(
        which in any::<prop::sample::Index>(),
        scribbles in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let mut octets = fs::read(which.get(&captures())).expect("a fixture");
        octets.truncate(20_000);
        for (at, scribble) in scribbles {
            *at.get_mut(&mut octets) = scribble;
        }
        if let Some(cut) = cut {
            octets.truncate(cut.index(octets.len()));
        }
        let folder = Folder::new("scribbled");
        let path = folder.file("scribbled", &octets);
        if let Ok(mut files) = open(&[&path]) {
            let (told, _) = tell(&mut files);
            let kept: usize = told.iter().map(|told| told.octets.len()).sum();
            prop_assert!(kept < octets.len());
        }
    }
}
