//! What does a fetch tell of a whole small internet, in which everything can go wrong?
//!
//! The internet is made of network namespaces with Debian's servers in them, and of servers that break the
//! rules on purpose; its whole life is that of this program, which starts itself again in namespaces of its
//! own. That needs root or a system where any user may make namespaces. Without the usual test harness,
//! because a new namespace is entered before there is a second thread, and one internet serves all tests.

use std::env;
use std::io::Read;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::{Command, ExitCode, Stdio};
use std::sync::Mutex;
use std::thread;

mod faults;
mod itself;
mod lab;

use lab::Lab;

/// A test and what it shows.
type Test = (&'static str, fn(&Lab));

/// The name of a test is its function's.
macro_rules! tests {
    ($($($room:ident)::+),* $(,)?) => { [$((concat!($("::", stringify!($room)),+), $($room)::+ as fn(&Lab))),*] };
}

/// Those that can run beside each other; most of their time is waiting.
const TESTS: [Test; 13] = tests![
    itself::the_lease_names_the_resolver,
    itself::names_resolve_as_their_zones_say,
    itself::both_resolvers_agree,
    itself::broken_delegations_fail,
    itself::a_large_answer_comes_over_tcp,
    itself::the_page_and_its_pictures_are_served,
    itself::certificates_are_as_good_as_they_claim,
    itself::a_fault_is_what_curl_says_it_is,
    itself::a_broken_network_is_what_curl_says_it_is,
    itself::name_servers_break_the_rules,
    itself::addresses_of_both_families_are_reached,
    itself::a_distant_server_is_twenty_milliseconds_away,
    itself::what_is_lost_now_and_then_is_sent_again,
];

const NEEDED: [&str; 13] = [
    "ip", "nft", "ethtool", "unshare", "named", "unbound", "dnsmasq", "busybox", "nginx",
    "openssl", "curl", "dig", "ping",
];

/// The first word of the copy that lives within.
const WITHIN: &str = "within";

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == WITHIN) {
        return within(&words[1..]);
    }
    if words.iter().any(|word| word == "--list") {
        for (name, _) in TESTS {
            println!("{}: test", title(name));
        }
        return ExitCode::SUCCESS;
    }
    let lacking: Vec<_> = NEEDED.into_iter().filter(|it| !lab::has(it)).collect();
    if !lacking.is_empty() {
        println!("left out: there is no {}", lacking.join(", no "));
        return ExitCode::SUCCESS;
    }
    // Whether namespaces can be made is found out by making some.
    match unshare().arg("true").output() {
        Ok(tried) if tried.status.success() => {}
        Ok(tried) => {
            let said = String::from_utf8_lossy(&tried.stderr);
            println!("left out: namespaces cannot be made here: {}", said.trim());
            return ExitCode::SUCCESS;
        }
        Err(error) => {
            println!("left out: unshare: {error}");
            return ExitCode::SUCCESS;
        }
    }
    let program = env::current_exe().expect("this program");
    let mut child = unshare();
    child.env("WIRETALE_LAB", std::process::id().to_string());
    child.arg(program).arg(WITHIN).args(&words).stdin(Stdio::piped());
    let mut child = child.spawn().expect("unshare");
    // Held until it ends; waiting would close it.
    let held = child.stdin.take();
    let status = child.wait().expect("its end");
    drop(held);
    ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1))
}

/// A command in namespaces of its own: when its first process ends, everything in them does.
fn unshare() -> Command {
    let mut command = Command::new("unshare");
    if !nix::unistd::geteuid().is_root() {
        command.args(["--user", "--map-root-user"]);
    }
    command.args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"]);
    command
}

fn within(words: &[String]) -> ExitCode {
    // Who started us holds the other end: when it is killed, so are we, and all servers with us.
    thread::spawn(|| {
        _ = std::io::stdin().read(&mut [0]);
        std::process::exit(130);
    });
    let filters: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let wanted = |name: &str| {
        filters.is_empty() || filters.iter().any(|filter| title(name).contains(filter.as_str()))
    };
    let tests: Vec<Test> = TESTS.into_iter().filter(|(name, _)| wanted(name)).collect();
    if tests.is_empty() {
        return ExitCode::SUCCESS;
    }
    let Ok(lab) = catch_unwind(Lab::up) else { return ExitCode::FAILURE };
    if words.iter().any(|word| word == "--shell") {
        lab.shell();
        return ExitCode::SUCCESS;
    }
    let failed = run(&lab, &tests);
    println!("fetch: {} passed, {} failed", tests.len() - failed.len(), failed.len());
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}

/// Runs some at a time; gives the names of those that failed.
fn run(lab: &Lab, tests: &[Test]) -> Vec<&'static str> {
    let left = Mutex::new(tests.iter());
    let failed = Mutex::new(Vec::new());
    thread::scope(|scope| {
        for _ in 0..6 {
            scope.spawn(|| {
                loop {
                    let next = left.lock().expect("no panic").next();
                    let Some(&(name, test)) = next else { break };
                    let went = catch_unwind(AssertUnwindSafe(|| test(lab)));
                    println!(
                        "test {} ... {}",
                        title(name),
                        if went.is_ok() { "ok" } else { "FAILED" }
                    );
                    if went.is_err() {
                        failed.lock().expect("no panic").push(title(name));
                    }
                }
            });
        }
    });
    failed.into_inner().expect("no panic")
}

fn title(name: &str) -> &str {
    name.trim_start_matches(':')
}
