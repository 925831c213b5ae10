//! Does `why` put the time where it really went?
//!
//! Two programs that write down what they do, each on a host of its own; between them a network that does
//! what it is told. Both hosts capture, and of each capture `why` has to find out what the programs, their
//! kernels and the network know. Namespaces are made as in the tests of `fetch`.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

#[path = "../fetch/apart.rs"]
mod apart;
mod pair;
#[path = "../program/mod.rs"]
mod program;
mod scene;
mod scenes;
mod seen;
#[allow(dead_code)] // nothing is filtered here
#[path = "../fetch/lab/space.rs"]
mod space;
mod talk;
mod watch;
mod wire;

use pair::{Pair, Played};
use scene::Scene;
use seen::Seen;
use watch::Watch;

const NEEDED: &[&str] = &["ip", "ethtool", "unshare"];

/// So many scenes at a time: most of it is waiting.
const MANY: usize = 8;

/// A program that is kept from its core looks like one that thinks: what goes wrong is played again, so
/// often in all.
const TRIES: u32 = 6;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == apart::WITHIN) {
        return within(&words[1..]);
    }
    if words.iter().any(|word| word == "--list") {
        for scene in scenes::all() {
            println!("{}: test", scene.name);
        }
        return ExitCode::SUCCESS;
    }
    apart::start(NEEDED, &words)
}

fn within(words: &[String]) -> ExitCode {
    apart::hang();
    let filters: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let mut scenes = scenes::all();
    scenes.retain(|scene| {
        filters.is_empty() || filters.iter().any(|filter| scene.name.contains(filter.as_str()))
    });
    let made = Command::new("mount").args(["-t", "tmpfs", "tmpfs", "/run"]).status();
    assert!(made.is_ok_and(|made| made.success()), "a /run of our own");
    std::fs::create_dir("/run/netns").expect("a folder");
    // Who measures goes first, where he may; where not, he knows how late he was.
    _ = rustix::process::setpriority_process(None, -10);
    let watch = Watch::begin();
    let all: Vec<_> = scenes.iter().enumerate().collect();
    // Nothing else is done while scenes are played.
    let pairs = each(&all, |&(at, scene)| Pair::new(scene, at));
    let mut left: Vec<_> = scenes.iter().zip(&pairs).collect();
    let mut failed = Vec::new();
    for attempt in 1..=TRIES {
        let played = each(&left, |(scene, pair)| {
            let pair = pair.as_ref()?;
            catch_unwind(AssertUnwindSafe(|| pair.play(scene))).ok()
        });
        let results: Vec<_> =
            left.into_iter().zip(played.into_iter().map(Option::flatten)).collect();
        let how = each(&results, |((scene, _), played)| fares(scene, played.as_ref(), &watch));
        left = Vec::new();
        for ((of, _), how) in results.into_iter().zip(how) {
            match how.unwrap_or(How::Failed) {
                How::Ok => {}
                How::Failed if attempt < TRIES => left.push(of),
                How::Failed => failed.push(of.0.name),
            }
        }
    }
    println!("waits: {} passed, {} failed", scenes.len() - failed.len(), failed.len());
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}

/// Does something with each, several at a time; nothing where it fails.
fn each<T: Sync, R: Send>(all: &[T], work: impl Fn(&T) -> R + Sync) -> Vec<Option<R>> {
    let next = AtomicUsize::new(0);
    let done: Vec<Mutex<Option<R>>> = all.iter().map(|_| Mutex::new(None)).collect();
    thread::scope(|scope| {
        for _ in 0..MANY {
            scope.spawn(|| {
                while let Some((one, done)) = {
                    let at = next.fetch_add(1, Ordering::Relaxed);
                    all.get(at).zip(done.get(at))
                } {
                    let result = catch_unwind(AssertUnwindSafe(|| work(one))).ok();
                    *done.lock().expect("no panic") = result;
                }
            });
        }
    });
    done.into_iter().map(|it| it.into_inner().expect("no panic")).collect()
}

enum How {
    Ok,
    Failed,
}

/// Whether what is told of a scene is true.
fn fares(scene: &Scene, played: Option<&Played>, watch: &Watch) -> How {
    let Some(played) = played else {
        println!("test {} ... FAILED to be played", scene.name);
        return How::Failed;
    };
    let late = watch.late_between(played.began, played.ended);
    // For who wants to look at the packets: a folder for the captures.
    if let Some(folder) = env::var_os("WIRETALE_KEEP").map(PathBuf::from) {
        for (capture, end) in played.captures.iter().zip(["client", "server"]) {
            let name = format!("{}.{end}.pcap", scene.name.replace(' ', "-"));
            std::fs::copy(capture, folder.join(name)).expect("a copy");
        }
    }
    let mut seen = None;
    let went = catch_unwind(AssertUnwindSafe(|| (scene.hold)(seen.insert(Seen::of(played, late)))));
    let how = match went {
        Ok(()) => How::Ok,
        Err(_) => How::Failed,
    };
    let words = if matches!(how, How::Ok) { "ok" } else { "FAILED" };
    let took = (played.ended - played.began).as_secs_f64();
    println!("test {} ... {words} in {took:.1} s", scene.name);
    if let Some(seen) = &seen
        && (!matches!(how, How::Ok) || env::var_os("WIRETALE_SHOW").is_some())
    {
        println!("{}", seen.shown());
    }
    how
}
