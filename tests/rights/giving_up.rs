//! What is left of rights, users and reach once everything was given up?

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Command, Stdio};

use super::told::{Told, refusal, start};
use super::{NOBODY, Place};

pub(super) fn root_without_a_user_stays_root_without_any_capability(place: &Place) {
    let by = ["setpriv", "--groups", "4,20", "--inh-caps", "+net_admin"];
    let told = Told::by(&mut start(&by, &place.program(), &[]));
    told.has_no_rights(0, 0);
    told.has_no_bounding_set();
    assert_eq!(told.numbers("Groups:"), []);
}

pub(super) fn root_becomes_who_asked_sudo_for_it(place: &Place) {
    let mut command = start(&["setpriv", "--groups", "4,20"], &place.program(), &[]);
    let told = Told::by(command.env("SUDO_UID", "12345").env("SUDO_GID", "54321"));
    told.has_no_rights(12345, 54321);
    told.has_no_bounding_set();
    assert_eq!(told.numbers("Groups:"), []);
    let group = Told::by(start(&[], &place.program(), &[]).env("SUDO_UID", "65534"));
    group.has_no_rights(NOBODY, group.numbers("Gid:")[0]);
    let root =
        Told::by(start(&[], &place.program(), &[]).env("SUDO_UID", "0").env("SUDO_GID", "0"));
    root.has_no_rights(0, 0);
}

pub(super) fn a_user_that_is_named_wins(place: &Place) {
    for name in ["daemon", "1"] {
        let mut command = start(&[], &place.program(), &["-Z", name]);
        let told = Told::by(command.env("SUDO_UID", "12345").env("SUDO_GID", "54321"));
        told.has_no_rights(1, 1);
        told.has_no_bounding_set();
    }
    Told::by(start(&[], &place.program(), &["-Z", "root"]).env("SUDO_UID", "1"))
        .has_no_rights(0, 0);
}

pub(super) fn what_is_no_user_is_found_before_anything_is_given_up(place: &Place) {
    for (name, shown) in [("no-such-user", "no-such-user"), ("\x1b[31m", r"\x1b[31m"), ("", "")] {
        let told = refusal(&mut start(&[], &place.program(), &["-Z", name]));
        assert_eq!(told, format!("user: -Z {shown}: there is no such user"));
    }
    for number in ["root", "-1", "4294967295", "", " 0", "\x1b"] {
        let told = refusal(start(&[], &place.program(), &[]).env("SUDO_UID", number));
        assert!(told.starts_with("user: SUDO_UID: ") && !told.contains('\x1b'), "{told}");
        let mut command = start(&[], &place.program(), &[]);
        let told = refusal(command.env("SUDO_UID", "1000").env("SUDO_GID", number));
        assert!(told.starts_with("user: SUDO_GID: "), "{told}");
    }
    let told = refusal(start(&[], &place.program(), &[]).env("SUDO_UID", "12345"));
    assert_eq!(told, "user: SUDO_UID is 12345, and SUDO_GID is not set");
    let told = refusal(start(&[], &place.program(), &["-Z", "daemon"]).uid(NOBODY).gid(NOBODY));
    assert!(told.starts_with("user: -Z daemon: only root becomes another user"), "{told}");
    let by = ["setpriv", "--bounding-set", "-setuid", "--inh-caps", "-setuid"];
    let told = refusal(&mut start(&by, &place.program(), &["-Z", "daemon"]));
    assert!(told.starts_with("user: -Z daemon: only root becomes another user"), "{told}");
}

pub(super) fn an_ordinary_user_stays_who_it_is(place: &Place) {
    let by = ["setpriv", "--reuid", "65534", "--regid", "65534", "--groups", "4,20"];
    // What sudo says is for root to hear.
    let mut command = start(&by, &place.program(), &[]);
    let told = Told::by(command.env("SUDO_UID", "0").env("SUDO_GID", "0"));
    told.has_no_rights(NOBODY, NOBODY);
    assert_eq!(told.numbers("Groups:"), [4, 20]);
    Told::by(&mut start(&by, &place.program(), &["-Z", "nobody"])).has_no_rights(NOBODY, NOBODY);
}

pub(super) fn capabilities_of_a_file_are_gone(place: &Place) {
    for (name, capabilities) in [("raw", "cap_net_raw=ep"), ("more", "cap_setuid,cap_net_raw=eip")]
    {
        let program = place.capable(name, capabilities);
        let mut command = start(&[], &program, &["before"]);
        let told = Told::by(command.uid(NOBODY).gid(NOBODY));
        assert_eq!(told.of("packet socket before"), "0");
        told.has_no_rights(NOBODY, NOBODY);
    }
}

pub(super) fn capabilities_that_were_handed_down_are_gone(place: &Place) {
    let by = [
        "setpriv",
        "--reuid",
        "65534",
        "--regid",
        "65534",
        "--clear-groups",
        "--inh-caps",
        "+net_raw,+setpcap",
        "--ambient-caps",
        "+net_raw,+setpcap",
    ];
    let told = Told::by(&mut start(&by, &place.program(), &["before"]));
    assert_eq!(told.of("packet socket before"), "0");
    told.has_no_rights(NOBODY, NOBODY);
    told.has_no_bounding_set();
}

pub(super) fn a_file_that_is_marked_to_run_as_root_does_not(place: &Place) {
    let program = place.0.join("setuid");
    fs::copy(place.program(), &program).expect("a copy");
    fs::set_permissions(&program, fs::Permissions::from_mode(0o6755)).expect("our file");
    let user = |words: &[&str]| {
        let mut command = start(&[], &program, words);
        command.uid(NOBODY).gid(NOBODY).env("SUDO_UID", "1").env("SUDO_GID", "1");
        command
    };
    let told = Told::by(&mut user(&["before"]));
    assert_eq!(told.of("packet socket before"), "0");
    told.has_no_rights(NOBODY, NOBODY);
    let told = refusal(&mut user(&["-Z", "daemon"]));
    assert!(told.starts_with("user: -Z daemon: only root becomes another user"), "{told}");
}

pub(super) fn a_bounding_set_out_of_our_hands_is_harmless(place: &Place) {
    let by = ["setpriv", "--bounding-set", "-setpcap"];
    let capable = place.capable("capable", "cap_net_raw=ep");
    let words = ["commands", "run", capable.to_str().expect("UTF-8")];
    let told =
        Told::by(start(&by, &place.program(), &words).env("SUDO_UID", "1").env("SUDO_GID", "1"));
    told.has_no_rights(1, 1);
    assert!(told.of("left").contains("bounding: true"), "{}", told.0);
    assert_ne!(told.of("CapBnd:"), "0000000000000000");
    // A program whose file has a capability does not get it any more, as it would without us.
    assert_eq!(told.of("run"), "EPERM");
    let alone = start(&by, &capable, &["probe"]).uid(NOBODY).output().expect("the program");
    assert_eq!(String::from_utf8_lossy(&alone.stdout), "0\n");
}

pub(super) fn root_of_a_user_namespace_gives_up_what_it_has(place: &Place) {
    let began = Command::new("unshare").args(["-Ur", "true"]).status().expect("unshare");
    if !began.success() {
        println!("skipped: no user namespaces here");
        return;
    }
    for (uid, gid) in [(0, 0), (NOBODY, NOBODY)] {
        let mut command = start(&["unshare", "-Urn"], &place.program(), &["before"]);
        // Sudo's numbers are from outside.
        command.uid(uid).gid(gid).env("SUDO_UID", "12345").env("SUDO_GID", "12345");
        let told = Told::by(&mut command);
        assert_eq!(told.of("packet socket before"), "0");
        // As seen from here; there it is root.
        told.has_no_rights(uid, gid);
        told.has_no_bounding_set();
        assert!(told.of("left").contains("uid: 0, gid: 0"), "{}", told.0);
        let told = refusal(&mut start(&["unshare", "-Ur"], &place.program(), &["-Z", "daemon"]));
        assert_eq!(told, "user: -Z daemon: this user has no place in our user namespace");
    }
}

pub(super) fn nothing_but_what_is_permitted_is_within_reach(place: &Place) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port().to_string();
    let (within, without) = (place.path("within"), place.path("without"));
    for folder in [&within, &without] {
        for name in ["old", "older"] {
            fs::write(Path::new(folder).join(name), "old").expect("our folder");
            let mode = fs::Permissions::from_mode(0o666);
            fs::set_permissions(Path::new(folder).join(name), mode).expect("our file");
        }
    }
    let sleeper = Command::new("sleep").arg("5").uid(NOBODY).gid(NOBODY).spawn();
    let mut sleeper = sleeper.expect("sleep");
    let id = sleeper.id().to_string();
    let inside = |name: &str| format!("{within}/{name}");
    let outside = |name: &str| format!("{without}/{name}");
    let tries = [
        vec!["create".to_owned(), inside("new")],
        vec!["truncate".to_owned(), inside("old")],
        vec!["rename".to_owned(), inside("old"), inside("renamed")],
        vec!["remove".to_owned(), inside("older")],
        vec!["read".to_owned(), "/etc/hostname".to_owned()],
        vec!["read".to_owned(), "/sys/class/net/lo/statistics/rx_missed_errors".to_owned()],
        // From here on forbidden.
        vec!["read".to_owned(), inside("new")],
        vec!["create".to_owned(), outside("new")],
        vec!["truncate".to_owned(), outside("old")],
        vec!["rename".to_owned(), outside("old"), outside("renamed")],
        vec!["rename".to_owned(), inside("new"), outside("moved")],
        vec!["remove".to_owned(), outside("older")],
        vec!["read".to_owned(), "/etc/passwd".to_owned()],
        vec!["read".to_owned(), "/sys/class/net/lo/address".to_owned()],
        vec!["connect".to_owned(), port.clone()],
        vec!["run".to_owned(), "/bin/true".to_owned()],
        vec!["signal".to_owned(), id],
    ];
    let words: Vec<&str> =
        ["-Z", "nobody", "write", &within, "read-later", "/etc/hostname", "count", "lo"]
            .into_iter()
            .chain(tries.iter().flatten().map(String::as_str))
            .collect();
    let told = Told::by(&mut start(&[], &place.program(), &words));
    told.has_no_rights(NOBODY, NOBODY);
    let results: Vec<&str> = told.0.lines().filter_map(|line| line.strip_prefix("try ")).collect();
    if told.of("left").contains("fence: None") {
        println!("skipped: this kernel has no Landlock");
        sleeper.wait().expect("our child");
        return;
    }
    assert_eq!(results.len(), tries.len());
    assert_eq!(results[..6], ["0"; 6], "{words:?}");
    let is_old = told.of("left").contains("fence: Part");
    for (words, result) in tries[6..].iter().zip(&results[6..]) {
        let is_forbidden = ["EACCES", "EPERM", "EXDEV"].contains(result);
        assert!(is_old || is_forbidden, "{words:?}: {result}");
    }
    if is_old {
        println!("skipped in part: this kernel's Landlock is older than Linux 6.12");
        sleeper.wait().expect("our child");
        return;
    }
    assert!(sleeper.try_wait().expect("our child").is_none(), "the signal arrived");
    // A command may go that far, so it was the fence that forbade it, but it has no more rights.
    let words: Vec<&str> = ["-Z", "nobody", "commands"]
        .into_iter()
        .chain(tries[6..].iter().flatten().map(String::as_str))
        .collect();
    let told = Told::by(&mut start(&[], &place.program(), &words));
    told.has_no_rights(NOBODY, NOBODY);
    let results: Vec<&str> = told.0.lines().filter_map(|line| line.strip_prefix("try ")).collect();
    assert_eq!(results, vec!["0"; tries.len() - 6], "{words:?}");
    assert!(!sleeper.wait().expect("our child").success(), "the signal did not arrive");
}

pub(super) fn with_a_second_thread_nothing_is_believed(place: &Place) {
    let told = refusal(&mut start(&[], &place.program(), &["thread"]));
    assert_eq!(told, "giving up rights: threads: 1 were started before");
}

pub(super) fn what_looks_into_processes_keeps_two_rights_until_it_leaves_them(place: &Place) {
    let mut sleeper = Command::new("sleep").arg("5").stdin(Stdio::null()).spawn().expect("sleep");
    let id = sleeper.id().to_string();
    let words = ["processes", "see", &id, "leave", "now", "see", &id];
    let mut command = start(&[], &place.program(), &words);
    let told = Told::by(command.env("SUDO_UID", "65534").env("SUDO_GID", "65534"));
    let results: Vec<&str> = told.0.lines().filter_map(|line| line.strip_prefix("try ")).collect();
    assert_eq!(results, ["0", "0", "EACCES"]);
    // CAP_DAC_READ_SEARCH is 2, CAP_SYS_PTRACE is 19.
    for (set, kept) in [("CapInh:", 0), ("CapPrm:", 0x80004), ("CapEff:", 0x80004), ("CapAmb:", 0)]
    {
        assert_eq!(told.of(set), format!("{kept:016x}"), "{set}");
    }
    told.has_no_bounding_set();
    assert_eq!(told.numbers("Uid:"), [NOBODY; 4]);
    assert_eq!((told.of("setuid(0)"), told.of("packet socket now")), ("EPERM", "EPERM"));
    // Nobody gets what it had not.
    let mut command = start(&[], &place.program(), &["processes", "see", &id]);
    let told = Told::by(command.uid(NOBODY).gid(NOBODY));
    told.has_no_rights(NOBODY, NOBODY);
    assert_eq!(told.of("try"), "EACCES");
    sleeper.kill().expect("our child");
    sleeper.wait().expect("our child");
}
