//! Captures are read as libpcap reads them, kept as they were read, and never believed.

use std::fs;
use std::path::{Path, PathBuf};

use wiretale::capture::{self, Files};
use wiretale::timeline::{Moment, Source, Timestamp};

mod damaged;
#[path = "../folder/mod.rs"]
mod folder;
mod packed;
mod saved;
mod several;
mod sifted;

use folder::Folder;

/// A frame as it was told.
#[derive(Clone, Debug, Eq, PartialEq)]
struct Told {
    number: u64,
    time: Timestamp,
    link: u16,
    interface: u32,
    comment: Vec<u8>,
    octets: Vec<u8>,
    len: usize,
}

/// Everything a source tells, and the sentence it ends with if it is damaged.
fn tell(source: &mut dyn Source) -> (Vec<Told>, Option<String>) {
    let mut told = Vec::new();
    loop {
        match source.next() {
            Ok(Some(Moment::Frame(frame))) => told.push(Told {
                number: frame.number,
                time: frame.time,
                link: frame.link,
                interface: frame.interface,
                comment: frame.comment.to_vec(),
                octets: frame.octets.kept().to_vec(),
                len: frame.octets.len(),
            }),
            Ok(Some(_)) => {}
            Ok(None) => return (told, None),
            Err(damage) => return (told, Some(damage.to_string())),
        }
    }
}

fn open(paths: &[&Path]) -> anyhow::Result<Files> {
    capture::open(&paths.iter().map(|path| path.to_path_buf()).collect::<Vec<_>>())
}

fn fixture(name: &str) -> PathBuf {
    Path::new("fixtures").join(name)
}

fn read(name: &str) -> Vec<Told> {
    let (told, damage) = tell(&mut open(&[&fixture(name)]).expect("a capture"));
    assert_eq!(damage, None, "{name}");
    assert!(!told.is_empty(), "{name} has no frames");
    told
}

fn captures() -> Vec<PathBuf> {
    let mut paths: Vec<_> = fs::read_dir("fixtures")
        .expect("fixtures")
        .map(|entry| entry.expect("an entry").path())
        .filter(|path| path.extension().is_some_and(|end| end == "pcap" || end == "pcapng"))
        .collect();
    paths.sort();
    paths
}

impl Folder {
    fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, octets).expect("room");
        path
    }
}

#[test]
fn libpcap_reads_the_same_frames() {
    let mut compared = 0;
    for path in captures() {
        let precise = pcap::Precision::Nano;
        let Ok(mut oracle) = pcap::Capture::from_file_with_precision(&path, precise) else {
            continue;
        };
        let (told, damage) = tell(&mut open(&[&path]).expect("a capture"));
        let mut told = told.into_iter();
        let oracle_end = loop {
            let packet = match oracle.next_packet() {
                Ok(packet) => packet,
                Err(end) => break end,
            };
            let named = || format!("{} packet {compared}", path.display());
            let told = told.next().unwrap_or_else(|| panic!("{} is not told", named()));
            let time = packet.header.ts;
            let nanos = time.tv_sec.cast_unsigned() * 1_000_000_000 + time.tv_usec.cast_unsigned();
            assert_eq!(told.time.0, nanos, "{}", named());
            assert_eq!(told.len, packet.header.len as usize, "{}", named());
            assert_eq!(told.octets, packet.data, "{}", named());
            compared += 1;
        };
        if oracle_end == pcap::Error::NoMorePackets {
            assert_eq!((told.next(), damage), (None, None), "{}", path.display());
        }
    }
    assert!(compared > 500, "only {compared} packets were compared");
}

/// A pcapng block, little-endian.
fn block(kind: u32, body: &[u8]) -> Vec<u8> {
    let len = (body.len() + 12) as u32;
    [&kind.to_le_bytes()[..], &len.to_le_bytes(), body, &len.to_le_bytes()].concat()
}

fn section() -> Vec<u8> {
    block(0x0a0d_0d0a, &[&0x1a2b_3c4d_u32.to_le_bytes()[..], &[1, 0, 0, 0], &[0xff; 8]].concat())
}

fn ethernet() -> Vec<u8> {
    block(1, &[1, 0, 0, 0, 0, 0, 0, 0])
}
