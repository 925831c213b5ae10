//! Captures are read as libpcap reads them, kept as they were read, and never believed.

use std::fs::{self, File};
use std::io::Write;
use std::net::IpAddr;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use proptest::prelude::*;
use wiretale::capture::save::Save;
use wiretale::capture::sift::{Edge, Sift};
use wiretale::capture::{self, Files};
use wiretale::timeline::{About, Moment, Source, Timestamp};

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

/// A folder of its own for one test; in memory where there is one, for thousands of small files.
struct Folder(PathBuf);

impl Folder {
    fn new(test: &str) -> Self {
        let memory = Some(PathBuf::from("/dev/shm")).filter(|path| path.is_dir());
        let path = memory.unwrap_or_else(std::env::temp_dir);
        let path = path.join(format!("wiretale-{test}-{}", std::process::id()));
        fs::create_dir_all(&path).expect("a new folder");
        Self(path)
    }

    fn file(&self, name: &str, octets: &[u8]) -> PathBuf {
        let path = self.0.join(name);
        fs::write(&path, octets).expect("room");
        path
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
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

fn mkfifo(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().expect("mkfifo").success());
}

#[test]
fn a_pipe_is_told_while_it_is_still_written() {
    let folder = Folder::new("pipe");
    let pipe = folder.0.join("pipe");
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
    let (one, other) = (folder.0.join("one"), folder.0.join("other"));
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
    let again = folder.0.join("again.pcapng");
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
        let kept = folder.0.join("kept.pcapng");
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
        let kept = folder.0.join("kept.pcap");
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
    let kept = folder.0.join("kept.pcapng");
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

    let link = folder.0.join("link");
    symlink(&path, &link).expect("a new link");
    let refused = Save::create(&link, &[]).err().expect("a refusal");
    assert!(refused.to_string().ends_with("link: is a symbolic link, and those are not followed"));

    let new = folder.0.join("new.pcapng");
    save(&path, &new);
    assert_eq!(fs::metadata(&new).expect("the file").mode() & 0o777, 0o600);
}

#[test]
fn a_classic_savefile_refuses_a_second_link_type() {
    let folder = Folder::new("links");
    let mut source = open(&[&fixture("arp.pcap"), &fixture("raw-ip.pcap")]).expect("captures");
    let mut save = Save::create(&folder.0.join("both.pcap"), &[]).expect("a new file");
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

#[test]
fn a_capture_filter_passes_what_libpcap_passes() {
    for name in [
        "http-get.pcap",
        "dns-types.pcap",
        "snaplen-96.pcap",
        "vlan.pcap",
        "icmpv6.pcap",
        "cooked.pcap",
    ] {
        for expression in [
            "tcp port 80",
            "udp",
            "ip6",
            "greater 200",
            "less 80",
            "not tcp",
            "tcp[13] & 2 != 0",
            "host 192.168.0.1 or ip6",
            "ip[0] & 0xf != 5",
        ] {
            let mut oracle = pcap::Capture::from_file(fixture(name)).expect("a capture");
            oracle.filter(expression, true).expect("a filter");
            let passed =
                std::iter::from_fn(|| oracle.next_packet().ok().map(|packet| packet.data.to_vec()));
            let passed: Vec<_> = passed.collect();
            let files = open(&[&fixture(name)]).expect("a capture");
            let mut sift = Sift::new(files, Some(expression), None, None).expect("a filter");
            let (told, damage) = tell(&mut sift);
            assert_eq!(damage, None);
            assert!(told.iter().map(|told| &told.octets).eq(&passed), "{name}: {expression}");
            let sifted = read(name).len() - passed.len();
            assert_eq!(sift.about().sifted, sifted as u64, "{name}: {expression}");
        }
    }
}

#[test]
fn a_bad_capture_filter_is_refused_in_libpcaps_words() {
    for name in ["http-get.pcap", "two-requests.pcapng"] {
        let files = open(&[&fixture(name)]).expect("a capture");
        let refused = Sift::new(files, Some("tcp prt 80"), None, None).err().expect("a refusal");
        assert!(refused.to_string().contains("syntax error"), "{refused}");
    }
}

#[test]
fn limits_of_time_are_absolute_or_count_from_the_first_frame() {
    let whole = read("http-get.pcap");
    let (from, to) = (whole[2].time, whole[5].time);
    let first = whole[0].time;
    let after = |time: Timestamp| Some(Edge::After(time.since(first)));
    for (from, to) in [(Some(Edge::At(from)), Some(Edge::At(to))), (after(from), after(to))] {
        let files = open(&[&fixture("http-get.pcap")]).expect("a capture");
        let (told, _) = tell(&mut Sift::new(files, None, from, to).expect("limits"));
        assert!(told == whole[2..5], "{from:?} to {to:?}");
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
