//! What does a fetch tell of a whole small internet, in which everything can go wrong?
//!
//! The internet is made of network namespaces with Debian's servers in them, and of servers that break the
//! rules on purpose; its whole life is that of this program, which starts itself again in namespaces of its
//! own. That needs root or a system where any user may make namespaces. Without the usual test harness,
//! because a new namespace is entered before there is a second thread, and one internet serves all tests.

use std::env;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

mod against;
mod apart;
mod faults;
mod itself;
mod kept;
mod kinds;
mod lab;
mod manners;
mod options;
mod rows;
mod servers;
mod told;
mod verdicts;

use lab::Lab;

/// A test; its name is a sentence behind the name of its room.
struct Test {
    name: String,
    run: Box<dyn Fn(&Lab) + Sync>,
    company: Company,
}

/// Who may be at work meanwhile.
#[derive(Clone, Copy, Eq, PartialEq)]
enum Company {
    /// Most of its time is waiting.
    Others,
    /// It measures.
    Nobody,
}

/// The name of a test is its function's.
macro_rules! tests {
    ($company:ident: $($room:ident::$test:ident),* $(,)?) => { [$(Test {
        name: concat!(stringify!($room), "::", stringify!($test)).to_owned(),
        run: Box::new($room::$test),
        company: Company::$company,
    }),*] };
}

fn tests() -> Vec<Test> {
    let mut tests = Vec::from(tests![Others:
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
    ]);
    tests.extend(rows::ROWS.iter().map(|row| Test {
        name: format!("rows::{}", row.name),
        run: Box::new(|lab| row.hold(lab)),
        company: Company::Others,
    }));
    tests.extend(tests![Others:
        against::what_is_written_out_is_what_curl_writes_out,
        against::dig_gets_the_same_answers,
        against::the_walk_from_the_root_is_the_one_dig_takes,
        against::answers_to_other_questions_are_ignored,
        against::strace_sees_the_same_calls_in_the_same_order,
        kept::what_was_kept_says_what_was_told,
        kept::others_read_what_was_kept_and_open_what_was_sealed,
        kept::the_archive_says_what_the_records_say,
        kept::with_a_file_nothing_else_is_told,
        manners::without_rights_everything_but_packets_is_told,
        manners::no_secret_is_shown,
        manners::the_body_is_the_one_curl_gets,
        manners::what_is_asked_is_what_curl_asks,
        manners::who_interrupts_gets_what_there_is,
        manners::each_level_says_more_and_keeps_to_its_width,
        manners::each_of_several_urls_has_its_sentence,
        manners::a_page_is_fetched_with_all_it_embeds,
        manners::every_leg_of_a_redirect_has_its_own_times,
        manners::a_dead_address_costs_a_quarter_of_a_second,
        options::what_is_saved_is_what_curl_saves,
        options::a_method_that_was_typed_stays_as_with_curl,
        options::records_leave_as_soon_as_they_are_final,
        options::who_reads_no_further_ends_it_quietly,
        options::a_document_has_the_same_records,
        options::the_way_has_a_part_of_its_own_at_any_level,
        options::every_octet_of_every_packet_is_told_with_its_field,
        options::how_it_is_fetched_is_said_once,
        options::who_closed_a_secured_connection_first_is_told,
        options::the_system_is_asked_by_one_call,
        servers::others_servers_fare_as_with_curl,
    ]);
    tests.extend(tests![Nobody:
        kept::what_was_kept_is_what_passed_and_nothing_else_did,
        manners::nothing_is_changed_and_nobody_is_reset,
        kinds::every_kind_of_event_occurs,
        against::curl_measures_the_same_phases,
        against::between_the_name_and_the_connection_nothing_is_ours,
        verdicts::a_server_that_thinks,
        verdicts::a_server_that_sends_slowly,
        verdicts::a_resolver_that_is_slow,
        verdicts::a_path_that_is_long,
        verdicts::an_address_that_is_dead,
        verdicts::a_program_that_is_kept_from_running,
        verdicts::large_segments_that_never_come,
        verdicts::a_window_that_we_close,
        verdicts::nothing_in_particular,
        verdicts::what_only_our_capture_loses,
    ]);
    tests
}

const NEEDED: &[&str] = &[
    "ip", "nft", "ethtool", "unshare", "named", "unbound", "dnsmasq", "busybox", "nginx",
    "openssl", "curl", "dig", "ping", "setpriv", "strace",
];

fn main() -> ExitCode {
    let words: Vec<String> = env::args().skip(1).collect();
    if words.first().is_some_and(|word| word == apart::WITHIN) {
        return within(&words[1..]);
    }
    if words.iter().any(|word| word == "--list") {
        for test in tests() {
            println!("{}: test", test.name);
        }
        return ExitCode::SUCCESS;
    }
    apart::start(NEEDED, &words)
}

fn within(words: &[String]) -> ExitCode {
    apart::hang();
    let filters: Vec<_> = words.iter().filter(|word| !word.starts_with('-')).collect();
    let mut tests = tests();
    tests.retain(|test| {
        filters.is_empty() || filters.iter().any(|filter| test.name.contains(filter.as_str()))
    });
    if tests.is_empty() {
        return ExitCode::SUCCESS;
    }
    let Ok(lab) = catch_unwind(Lab::up) else { return ExitCode::FAILURE };
    if words.iter().any(|word| word == "--shell") {
        lab.shell();
        return ExitCode::SUCCESS;
    }
    let (measuring, others): (Vec<_>, Vec<_>) =
        tests.iter().partition(|test| test.company == Company::Nobody);
    let mut failed = run(&lab, &others, 8);
    failed.extend(run(&lab, &measuring, 1));
    println!("fetch: {} passed, {} failed", tests.len() - failed.len(), failed.len());
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {}", failed.join(", "));
    ExitCode::FAILURE
}

/// Runs so many at a time; gives the names of those that failed.
fn run<'t>(lab: &Lab, tests: &[&'t Test], many: usize) -> Vec<&'t str> {
    let left = Mutex::new(tests.iter());
    let failed = Mutex::new(Vec::new());
    let work = || {
        loop {
            let next = left.lock().expect("no panic").next();
            let Some(test) = next else { break };
            let begun = Instant::now();
            let went = catch_unwind(AssertUnwindSafe(|| (test.run)(lab)));
            let how = if went.is_ok() { "ok" } else { "FAILED" };
            println!("test {} ... {how} in {:.1} s", test.name, begun.elapsed().as_secs_f64());
            if went.is_err() {
                failed.lock().expect("no panic").push(&*test.name);
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..many {
            scope.spawn(work);
        }
    });
    failed.into_inner().expect("no panic")
}
