//! What is kept of an interface. Only root can make a network of its own: for others this is skipped.

use std::os::unix::fs::PermissionsExt;

use super::*;

/// What `wiretale capture -i lo` keeps and says in a network of its own, in which somebody sends himself
/// what is to be captured.
fn listen(folder: &Folder, send: &str, arguments: &str) -> Option<Output> {
    const NETWORK: &str =
        r#"ip link set lo up || exit 77; (sleep 0.5; eval "$SEND") >/dev/null 2>&1 & "$@""#;
    let mut command = Command::new("unshare");
    command.args(["-n", "sh", "-c", NETWORK, "sh", env!("CARGO_BIN_EXE_wiretale")]);
    command.args(["capture", "-i", "lo"]).args(arguments.split_whitespace());
    command.current_dir(&folder.0).env("TZ", "UTC").env("SEND", send).stdin(Stdio::null());
    let output = match command.output() {
        Ok(output) => output,
        Err(error) => {
            println!("skipped: unshare: {error}");
            return None;
        }
    };
    let told = text(&output.stderr);
    if !told.contains("listening on lo") {
        println!("skipped: only root can make a network of its own: {told}");
        return None;
    }
    Some(output)
}

#[test]
fn a_period_ends_though_nothing_comes() {
    let folder = Folder::new("live-periods");
    let send = "ping -c 1 127.0.0.1; sleep 2.2; ping -c 1 127.0.0.1";
    // The second file is the last: it is finished, and listening ends, without another packet.
    let Some(output) = listen(&folder, send, "-w %s.pcapng -G 1 -W 2 icmp") else { return };
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let names = folder.names();
    let [first, second] = &names[..] else { panic!("{names:?}: {}", text(&output.stderr)) };
    for name in [first, second] {
        let (told, damage, about) = look(&folder.path(name));
        assert_eq!((told.len(), damage), (2, None), "{name}");
        assert_eq!(about.interfaces[0].name[..], b"lo"[..]);
        let counted = about.interfaces[0].received;
        assert!(counted.is_some_and(|received| received >= 2), "{name}: {counted:?}");
    }
    assert!(text(&output.stderr).contains("4 packets kept in 2 files"), "{}", text(&output.stderr));
}

/// A handle through which all packets can be seen is nothing for a program that packs files.
#[test]
fn a_command_does_not_inherit_the_interface() {
    let folder = Folder::new("live-handles");
    let script = folder.path("script");
    fs::write(&script, "#!/bin/sh\nls -l /proc/$$/fd > handles\n").expect("room");
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700)).expect("our file");
    let send = "ping -c 2 127.0.0.1";
    let Some(output) = listen(&folder, send, "-w kept.pcap -c 2 -z ./script") else { return };
    assert_eq!(output.status.code(), Some(0), "{}", text(&output.stderr));
    let handles = fs::read_to_string(folder.path("handles")).expect("the script ran");
    assert!(handles.contains("/dev/null"), "{handles}");
    assert!(!handles.contains("socket:"), "{handles}");
}
