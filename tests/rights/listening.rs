//! Does wiretale itself listen without rights once it has begun?

use std::fs;
use std::io::{BufRead, BufReader};
use std::net::UdpSocket;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::told::Told;
use super::{NOBODY, Place};

const WIRETALE: &str = env!("CARGO_BIN_EXE_wiretale");

/// Has a program listen to the loopback interface, looks at the process, sends a datagram to see. The answer
/// is what the system said of the process.
fn listens_without_rights(command: &mut Command, user: u32) -> Told {
    let mut child = command
        .args(["-i", "lo", "-c", "1", "udp and dst port 9 and dst host 127.9.9.9"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("wiretale");
    let mut said = BufReader::new(child.stderr.take().expect("a pipe"));
    let mut heading = String::new();
    said.read_line(&mut heading).expect("UTF-8");
    assert_eq!(heading, "listening on lo\n");
    let told = fs::read_to_string(format!("/proc/{}/status", child.id())).expect("it listens");
    let socket = UdpSocket::bind("127.0.0.1:0").expect("a port");
    socket.send_to(b"seen", "127.9.9.9:9").expect("room");
    let output = child.wait_with_output().expect("an end");
    let line = String::from_utf8(output.stdout).expect("UTF-8");
    assert!(output.status.success() && line.contains(" → 127.9.9.9:9 "), "{line}{told}");
    let told = Told(told);
    for set in ["CapInh:", "CapPrm:", "CapEff:", "CapAmb:"] {
        assert_eq!(told.of(set), "0000000000000000", "{set}");
    }
    assert_eq!(told.of("NoNewPrivs:"), "1");
    assert_eq!((told.numbers("Uid:"), told.numbers("Gid:")), (vec![user; 4], vec![user; 4]));
    told
}

/// `wiretale packets`, with nothing said by sudo.
fn packets(program: &str, words: &[&str]) -> Command {
    let mut command = Command::new(program);
    command.arg("packets").args(words).env("LC_ALL", "C.UTF-8");
    command.env_remove("SUDO_UID").env_remove("SUDO_GID");
    command
}

/// A copy of wiretale where a shell must be told so.
fn copy(place: &Place) -> PathBuf {
    let folder = place.0.join("it's here");
    fs::create_dir_all(&folder).expect("a folder");
    fs::set_permissions(&folder, fs::Permissions::from_mode(0o755)).expect("our folder");
    let copy = folder.join("wiretale");
    fs::copy(WIRETALE, &copy).expect("a copy");
    copy
}

pub(super) fn who_asked_sudo_listens_and_owns_what_is_kept(place: &Place) {
    listens_without_rights(&mut packets(WIRETALE, &[]), 0);
    let kept = place.path("within/kept.pcapng");
    let copy = copy(place);
    let mut command = packets(copy.to_str().expect("UTF-8"), &["-w", &kept]);
    command.env("SUDO_UID", "65534").env("SUDO_GID", "65534");
    let told = listens_without_rights(&mut command, NOBODY);
    assert_eq!(told.of("CapBnd:"), "0000000000000000");
    assert_eq!(told.numbers("Groups:"), []);
    let about = fs::metadata(&kept).expect("the file");
    assert_eq!((about.uid(), about.gid(), about.mode() & 0o777), (NOBODY, NOBODY, 0o600));
    let read = packets(WIRETALE, &[&kept]).output().expect("wiretale");
    assert!(String::from_utf8_lossy(&read.stdout).contains(" → 127.9.9.9:9 "));
    let mut command = packets(WIRETALE, &["-Z", "daemon"]);
    listens_without_rights(command.env("SUDO_UID", "65534").env("SUDO_GID", "65534"), 1);
}

pub(super) fn an_ordinary_user_listens_after_the_command_that_is_told(place: &Place) {
    let copy = copy(place);
    let ordinary = || {
        let mut command = packets(copy.to_str().expect("UTF-8"), &[]);
        command.uid(NOBODY).gid(NOBODY);
        command
    };
    let refused = ordinary().args(["-i", "lo"]).output().expect("wiretale");
    assert_eq!((refused.status.code(), &*refused.stdout), (Some(1), &b""[..]));
    let told = String::from_utf8(refused.stderr).expect("UTF-8");
    let (sentence, command) = told.split_once("sudo ").expect("a command");
    assert!(
        sentence.starts_with("wiretale: lo: listening needs the right cap_net_raw; "),
        "{told}"
    );
    assert_eq!(told.lines().count(), 1);
    // As told, but by root itself.
    let given = Command::new("sh").args(["-c", command]).status().expect("a shell");
    assert!(given.success(), "{command}");
    listens_without_rights(&mut ordinary(), NOBODY);
}

pub(super) fn a_user_that_does_not_exist_is_the_command_lines_fault(_: &Place) {
    // Found before the interface, which does not exist either.
    for (user, interface) in [("no-such-user", "no-such-if"), ("no-such-user", "lo")] {
        let mut command = packets(WIRETALE, &["-Z", user, "-i", interface, "--for", "1s"]);
        let output = command.output().expect("wiretale");
        let told = String::from_utf8_lossy(&output.stderr);
        assert_eq!(told, "wiretale: -Z no-such-user: there is no such user\n");
        assert_eq!(output.status.code(), Some(2));
    }
}
