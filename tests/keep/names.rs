//! What the files are called, whose they are, and what is said and done about them.

use std::fs::{File, Permissions};
use std::io;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::thread;
use std::time::{Duration, Instant};

use super::*;

#[test]
fn a_ring_holds_the_last_packets() {
    let folder = Folder::new("ring");
    let whole = read(&fixture("fast-retransmit.pcap"));
    let output = captured(&folder, "-w kept.pcap -C 4k -W 3");
    let (code, summary) = said(&output);
    assert_eq!(code, Some(0), "{summary}");
    assert_eq!(folder.names(), ["kept-0.pcap", "kept-1.pcap", "kept-2.pcap"]);
    let paths = folder.in_order();
    let octets: u64 = paths.iter().map(|path| fs::metadata(path).expect("the file").len()).sum();
    let mut files: Vec<_> = paths.iter().map(|path| read(path)).collect();
    files.sort_by_key(|told| told[0].time);
    let told = files.concat();
    assert!(told.len() < whole.len() && whole.ends_with(&told));
    let kept = format!("{} packets kept in 3 files, {octets} octets: kept-", told.len());
    assert!(summary.starts_with(&kept), "{summary}");
    let gone = whole.len() - told.len();
    let gone = format!(" older files with {gone} packets were overwritten\n");
    assert!(summary.ends_with(&gone) && summary.lines().count() == 1, "{summary}");
}

/// The names, the numbers of files and the ends that tcpdump's options have.
#[test]
fn files_follow_one_another_as_tcpdumps_do() {
    let folder = Folder::new("tcpdump");
    let whole = read(&fixture("fast-retransmit.pcap")).len();
    let three = format!("--file-packets {}", whole.div_ceil(3));
    let kept = |arguments: &str| {
        folder.clear();
        let output = captured(&folder, arguments);
        let (code, summary) = said(&output);
        assert_eq!(code, Some(0), "{arguments}: {summary}");
        (folder.names(), summary.to_owned())
    };
    let (names, summary) = kept("-w kept.pcapng");
    assert_eq!(names, ["kept.pcapng"]);
    let len = fs::metadata(folder.path("kept.pcapng")).expect("the file").len();
    assert_eq!(summary, format!("{whole} packets kept in 1 file, {len} octets: kept.pcapng\n"));
    let (names, summary) = kept(&format!("-w kept.pcap {three}"));
    assert_eq!(names, ["kept-1.pcap", "kept-2.pcap", "kept.pcap"]);
    assert!(summary.ends_with(": kept.pcap to kept-2.pcap\n"), "{summary}");
    assert_eq!(kept(&format!("-w kept {three} -W 11")).0, ["kept-00", "kept-01", "kept-02"]);
    assert_eq!(kept("-w kept -C 1").0, ["kept"], "a bare number is millions of octets");
    assert_eq!(kept("-w kept -C 20KB").0, ["kept", "kept-1"]);
    // No date without -G.
    assert_eq!(kept(&format!("-w %H {three}")).0, ["%H", "%H-1", "%H-2"]);
    // With -G alone the last file is the end, and that is no failure.
    let (names, summary) = kept("-w %Y-%s-%6f.pcap -G 100us -W 2");
    assert_eq!(names.len(), 2);
    let told = read_all(&folder.in_order()).len();
    let words = format!("{told} packets kept in 2 files");
    assert!(told < whole && summary.starts_with(&words), "{summary}");
    // With -C, too, each period has its own files, and its own ring.
    let (names, _) = kept("-w %s%6f.pcap -G 300us --file-packets 2 -W 3");
    let periods: Vec<_> = names.iter().filter_map(|name| name.strip_suffix("-0.pcap")).collect();
    assert!(periods.len() > 1 && names.len() > 4, "{names:?}");
    for name in &names {
        let (period, number) = name.split_once('-').expect("a number");
        assert!(periods.contains(&period), "{names:?}");
        assert!(["0.pcap", "1.pcap", "2.pcap"].contains(&number), "{names:?}");
    }
}

/// An executable script in the folder.
fn script(folder: &Folder, text: &str) {
    let path = folder.path("script");
    fs::write(&path, format!("#!/bin/sh\n{text}\n")).expect("room");
    fs::set_permissions(&path, Permissions::from_mode(0o700)).expect("our file");
}

#[test]
fn a_command_is_run_on_each_file_at_the_lowest_priority() {
    let folder = Folder::new("after");
    script(&folder, r#"cp "$1" "copy-of-$1"; (nice) > "nice-$1""#);
    let whole = read(&fixture("fast-retransmit.pcap"));
    // Its standard error ends when the last of the commands has ended, too.
    let output = captured(&folder, "-w kept.pcap --file-packets 10 -z ./script");
    assert_eq!(said(&output).0, Some(0), "{}", said(&output).1);
    let names = folder.names();
    let copies: Vec<_> = names.iter().filter_map(|name| name.strip_prefix("copy-of-")).collect();
    assert_eq!(copies.len(), whole.len().div_ceil(10));
    for kept in &copies {
        // The file was complete when the command saw it.
        let copy = fs::read(folder.path(&format!("copy-of-{kept}"))).expect("a copy");
        assert_eq!(copy, fs::read(folder.path(kept)).expect("a file"));
        let nice = fs::read_to_string(folder.path(&format!("nice-{kept}"))).expect("a number");
        assert_eq!(nice, "19\n");
    }
}

#[test]
fn a_command_that_does_not_start_is_told_once_and_nothing_is_lost() {
    let folder = Folder::new("no-command");
    let output = captured(&folder, "-w kept.pcap --file-packets 10 -z /no/such");
    let (code, told) = said(&output);
    assert_eq!((code, told.lines().count()), (Some(0), 2), "{told}");
    let sentence = "wiretale: /no/such: cannot be run on kept.pcap: no such file; the files stay as they are\n";
    assert!(told.starts_with(sentence), "{told}");
    assert!(read_all(&folder.in_order()) == read(&fixture("fast-retransmit.pcap")));
}

/// A name that could be an option of the command is none.
#[test]
fn a_command_is_given_a_path() {
    let folder = Folder::new("options");
    script(&folder, r#"printf %s "$1" > given"#);
    let output = captured(&folder, "--write=-r.pcap -z ./script");
    assert_eq!(said(&output).0, Some(0), "{}", said(&output).1);
    assert_eq!(fs::read_to_string(folder.path("given")).expect("a file"), "./-r.pcap");
}

#[test]
fn a_slow_command_is_not_waited_for() {
    let folder = Folder::new("slow-command");
    script(&folder, r#"sleep 1; echo "$1" >> done"#);
    let mut command = capture(&folder, "fast-retransmit.pcap");
    command.args(["-w", "kept.pcap", "--file-packets", "4", "-z", "./script"]);
    let status = command.stdout(Stdio::null()).stderr(Stdio::null()).status().expect("the program");
    assert!(status.success());
    let done = || fs::read_to_string(folder.path("done")).unwrap_or_default().lines().count();
    let now = done();
    let files = folder.names().iter().filter(|name| name.starts_with("kept")).count();
    assert!(files > 10 && now < files, "{files} files");
    // They outlive the capture, and each file has had its turn in the end.
    let begun = Instant::now();
    while done() < files {
        assert!(begun.elapsed() < Duration::from_secs(30), "{} of {files}", done());
        thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn a_command_line_that_keeps_nothing_is_exit_code_2() {
    let folder = Folder::new("usage");
    for (arguments, words) in [
        ("", "which file are the packets kept in? name it with -w"),
        ("-w kept -W 3", "-W counts files: say with -C, -G or --file-packets when one is full"),
        ("-w - -C 1", "standard output is no file"),
        ("-w - -z gzip", "standard output is no file"),
        ("-w kept-%! -G 1", "the file name of -w: "),
    ] {
        let output = captured(&folder, arguments);
        let (code, told) = said(&output);
        assert_eq!((code, told.lines().count()), (Some(2), 1), "{arguments}: {told}");
        assert!(told.starts_with("wiretale: ") && told.contains(words), "{told}");
    }
    for wrong in ["-C 0", "-C 3q", "-G 0", "-G soon", "-C 1 -W 0", "--file-packets 0"] {
        let output = captured(&folder, &format!("-w kept {wrong}"));
        assert_eq!(said(&output).0, Some(2), "{wrong}");
    }
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn what_cannot_be_written_is_told_before_anything_is_read() {
    let folder = Folder::new("refused");
    fs::create_dir(folder.path("folder")).expect("a new folder");
    for (arguments, words) in [
        ("-w /no/where.pcap", "/no/where.pcap: no such file"),
        ("-w /no/%H.pcap -G 1h", "/no: no such file"),
        ("-w /dev/null -C 1", "/dev/null: is no file, and only files follow one another"),
        ("-w folder", "folder: is a directory"),
    ] {
        let output = captured(&folder, arguments);
        assert_eq!(said(&output), (Some(1), &*format!("wiretale: {words}\n")), "{arguments}");
    }
    fs::remove_dir(folder.path("folder")).expect("the folder");
    assert_eq!(folder.names(), [""; 0]);
}

#[test]
fn every_file_is_private() {
    let folder = Folder::new("private");
    // Who may read what was there does not come to read what is there now.
    let second = folder.path("kept-1.pcap");
    fs::write(&second, "public").expect("room");
    fs::set_permissions(&second, Permissions::from_mode(0o644)).expect("our file");
    let reader = File::open(&second).expect("the file");
    assert_eq!(said(&captured(&folder, "-w kept.pcap --file-packets 20")).0, Some(0));
    for path in folder.in_order() {
        let mode = fs::metadata(&path).expect("the file").mode();
        assert_eq!(mode & 0o777, 0o600, "{}", path.display());
    }
    assert_eq!(io::read_to_string(reader).expect("the old file"), "public");
}

#[test]
fn a_link_is_not_followed_though_it_comes_late() {
    let folder = Folder::new("link");
    let elsewhere = folder.path("elsewhere");
    fs::write(&elsewhere, "precious").expect("room");
    symlink(&elsewhere, folder.path("kept-1.pcap")).expect("a new link");
    let output = captured(&folder, "-w kept.pcap --file-packets 20");
    let (code, told) = said(&output);
    assert_eq!((code, told.lines().count()), (Some(1), 2), "{told}");
    assert!(told.starts_with("20 packets kept in 1 file"), "{told}");
    let refused = "wiretale: kept-1.pcap: is a symbolic link, and those are not followed; packets written: 20, lost: 1\n";
    assert!(told.ends_with(refused), "{told}");
    assert_eq!(fs::read_to_string(&elsewhere).expect("the file"), "precious");
    assert_eq!(read(&folder.path("kept.pcap")).len(), 20);
}

#[test]
fn an_input_is_not_overwritten_though_its_turn_comes_late() {
    let folder = Folder::new("input");
    let input = folder.path("in-1.pcap");
    fs::copy(fixture("fast-retransmit.pcap"), &input).expect("room");
    let whole = read(&input);
    let mut command = wiretale();
    command.current_dir(&folder.0).args(["capture", "in-1.pcap", "-w", "in.pcap"]);
    let output = command.args(["--file-packets", "20"]).output().expect("the program");
    assert_eq!(said(&output).0, Some(1));
    assert!(said(&output).1.contains("in-1.pcap: is being read, and would be overwritten"));
    assert!(read(&input) == whole);
}

#[test]
fn what_passes_the_filters_is_kept_and_nothing_else() {
    let folder = Folder::new("filters");
    let count = |arguments: &str, last: &[&str]| {
        folder.clear();
        let mut command = capture(&folder, "fast-retransmit.pcap");
        command.args(arguments.split_whitespace()).args(last);
        let output = command.output().expect("the program");
        assert_eq!(said(&output).0, Some(0), "{}", said(&output).1);
        read_all(&folder.in_order()).len()
    };
    assert_eq!(count("-w kept.pcap", &[]), read(&fixture("fast-retransmit.pcap")).len());
    assert_eq!(count("-w kept.pcap", &["tcp[13] & 2 != 0"]), 2);
    assert_eq!(count("-w kept.pcap -Y", &["tcp.flags.syn == 1"]), 2);
    assert_eq!(count("-w kept.pcap -c 7", &[]), 7);
    assert_eq!(count("-w kept.pcap -c 7 --file-packets 3", &[]), 7);
}

#[test]
fn standard_output_takes_a_capture() {
    let folder = Folder::new("stdout");
    let mut command = capture(&folder, "arp.pcap");
    let output = command.args(["-w", "-"]).output().expect("the program");
    assert_eq!(output.status.code(), Some(0));
    fs::write(folder.path("kept"), &output.stdout).expect("room");
    assert!(read(&folder.path("kept")) == read(&fixture("arp.pcap")));
    assert!(text(&output.stderr).ends_with(" octets: standard output\n"));
}
