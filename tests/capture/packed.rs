//! Is a packed capture the same capture?

use std::fs;
use std::path::Path;
use std::process::Command;

use super::{fixture, open, read, tell};
use crate::folder::Folder;

#[test]
fn a_packed_capture_is_the_same_capture() {
    let plain = read("http-get.pcap");
    for packed in ["http-get.pcap.gz", "http-get.pcap.zst", "http-get.pcap.lz4"] {
        assert!(read(packed) == plain, "{packed}");
    }
    assert!(read("two-requests.pcapng.gz") == read("two-requests.pcapng"));
}

/// As `cat`, `pigz`, `pzstd` and log rotation leave them.
#[test]
fn packed_streams_may_follow_one_another() {
    let folder = Folder::new("packed");
    let plain = fs::read(fixture("http-get.pcap")).expect("a fixture");
    let skippable = [&[0x5e, 0x2a, 0x4d, 0x18, 3, 0, 0, 0][..], b"abc"].concat();
    let (begin, end) = (folder.file("begin", &plain[..100]), folder.file("end", &plain[100..]));
    for (tool, between) in [("gzip", &[][..]), ("zstd", &skippable), ("lz4", &skippable)] {
        let pack = |path: &Path| {
            let packed = Command::new(tool).args(["-c", "-q"]).arg(path).output();
            packed.ok().filter(|packed| packed.status.success()).map(|packed| packed.stdout)
        };
        let (Some(begin), Some(end)) = (pack(&begin), pack(&end)) else { continue };
        let path = folder.file(tool, &[&begin, between, &end, between].concat());
        let (told, damage) = tell(&mut open(&[&path]).expect("a capture"));
        assert_eq!(damage, None, "{tool}");
        assert!(told == read("http-get.pcap"), "{tool}");
    }
}

#[test]
fn what_a_damaged_stream_gave_before_is_told() {
    let folder = Folder::new("damaged-stream");
    let plain = read("http-get.pcap");
    for packed in ["http-get.pcap.gz", "http-get.pcap.zst", "http-get.pcap.lz4"] {
        let octets = fs::read(fixture(packed)).expect("a fixture");
        for cut in 0..octets.len() {
            let path = folder.file(packed, &octets[..cut]);
            let Ok(mut files) = open(&[&path]) else { continue };
            let (told, damage) = tell(&mut files);
            assert!(plain.starts_with(&told), "{packed} cut at {cut}");
            assert!(damage.is_some() || told == plain, "{packed} cut at {cut} and nothing is said");
        }
        let mut scribbled = octets.clone();
        for at in 0..octets.len() {
            scribbled[at] ^= 0x55;
            if let Ok(mut files) = open(&[&folder.file(packed, &scribbled)]) {
                tell(&mut files);
            }
            scribbled[at] = octets[at];
        }
    }
}
