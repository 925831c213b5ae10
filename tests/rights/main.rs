//! What may we do, and is it given up for good? Asked of processes that give up everything.
//!
//! This program starts copies of itself, and of wiretale, as several users and with several rights. Each gives
//! up what it has, tells what is left, and tries what it should not be able to do. Without the usual test
//! harness, because rights are given up before there is a second thread.

use std::env;
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::process::{Command, ExitCode};

use nix::unistd::geteuid;

mod child;
mod giving_up;
mod listening;
mod told;

/// A test and what it shows.
type Test = (&'static str, fn(&Place));

/// The name of a test is its function's.
macro_rules! tests {
    ($($room:ident::$test:ident),* $(,)?) => { [$((stringify!($test), $room::$test)),*] };
}

const TESTS: [Test; 16] = tests![
    giving_up::root_without_a_user_stays_root_without_any_capability,
    giving_up::root_becomes_who_asked_sudo_for_it,
    giving_up::a_user_that_is_named_wins,
    giving_up::what_is_no_user_is_found_before_anything_is_given_up,
    giving_up::an_ordinary_user_stays_who_it_is,
    giving_up::capabilities_of_a_file_are_gone,
    giving_up::capabilities_that_were_handed_down_are_gone,
    giving_up::a_file_that_is_marked_to_run_as_root_does_not,
    giving_up::a_bounding_set_out_of_our_hands_is_harmless,
    giving_up::root_of_a_user_namespace_gives_up_what_it_has,
    giving_up::nothing_but_what_is_permitted_is_within_reach,
    giving_up::with_a_second_thread_nothing_is_believed,
    giving_up::what_looks_into_processes_keeps_two_rights_until_it_leaves_them,
    listening::who_asked_sudo_listens_and_owns_what_is_kept,
    listening::an_ordinary_user_listens_after_the_command_that_is_told,
    listening::a_user_that_does_not_exist_is_the_command_lines_fault,
];

const NOBODY: u32 = 65534;

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == "child") {
        return child::run(&words[1..]);
    }
    if words.iter().any(|word| word == "--list") {
        for (name, _) in TESTS {
            println!("{name}: test");
        }
        return ExitCode::SUCCESS;
    }
    if !geteuid().is_root() {
        println!("skipped: only root can start processes with and without rights");
        return ExitCode::SUCCESS;
    }
    let place = Place::new();
    let wanted = |name: &str| {
        let mut filters = words.iter().filter(|word| !word.starts_with('-')).peekable();
        filters.peek().is_none() || filters.any(|filter| name.contains(filter.as_str()))
    };
    for (name, test) in TESTS.iter().filter(|(name, _)| wanted(name)) {
        // A failure ends the program.
        test(&place);
        println!("test {name} ... ok");
    }
    ExitCode::SUCCESS
}

/// A folder that anybody can enter, with a copy of this program.
struct Place(PathBuf);

impl Place {
    fn new() -> Self {
        let place = env::temp_dir().join(format!("wiretale-rights-{}", std::process::id()));
        fs::create_dir(&place).expect("a folder");
        let this = Self(place);
        this.open("");
        for folder in ["within", "without"] {
            fs::create_dir(this.0.join(folder)).expect("a folder");
            this.open(folder);
        }
        fs::copy(env::current_exe().expect("this program"), this.program()).expect("a copy");
        this
    }

    /// Lets everybody do everything there, so that nothing but the fence forbids it.
    fn open(&self, folder: &str) {
        let mode = fs::Permissions::from_mode(0o777);
        fs::set_permissions(self.0.join(folder), mode).expect("our folder");
    }

    fn program(&self) -> PathBuf {
        self.0.join("program")
    }

    /// A copy of the program with capabilities of its own, if this file system has them.
    fn capable(&self, name: &str, capabilities: &str) -> PathBuf {
        let copy = self.0.join(name);
        fs::copy(self.program(), &copy).expect("a copy");
        let set = Command::new("setcap").arg(capabilities).arg(&copy).status().expect("setcap");
        assert!(set.success(), "setcap {capabilities}");
        copy
    }

    fn path(&self, name: &str) -> String {
        self.0.join(name).to_str().expect("UTF-8").to_owned()
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        _ = fs::remove_dir_all(&self.0);
    }
}
