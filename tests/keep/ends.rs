//! What is there when it does not end well.

use std::fs::File;
use std::io::Write;
use std::process::Child;
use std::thread;
use std::time::{Duration, Instant};

use super::*;

#[test]
fn of_a_damaged_capture_all_before_the_damage_is_kept() {
    let folder = Folder::new("damaged");
    let mut command = capture(&folder, "cut-short.pcap");
    let output = command.args(["-w", "kept.pcapng", "--file-packets", "2"]).output();
    let (whole, damage, _) = look(&fixture("cut-short.pcap"));
    assert!(damage.is_some() && whole.len() > 2);
    assert_eq!(said(&output.expect("the program")).0, Some(1));
    assert!(read_all(&folder.in_order()) == whole);
}

/// A pipe, and the records of a capture to write into it over and over.
struct Feed {
    pipe: PathBuf,
    header: Vec<u8>,
    records: Vec<Vec<u8>>,
}

impl Feed {
    fn new(folder: &Folder) -> Self {
        let pipe = folder.path("pipe");
        assert!(Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
        let octets = fs::read(fixture("fast-retransmit.pcap")).expect("a fixture");
        let (mut records, mut at) = (Vec::new(), 24);
        while at < octets.len() {
            let len = u32::from_le_bytes(octets[at + 8..at + 12].try_into().expect("four octets"));
            let next = at + 16 + len as usize;
            records.push(octets[at..next].to_vec());
            at = next;
        }
        Self { pipe, header: octets[..24].to_vec(), records }
    }

    fn capture(&self, folder: &Folder, arguments: &str) -> Child {
        let mut command = wiretale();
        command.current_dir(&folder.0).arg("capture").arg("-r").arg(&self.pipe);
        command.args(arguments.split_whitespace());
        command.stderr(Stdio::null()).spawn().expect("the program")
    }

    /// The frames as they are told, over and over.
    fn told(&self) -> impl Iterator<Item = Told> + use<> {
        let told = read(&fixture("fast-retransmit.pcap"));
        assert_eq!(told.len(), self.records.len());
        told.into_iter().cycle()
    }
}

/// Everything of whole records that was kept so far, and how many files end within one.
fn kept_so_far(folder: &Folder) -> (Vec<Told>, usize) {
    let (mut all, mut cut) = (Vec::new(), 0);
    for path in folder.in_order() {
        let is_kept = path.file_name().is_some_and(|name| name.to_string_lossy().contains("kept"));
        if !is_kept || fs::metadata(&path).expect("the file").len() == 0 {
            continue;
        }
        let (told, damage, _) = look(&path);
        if let Some(damage) = damage {
            assert!(damage.contains(": cut at octet "), "{damage}");
            cut += 1;
        }
        all.extend(told);
    }
    (all, cut)
}

#[test]
fn of_a_capture_that_is_killed_at_a_lull_every_packet_is_there() {
    for arguments in [
        "-w kept.pcap",
        "-w kept.pcapng",
        "-w kept.pcap --file-packets 7",
        "-w kept.pcapng -C 5k",
        "-w kept.pcapng -U",
    ] {
        let folder = Folder::new("killed-slowly");
        let feed = Feed::new(&folder);
        let mut capture = feed.capture(&folder, arguments);
        let mut pipe = File::create(&feed.pipe).expect("a reader");
        pipe.write_all(&feed.header).expect("a reader");
        for (at, record) in feed.records.iter().enumerate().take(40) {
            // Up to the middle of a record: those before it are whole.
            let (now, rest) = record.split_at(record.len() / 2);
            pipe.write_all(now).expect("a reader");
            if at % 10 == 9 {
                // They come to be in the files, though nothing ends.
                let begun = Instant::now();
                while kept_so_far(&folder).0.len() < at {
                    assert!(begun.elapsed() < Duration::from_secs(20), "not {at}: {arguments}");
                    thread::sleep(Duration::from_millis(2));
                }
            }
            if at < 39 {
                pipe.write_all(rest).expect("a reader");
            }
        }
        capture.kill().expect("the program");
        capture.wait().expect("an end");
        let (told, cut) = kept_so_far(&folder);
        assert!(told.into_iter().eq(feed.told().take(39)), "{arguments}");
        assert_eq!(cut, 0, "{arguments}");
    }
}

/// Killed in the instant in which a record on two pages is copied, its first part may be left: of the last
/// record of the last file, and of no other.
#[test]
fn of_a_capture_that_is_killed_as_it_writes_everything_is_readable() {
    let mut packets = 0;
    for round in 0..12 {
        let folder = Folder::new("killed-fast");
        let feed = Feed::new(&folder);
        let arguments = ["-w kept.pcap", "-w kept.pcapng", "-w kept.pcapng -C 100k"][round % 3];
        let mut capture = feed.capture(&folder, arguments);
        let mut pipe = File::create(&feed.pipe).expect("a reader");
        let (header, all) = (feed.header.clone(), feed.records.concat());
        let writer = thread::spawn(move || {
            let mut written = pipe.write_all(&header);
            while written.is_ok() {
                written = pipe.write_all(&all);
            }
        });
        thread::sleep(Duration::from_millis(40 + round as u64 * 7));
        capture.kill().expect("the program");
        capture.wait().expect("an end");
        writer.join().expect("an end");
        let (told, cut) = kept_so_far(&folder);
        packets += told.len();
        let whole = feed.told().take(told.len());
        assert!(told.into_iter().eq(whole), "{arguments}");
        assert!(cut <= 1, "{arguments}");
    }
    assert!(packets > 1000, "only {packets} packets were kept in time");
}

/// In a small disk of its own: how it ends, and how many packets and complaints each file has.
const ON_A_SMALL_DISK: &str = r#"
    mount -t tmpfs -o size=200k none "$FOLDER" || exit 77
    cd "$FOLDER"
    "$@"
    echo "code $?"
    for file in *; do
        echo "$file $("$1" packets "$file" 2>/dev/shm/$$ | wc -l) $(wc -l < /dev/shm/$$)"
    done
    rm -f /dev/shm/$$
"#;

#[test]
fn on_a_full_disk_what_was_written_stays_readable() {
    let one = fs::read(fixture("fast-retransmit.pcap")).expect("a fixture");
    let folder = Folder::new("full-input");
    let long = folder.path("long.pcap");
    fs::write(&long, [&one[..24], &one[24..].repeat(30)].concat()).expect("room");
    for (arguments, files) in [
        ("-w kept.pcap", 1),
        ("-w kept.pcapng", 1),
        ("-w kept.pcapng -U", 1),
        ("-w kept.pcap -C 60k", 4),
        ("-w kept.pcapng -C 60k -W 9", 4),
    ] {
        let folder = Folder::new("full");
        let mut command = Command::new("unshare");
        command.args(["-m", "sh", "-c", ON_A_SMALL_DISK, "sh", env!("CARGO_BIN_EXE_wiretale")]);
        command.args(["capture", "-r"]).arg(&long).args(arguments.split_whitespace());
        let Ok(output) = command.env("FOLDER", &folder.0).output() else {
            println!("skipped: there is no unshare here");
            return;
        };
        let (out, told) = (text(&output.stdout), text(&output.stderr));
        if !out.starts_with("code ") {
            println!("skipped: only root can mount a small disk: {told}");
            return;
        }
        assert!(out.starts_with("code 1\n"), "{arguments}: {out}{told}");
        // One line with how much was kept, and one sentence.
        let [summary, sentence] = told.lines().collect::<Vec<_>>()[..] else { panic!("{told}") };
        let (mut packets, mut seen) = (0, 0);
        for line in out.lines().skip(1) {
            let [_, here, "0"] = line.split_whitespace().collect::<Vec<_>>()[..] else {
                panic!("{arguments}: {line}")
            };
            packets += here.parse::<u64>().expect("a number");
            seen += 1;
        }
        assert!(seen == files && packets > 100, "{out}");
        let words = format!(": no space left on device; packets written: {packets}, lost: ");
        assert!(sentence.contains(&words), "{sentence}");
        let kept = format!("{packets} packets kept in {files} file");
        assert!(summary.starts_with(&kept), "{summary}");
    }
}
