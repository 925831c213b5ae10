//! What does a browser make of it?

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs, process};

use super::captures::{Capture, Saying};
use super::skeleton::Skeleton;
use super::{fixture, page};

/// A folder of this process alone, gone at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let path = env::temp_dir().join(format!("wiretale-pages-{name}-{}", process::id()));
        fs::create_dir_all(&path).expect("a folder");
        Self(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Chromium without a window, in a network of its own that has no interface; its words, and what it
/// complains of. Nothing where it cannot be started, which is said.
fn chromium(folder: &Path, arguments: &[&str], page: &Path) -> Option<(String, String)> {
    let is_there = |name: &str| {
        env::var_os("PATH")
            .is_some_and(|path| env::split_paths(&path).any(|folder| folder.join(name).is_file()))
    };
    for program in ["chromium", "unshare", "timeout"] {
        if !is_there(program) {
            eprintln!("skipped: {program} is not installed");
            return None;
        }
    }
    let alone: &[&str] = if nix::unistd::geteuid().is_root() { &["-n"] } else { &["-rn"] };
    let profile = folder.join("profile");
    let told = Command::new("timeout")
        .args(["100", "unshare"])
        .args(alone)
        .arg("chromium")
        .args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--hide-scrollbars",
            "--window-size=1200,1600",
            "--enable-logging=stderr",
        ])
        .arg(format!("--user-data-dir={}", profile.display()))
        .args(arguments)
        .arg(format!("file://{}", page.display()))
        .output()
        .expect("chromium");
    let complaints = String::from_utf8_lossy(&told.stderr).into_owned();
    assert!(told.status.success(), "{:?}: {complaints}", told.status);
    Some((String::from_utf8_lossy(&told.stdout).into_owned(), complaints))
}

/// What it writes on the console about pages in files: of its own pages it complains, too.
fn said_of_pages(complaints: &str) -> Vec<&str> {
    let is_of_page = |line: &&str| line.contains("CONSOLE") && line.contains("source: file:");
    complaints.lines().filter(is_of_page).collect()
}

/// What a browser made of a page: its elements, and nothing to complain of.
fn looked_at(name: &str, html: &str) -> Option<Skeleton> {
    let folder = Folder::new(name);
    let file = folder.0.join("page.html");
    fs::write(&file, html).expect("room");
    let net = format!("--log-net-log={}", folder.0.join("net.json").display());
    let (dom, complaints) = chromium(&folder.0, &["--dump-dom", &net], &file)?;
    let console = said_of_pages(&complaints);
    assert!(console.is_empty(), "{name}: {console:?}");
    let log = fs::read_to_string(folder.0.join("net.json")).expect("what was asked for");
    assert!(log.contains("page.html"), "{name}: the log has the page itself");
    for word in ["evil", "onerror", "x.example"] {
        assert!(!log.contains(word), "{name}: something of the page was asked for: {word}");
    }
    let picture = folder.0.join("page.png");
    let shot = format!("--screenshot={}", picture.display());
    chromium(&folder.0, &[&shot], &file)?;
    let png = fs::read(&picture).expect("a picture");
    assert_eq!(png.get(..8), Some(&b"\x89PNG\r\n\x1a\n"[..]), "{name}");
    assert!(png.len() > 15_000, "{name}: the picture has {} octets only", png.len());
    Some(Skeleton::of(&dom))
}

#[test]
fn a_browser_shows_the_verdict_and_complains_of_nothing() {
    for (name, arguments, capture) in [
        ("zero-window", &["why", "-", "1"][..], "zero-window.pcap"),
        ("tell", &["tell", "-"], "two-requests.pcapng"),
        ("exchanges", &["exchanges", "-"], "dns-errors.pcap"),
    ] {
        let html = page(arguments, &fixture(capture));
        let Some(shown) = looked_at(name, &html) else { return };
        assert_eq!(shown.heading(), Skeleton::of(&html).heading(), "{name}");
        assert!(!shown.heading().is_empty(), "{name}");
        assert!(shown.policy.is_some(), "{name}");
    }
}

/// A page into which somebody got something after all: the policy stands before it, and is heard of.
#[test]
fn the_policy_stops_what_would_run() {
    let html = page(&["tell", "-"], &fixture("http-get.pcap"));
    let worse = "<style>p{color:red}</style><script>document.body.id='ran'</script></body>";
    let html = html.replace("</body>", worse);
    let folder = Folder::new("policy");
    let file = folder.0.join("page.html");
    fs::write(&file, &html).expect("room");
    let Some((dom, complaints)) = chromium(&folder.0, &["--dump-dom"], &file) else { return };
    assert!(!Skeleton::of(&dom).ids.contains(&"ran".to_owned()), "a script ran");
    assert!(said_of_pages(&complaints).len() >= 2, "{complaints}");
}

/// The same page, made of a capture whose every name is an attack.
#[test]
fn nothing_from_the_wire_runs_in_a_browser_or_asks_for_anything() {
    let attack = b"</title></text></svg></td><script>document.title='ran';document.body.id='ran'</script>\
        <img src=\"http://evil.x.example/a.png\" onerror=\"document.body.id='ran'\"><style>*{background:url(//evil)}</style>";
    let saying = Saying {
        host: attack.to_vec(),
        target: attack.to_vec(),
        reason: attack.to_vec(),
        kind: attack.to_vec(),
        name: b"<img src=//evil onerror=document.body.id='ran'>".to_vec(),
    };
    let mut capture = Capture::default();
    capture.question(7, &saying.name);
    capture.web(0, &saying, 900);
    capture.hello(1, attack);
    for arguments in [&["tell", "-"][..], &["why", "-", "2"]] {
        let html = page(arguments, capture.octets());
        assert!(html.contains("&lt;script&gt;"), "the attack is on the page, as text");
        let Some(shown) = looked_at("hostile", &html) else { return };
        assert!(!shown.ids.contains(&"ran".to_owned()), "a script ran");
        shown.assert_ours(&html);
        assert_eq!(shown.heading(), Skeleton::of(&html).heading());
    }
}
