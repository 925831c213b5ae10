//! Exit codes, usage errors, broken pipes, and documents that must be fresh.

use std::fmt::Write;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

const CAPTURE: &str = "fixtures/http-get.pcap";

fn wiretale(arguments: &[&str]) -> Output {
    command().args(arguments).output().expect("the program")
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wiretale"));
    command
        .env("LC_ALL", "C.UTF-8")
        .env("TZ", "UTC")
        .env_remove("CLICOLOR_FORCE")
        .stdin(Stdio::null());
    command
}

fn text(octets: &[u8]) -> &str {
    std::str::from_utf8(octets).expect("UTF-8")
}

/// A file of our own making, gone when the test ends.
struct Scratch(PathBuf);

impl Scratch {
    fn new(name: &str, content: &[u8]) -> Self {
        let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("cli-{name}"));
        fs::write(&path, content).expect("a writable folder");
        Self(path)
    }

    fn path(&self) -> &str {
        self.0.to_str().expect("UTF-8")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        _ = fs::remove_file(&self.0);
    }
}

/// The capture with its records two hundred times over.
fn many_times() -> Vec<u8> {
    let one = fs::read(CAPTURE).expect("the fixture");
    let records = &one[24..];
    one[..24].iter().chain(records.iter().cycle().take(200 * records.len())).copied().collect()
}

/// One sentence on standard error that begins with the program's name and holds these words.
fn complains(output: &Output, words: &[&str], code: i32) {
    let told = text(&output.stderr);
    assert_eq!(output.status.code(), Some(code), "{told}");
    assert!(told.starts_with("wiretale: "), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
    for word in words {
        assert!(told.contains(word), "{word:?} is not in {told:?}");
    }
}

#[test]
fn what_cannot_be_a_capture_gets_one_sentence_that_names_it() {
    let empty = Scratch::new("empty.pcap", b"");
    complains(&wiretale(&["packets", empty.path()]), &["cli-empty.pcap", "empty"], 1);
    let letter = Scratch::new("letter.txt", b"Dear \x1b[31mreader,\n");
    let output = wiretale(&["packets", letter.path()]);
    complains(&output, &["cli-letter.txt", "not a capture"], 1);
    assert!(!text(&output.stderr).contains('\x1b'));
    complains(&wiretale(&["packets", "fixtures"]), &["fixtures", "directory"], 1);
    complains(&wiretale(&["packets", "no-such.pcap"]), &["no-such.pcap", "no such file"], 1);
    for output in [wiretale(&["packets", empty.path()]), wiretale(&["packets", letter.path()])] {
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn what_stands_before_a_cut_is_told() {
    let whole = fs::read(CAPTURE).expect("the fixture");
    let lines = |path: &str| text(&wiretale(&["packets", path]).stdout).lines().count();
    let header = Scratch::new("cut-in-file-header.pcap", &whole[..20]);
    complains(&wiretale(&["packets", header.path()]), &["cut", "header"], 1);
    // The first record begins at 24; its length stands 8 octets into its 16-octet header.
    let first = 40 + usize::from(whole[32]) + 256 * usize::from(whole[33]);
    let record_header = Scratch::new("cut-in-record-header.pcap", &whole[..first + 5]);
    complains(&wiretale(&["packets", record_header.path()]), &["cut", "record 2", "1 packet"], 1);
    assert_eq!(lines(record_header.path()), 1);
    let record = Scratch::new("cut-in-record.pcap", &whole[..first + 20]);
    complains(&wiretale(&["packets", record.path()]), &["cut", "record 2", "1 packet"], 1);
    assert_eq!(lines(record.path()), 1);
}

#[test]
fn a_reader_that_has_had_enough_is_no_failure() {
    let big = Scratch::new("big.pcap", &many_times());
    for arguments in
        [&["packets"][..], &["packets", "-v"], &["packets", "-x"], &["packets", "--json"]]
    {
        let mut child = command()
            .args(arguments)
            .arg(big.path())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        let output = child.wait_with_output().expect("an end");
        assert!(!line.is_empty());
        assert_eq!((output.status.code(), text(&output.stderr)), (Some(0), ""), "{arguments:?}");
    }
}

/// Packets that were kept stay kept when the reader of the lines leaves.
#[test]
fn a_savefile_outlives_the_reader_of_the_lines() {
    let big = Scratch::new("big-kept.pcap", &many_times());
    for name in ["left.pcapng", "left.pcap"] {
        let kept = Scratch::new(name, b"");
        let mut child = command()
            .args(["packets", "-w", kept.path(), big.path()])
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program");
        let mut line = String::new();
        BufReader::new(child.stdout.take().expect("a pipe")).read_line(&mut line).expect("a line");
        assert_eq!(child.wait().expect("an end").code(), Some(0));
        let again = wiretale(&["packets", kept.path()]);
        assert_eq!((again.status.code(), text(&again.stderr)), (Some(0), ""), "{name}");
        assert!(text(&again.stdout).starts_with(&line), "{name}");
        // All whose lines were written before the reader was found to have left.
        assert!(text(&again.stdout).lines().count() > 100, "{name}");
    }
}

#[test]
fn a_wrong_command_line_is_exit_code_2() {
    for arguments in [
        &[][..],
        &["--no-such-option"],
        &["packets"],
        &["packets", "--time", "noon", CAPTURE],
        &["packets", "--from", "yesterday", CAPTURE],
        &["completions", "tcsh"],
    ] {
        let output = wiretale(arguments);
        assert_eq!(output.status.code(), Some(2), "{arguments:?}");
        assert!(output.stdout.is_empty());
    }
}

#[test]
fn a_wrong_filter_points_at_its_place() {
    let output = wiretale(&["packets", "-Y", "tcp.prot == 80", CAPTURE]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        text(&output.stderr),
        "wiretale: display filter: no field is called \"tcp.prot\"; the nearest is \"tcp.port\"\n    tcp.prot == 80\n    ^^^^^^^^\n"
    );
    complains(&wiretale(&["packets", "-f", "port 80 and and", CAPTURE]), &["syntax error"], 2);
    complains(&wiretale(&["packets", "-e", "ip.sorc", CAPTURE]), &["ip.sorc", "ip.src"], 2);
}

#[test]
fn words_behind_r_are_the_capture_filter() {
    let ours = wiretale(&["packets", "-nr", CAPTURE, "udp", "port", "53"]);
    let same = wiretale(&["packets", "-Y", "udp.port == 53", CAPTURE]);
    assert_eq!(text(&ours.stdout), text(&same.stdout));
    assert!(!ours.stdout.is_empty());
}

#[test]
fn limits_of_count_and_time_hold() {
    let lines = |arguments: &[&str]| text(&wiretale(arguments).stdout).lines().count();
    let all = lines(&["packets", CAPTURE]);
    assert_eq!(lines(&["packets", "-c", "3", CAPTURE]), 3);
    let before = lines(&["packets", "--to", "+1ms", CAPTURE]);
    let after = lines(&["packets", "--from", "+1ms", CAPTURE]);
    assert_eq!(before + after, all);
    assert!(before > 0 && after > 0);
}

/// What is dropped is said, and which flag drops less; the rest goes on.
#[test]
fn connections_for_which_there_is_no_room_are_counted() {
    let two_at_once = "fixtures/mptcp.pcap";
    let all = wiretale(&["packets", two_at_once]);
    assert_eq!(text(&all.stderr), "");
    let some = wiretale(&["packets", "--max-connections", "1", two_at_once]);
    let said = text(&some.stderr);
    assert!(said.starts_with("wiretale: more than 1 connections at once: "), "{said}");
    assert!(said.contains("--max-connections"), "{said}");
    assert_eq!(text(&some.stdout).lines().count(), text(&all.stdout).lines().count());
    assert!(some.status.success());
}

/// Whatever is left out, times count from the first packet of the capture.
#[test]
fn relative_times_do_not_depend_on_what_is_left_out() {
    // What was left out before anything was followed is missing in what is told of the rest.
    let times = |told: &str| -> Vec<String> {
        let words = |line: &str| line.split_whitespace().take(5).collect::<Vec<_>>().join(" ");
        told.lines().map(words).collect()
    };
    let all = wiretale(&["packets", CAPTURE]);
    let all = times(text(&all.stdout));
    for arguments in
        [&["-Y", "tcp"][..], &["--from", "+0.5ms"], &["-f", "tcp"], &["-Y", "frame.number > 9"]]
    {
        let some = wiretale(&[&["packets"], arguments, &[CAPTURE]].concat());
        let some = times(text(&some.stdout));
        assert!(!some.is_empty() && some.len() < all.len(), "{arguments:?}");
        assert!(some.iter().all(|line| all.contains(line)), "{arguments:?}");
    }
}

#[test]
fn what_is_kept_is_told_the_same_again() {
    for name in ["kept.pcapng", "kept.pcap"] {
        let kept = Scratch::new(name, b"");
        let told = wiretale(&["packets", "-w", kept.path(), CAPTURE]);
        assert_eq!(text(&told.stdout), text(&wiretale(&["packets", kept.path()]).stdout), "{name}");
    }
}

#[test]
fn standard_input_is_a_capture_like_any_other() {
    let output = command()
        .args(["packets", "-"])
        .stdin(fs::File::open(CAPTURE).expect("the fixture"))
        .output()
        .expect("the program");
    assert_eq!(text(&output.stdout), text(&wiretale(&["packets", CAPTURE]).stdout));
}

#[test]
fn help_begins_with_examples() {
    for arguments in
        [&["--help"][..], &["packets", "--help"], &["tell", "--help"], &["completions", "--help"]]
    {
        let output = wiretale(arguments);
        assert_eq!(output.status.code(), Some(0));
        assert!(text(&output.stdout).starts_with("Examples:"), "{arguments:?}");
    }
}

#[test]
fn fetch_has_what_can_be_done_and_nothing_that_cannot() {
    let output = wiretale(&["fetch", "--help"]);
    let help = text(&output.stdout);
    assert!(help.starts_with("Examples:"), "{help}");
    for word in ["@FILE reads it from a file", "--json[=<FORM>]", "--path", "--hex", "`system`"] {
        assert!(help.split_whitespace().collect::<Vec<_>>().join(" ").contains(word), "{word}");
    }
    // There is one engine, the system's own, and a proxy is told of, not used.
    for option in
        ["--engine", "--as", "--dhcp", "--window", "--drop-out", "--packetdrill", "--proxy"]
    {
        assert!(!help.contains(&format!("{option} ")), "{option}");
        let typed = wiretale(&["fetch", option, "x", "http://localhost/"]);
        assert_eq!(typed.status.code(), Some(2), "{option}");
    }
    let wrong = wiretale(&["fetch", "--dns", "nobody", "http://localhost/"]);
    assert_eq!(wrong.status.code(), Some(2));
    assert!(text(&wrong.stderr).contains("or `system`"), "{}", text(&wrong.stderr));
}

#[test]
fn three_shells_are_completed() {
    for shell in ["bash", "zsh", "fish"] {
        let output = wiretale(&["completions", shell]);
        assert!(text(&output.stdout).contains("display-filter"), "{shell}");
    }
}

/// `WIRETALE_BLESS=1 cargo test` writes it anew.
#[test]
fn the_man_page_is_fresh() {
    let page = wiretale::cli::man_page().expect("a page");
    if std::env::var_os("WIRETALE_BLESS").is_some() {
        fs::write("man/wiretale.1", &page).expect("a writable folder");
    }
    let stored = fs::read("man/wiretale.1").expect("the page");
    assert!(stored == page, "man/wiretale.1 is stale: run WIRETALE_BLESS=1 cargo test");
}

/// Every command that README shows prints what README shows. `WIRETALE_BLESS=1 cargo test` writes it anew.
#[test]
fn readme_shows_real_output() {
    let stored = fs::read_to_string("README.md").expect("README.md");
    let mut readme = String::new();
    let mut blocks = stored.split("```console\n");
    readme.push_str(blocks.next().expect("a beginning"));
    for block in blocks {
        let (shown, after) = block.split_once("```").expect("an end");
        readme.push_str("```console\n");
        let asked: Vec<_> =
            shown.lines().filter_map(|line| line.strip_prefix("$ wiretale ")).collect();
        // What passed an interface once does not pass again, and no server answers twice alike.
        let was_live = asked
            .iter()
            .all(|question| question.contains(" -i ") || question.starts_with("fetch "));
        if was_live {
            readme.push_str(shown);
        }
        for question in asked.iter().filter(|_| !was_live) {
            let output = command().args(split(question)).output().expect("the program");
            writeln!(readme, "$ wiretale {question}\n{}", text(&output.stdout).trim_end())
                .expect("room");
        }
        readme.push_str("```");
        readme.push_str(after);
    }
    if std::env::var_os("WIRETALE_BLESS").is_some() {
        fs::write("README.md", &readme).expect("a writable folder");
    }
    assert!(readme.contains("$ wiretale packets"), "README.md shows no output");
    let stored = fs::read_to_string("README.md").expect("README.md");
    for (told, shown) in readme.lines().zip(stored.lines()) {
        assert_eq!(told, shown);
    }
    assert_eq!(readme.lines().count(), stored.lines().count());
}

/// Cuts a command line into words; single quotes hold words together.
fn split(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    parts
        .flat_map(|(at, part)| match at % 2 {
            0 => part.split_whitespace().map(str::to_owned).collect(),
            _ => vec![part.to_owned()],
        })
        .collect()
}

/// Who reads standard error may leave as well.
#[test]
fn a_standard_error_that_nobody_reads_changes_nothing() {
    for (arguments, code) in
        [(["tell", "fixtures/cut-short.pcap"], 1), (["tell", "-Y"], 2), (["fetch", "::"], 3)]
    {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let output = command().args(arguments).stderr(writer).output().expect("wiretale");
        assert_eq!(output.status.code(), Some(code), "{arguments:?}");
    }
}

#[test]
fn a_full_disk_behind_standard_output_is_named() {
    let full = fs::File::options().write(true).open("/dev/full").expect("a device");
    let mut command = command();
    command.args(["packets", "fixtures/http-get.pcap"]).stdout(full).stderr(Stdio::piped());
    let output = command.spawn().expect("wiretale").wait_with_output().expect("wiretale");
    complains(&output, &["standard output: no space left on device"], 1);
}

#[test]
fn a_link_type_that_nobody_reads_is_said_once_by_number_and_name() {
    let mut octets = fs::read("fixtures/http-get.pcap").expect("a fixture");
    octets[20..24].copy_from_slice(&147_u32.to_le_bytes());
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("cli-private.pcap");
    fs::write(&path, octets).expect("a file");
    for question in ["tell", "flows", "packets", "why"] {
        let output = wiretale(&[question, path.to_str().expect("UTF-8")]);
        complains(&output, &["link type 147 (for private use)", "20 frames"], 0);
        assert_eq!(text(&output.stderr).lines().count(), 1);
    }
    assert!(wiretale(&["tell", "fixtures/http-get.pcap"]).stderr.is_empty());
}

#[test]
fn the_third_level_of_a_conversation_has_its_questions_and_answers() {
    let told = wiretale(&["flow", "fixtures/http-get.pcap", "2", "--level", "3"]);
    let told = text(&told.stdout);
    assert!(told.starts_with("# conversation 2: 192.168.0.10:44760"), "{told}");
    let asked = "# 0.000105  HTTP   GET www.lab.example/ → 200 OK";
    assert!(told.contains(asked) && told.contains("  from #10 to #16\n"), "{told}");
    let told = wiretale(&["flow", "fixtures/http-get.pcap#1", "--level", "4"]);
    let told = text(&told.stdout);
    assert!(told.contains("# 0.000000  DNS    A www.lab.example"), "{told}");
    let second = wiretale(&["flow", "fixtures/http-get.pcap", "2", "--level", "2"]);
    assert!(!text(&second.stdout).contains("GET"), "{}", text(&second.stdout));
}

#[test]
fn what_has_no_budget_is_told_what_it_is() {
    for format in ["text", "ndjson", "html"] {
        let output = wiretale(&["why", "-o", format, "fixtures/dns-types.pcap", "1"]);
        complains(&output, &["conversation 1 is DNS from 10.0.0.1:58997", "only TCP"], 1);
    }
    let output = wiretale(&["why", "fixtures/dns-types.pcap", "99"]);
    complains(&output, &["there is no conversation 99"], 1);
}

#[test]
fn the_seventh_level_of_a_conversation_has_every_field_behind_its_segments() {
    let flow = |level| {
        let told = wiretale(&["flow", "fixtures/http-get.pcap", "2", "--level", level]);
        text(&told.stdout).to_owned()
    };
    let (sixth, seventh) = (flow("6"), flow("7"));
    assert!(!sixth.contains("ip.ttl"), "{sixth}");
    assert_eq!(seventh.matches(" ip.ttl\n").count(), 14);
    assert!(seventh.contains("#     identification          0x1bac"), "{seventh}");
    // Whoever plays it again sees the same segments: what is more is a comment.
    let rungs = |told: &str| {
        told.lines().filter(|line| !line.starts_with('#')).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(rungs(&sixth), rungs(&seventh));
}

#[test]
fn packets_can_be_asked_for_by_how_long_after_others_they_came() {
    let late = "frame.time_relative > 0.0006 && frame.time_delta < 0.00001";
    let asked = ["packets", "-Y", late, "-e", "frame.number", "-e", "frame.time_delta"];
    let told = wiretale(&[&asked[..], &["fixtures/http-get.pcap"]].concat());
    let told = text(&told.stdout);
    let times = "14\t0.000001000\n15\t0.000002000\n16\t0.000001000\n17\t0.000002000\n";
    assert!(told.ends_with(times), "{told}");
    let first =
        wiretale(&["packets", "-f", "udp", "-e", "frame.time_delta", "fixtures/http-get.pcap"]);
    // The frame before was left out by the capture filter: nobody knows.
    let first = text(&first.stdout).lines().find(|line| !line.contains("frame")).map(str::to_owned);
    assert_eq!(first.as_deref(), Some(""));
}

#[test]
fn when_to_colour_may_be_a_word_of_its_own() {
    let told = |color: &[&str]| {
        let output =
            wiretale(&[&["packets", "-c", "1"], color, &["fixtures/http-get.pcap"]].concat());
        assert!(output.status.success(), "{color:?}: {}", text(&output.stderr));
        text(&output.stdout).contains('\u{1b}')
    };
    assert!(told(&["--color", "always"]) && told(&["--color=always"]) && told(&["--color"]));
    assert!(!told(&["--color", "never"]) && !told(&["--color", "auto"]));
}
