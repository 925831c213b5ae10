//! The table of conversations that is drawn while it changes: what stands in the cells of a terminal.

mod segments;
mod stage;

use std::net::IpAddr;
use std::time::Duration;

use regex::Regex;
use stage::aligned::is_aligned;
use stage::traffic::{MILLI, SECOND, Talk, everything, server};
use stage::{Manner, PLAIN, Step, play, tabled};
use wiretale::flow::Side;
use wiretale::render::flows::{Naming, Order};
use wiretale::wire::tcp::Flags;

const WIDTHS: [u16; 3] = [80, 100, 160];

fn rest(millis: u64) -> Step {
    Step::Rest(Duration::from_millis(millis))
}

fn types(keys: &'static str) -> Step {
    Step::Do(Box::new(|stage| stage.typed.extend(keys.bytes())))
}

fn resizes(width: u16, height: u16) -> Step {
    Step::Do(Box::new(move |stage| stage.resize(width, height)))
}

#[test]
fn every_row_stands_under_its_header_while_the_terminal_is_resized() {
    for colour in [false, true] {
        let mut steps = everything();
        for (width, height) in [(80, 24), (100, 50), (160, 45), (80, 45), (160, 24), (100, 45)] {
            // At once: not when the next picture is due.
            steps.extend([resizes(width, height), Step::Look]);
            steps.extend([rest(300), Step::Look]);
        }
        let (_, shots, _) = play(&Manner { colour, ..PLAIN }, steps);
        assert_eq!(shots.len(), 12);
        for shots in shots {
            for shot in &shots {
                assert!(WIDTHS.contains(&(shot.0[0].len() as u16)));
                let rows = is_aligned(shot);
                assert_eq!(rows, (shot.0.len() - 4).min(23), "{}", shot.text());
            }
            assert_eq!(shots[0], shots[2], "places are where spaces lead anyhow");
        }
    }
}

#[test]
fn whatever_the_size_nothing_is_wrapped() {
    let mut steps = everything();
    for width in (1..200).chain([1000]) {
        let height = 1 + (width * 7) % 60;
        steps.extend([resizes(width, height), rest(250), Step::Look]);
    }
    let (_, shots, _) = play(&PLAIN, steps);
    for [shot, ..] in shots {
        if shot.0.len() > 4 && shot.0[0].len() > 30 {
            assert!(shot.line(0).starts_with("eth0  "), "{}", shot.text());
            assert!(shot.line(1).trim_start().starts_with("# client → server"));
            assert!(shot.line(shot.0.len() - 1).starts_with("q end"), "{}", shot.text());
        }
        if shot.0[0].len() >= 80 && shot.0.len() > 4 {
            is_aligned(&shot);
        }
    }
}

#[test]
fn names_stand_for_addresses_and_do_nothing_to_the_terminal() {
    let steps = || {
        let mut steps = everything();
        steps.extend([resizes(160, 50), rest(300), Step::Look]);
        steps
    };
    let (stage, shots, _) = play(&PLAIN, steps());
    let text = shots[0][0].text();
    for name in ["서버.한국.example:443", "日本語サーバー.example:443", r"evil\027[31m\007"]
    {
        assert!(text.contains(name), "{text}");
    }
    let stage = stage.borrow();
    let written = std::str::from_utf8(&stage.written).expect("UTF-8");
    let ours = Regex::new("\x1b\\[(\\?2026[hl]|0m|2J|[0-9]+;1H|2K|K|[0-9]+G)").expect("a pattern");
    let rest = ours.replace_all(written, "");
    assert!(!rest.contains(char::is_control), "{rest:?}");
    let (_, shots, _) = play(&Manner { naming: Naming::Numbers, ..PLAIN }, steps());
    let text = shots[0][0].text();
    assert!(!text.contains("example") && text.contains("10.9.0.4:443"), "{text}");
    let (stage, shots, _) = play(&Manner { ascii: true, ..PLAIN }, steps());
    assert!(stage.borrow().written.is_ascii());
    assert!(shots[0][0].text().contains(r"\u{c11c}\u{bc84}"), "{}", shots[0][0].text());
}

#[test]
fn keys_sort_scroll_and_hold_the_picture() {
    let mut steps = everything();
    steps.extend([rest(1000), Step::Look]);
    for keys in ["s", "s", "n", "j", "\x1b[6~", "G", "g"] {
        steps.extend([types(keys), Step::Look]);
    }
    // While it is held the capture goes on, and shows when it is let go.
    let mut late = Talk::between(9 * SECOND, IpAddr::from([10, 0, 0, 1]), 1, server(4, false));
    steps.extend([types(" "), Step::Look]);
    steps.extend(late.opens().steps());
    steps.extend([rest(500), Step::Look, types("r"), resizes(100, 24), Step::Look, types(" ")]);
    steps.extend([types("nn"), types("n"), rest(500), Step::Look]);
    let (_, shots, _) = play(&PLAIN, steps);
    let numbers = |at: usize| -> Vec<u32> {
        let rows = shots[at][0].rows();
        rows.iter().map(|row| row.split_whitespace().next().unwrap().parse().unwrap()).collect()
    };
    let [_, resent, least, newest, down, page, bottom, top] = [0, 1, 2, 3, 4, 5, 6, 7].map(numbers);
    let by = |at: usize| shots[at][0].line(23);
    assert!(by(0).contains("[b bytes]") && by(1).contains("[s resent]"), "{}", by(1));
    assert!(by(2).contains("[s resent, least]"), "{}", by(2));
    assert!(shots[1][0].rows()[..2].iter().all(|row| row.ends_with(" 1")), "{resent:?}");
    assert!(shots[2][0].rows()[0].ends_with(" 0"), "{least:?}");
    let count = newest[0];
    assert_eq!(newest, (count - 19..=count).rev().collect::<Vec<_>>());
    assert_eq!(down[0], count - 1);
    assert_eq!(page.last(), bottom.last());
    assert_eq!((bottom.last(), top[0]), (Some(&1), count));
    assert_eq!(shots[8][0].rows(), shots[9][0].rows());
    assert!(shots[8][0].text().contains("paused, and still capturing"));
    assert_eq!(shots[10][0].rows().len(), 20, "what is held is drawn at another size");
    assert!(shots[10][0].text().contains("paused"));
    assert_eq!(numbers(11)[0], count + 1);
}

#[test]
fn who_asks_for_the_end_ends_it_once_and_gets_the_terminal_back() {
    let steps = |keys| {
        let mut steps = everything();
        steps.extend([rest(300), types(keys), rest(300), rest(300), Step::Look]);
        steps
    };
    for keys in ["q", "\x03", "ㅂ"] {
        let (stage, shots, told) = play(&PLAIN, steps(keys));
        assert_eq!((stage.borrow().interrupts, shots.len()), (1, 0), "{keys:?}");
        assert!(!stage.borrow().is_open);
        assert_eq!(told, tabled(&PLAIN, everything()));
        assert!(told.starts_with("Conversations  "), "{told}");
    }
    let (stage, ..) = play(&PLAIN, steps("qq"));
    assert_eq!((stage.borrow().interrupts, stage.borrow().is_open), (2, false));
    assert!(!stage.borrow().was_open, "the second time the program may be gone at once");
    let (stage, shots, _) = play(&PLAIN, steps("\x1a"));
    assert_eq!((stage.borrow().suspensions, shots.len()), (1, 1));
    is_aligned(&shots[0][0]);
}

#[test]
fn what_is_over_stays_a_while_and_what_goes_on_stays() {
    let mut closed = Talk::between(0, IpAddr::from([10, 0, 0, 1]), 1, server(4, false));
    let mut open = Talk::between(0, IpAddr::from([10, 0, 0, 2]), 2, server(4, false));
    let mut steps = closed.opens().asks(10).closes().steps();
    steps.extend(open.opens().asks(10).steps());
    for seconds in [1, 8, 2, 100] {
        steps.extend([rest(seconds * 1000), Step::Look]);
    }
    let (_, shots, _) = play(&PLAIN, steps);
    let states = |at: usize| -> Vec<bool> {
        shots[at][0].rows().iter().map(|row| row.contains("connected")).collect()
    };
    assert_eq!([states(0).len(), states(1).len()], [2, 2]);
    assert_eq!([states(2), states(3)], [[true], [true]]);
}

#[test]
fn rates_are_those_of_the_last_seconds() {
    let mut talk = Talk::between(0, IpAddr::from([10, 0, 0, 1]), 1, server(4, false));
    talk.opens();
    let mut steps = talk.steps();
    // 100 octets the one way and 900 the other, each beside its headers, a hundred times a second.
    for turn in 1..500_u64 {
        talk.time = turn * 10 * MILLI;
        talk.sends(Side::Client, Flags::ACK | Flags::PSH, 100 - 54, 500);
        talk.sends(Side::Server, Flags::ACK | Flags::PSH, 900 - 54, 500);
        steps.extend(talk.steps());
    }
    steps.extend([
        Step::Look,
        rest(1500),
        Step::Look,
        rest(2000),
        rest(2000),
        rest(300),
        Step::Look,
    ]);
    let (_, shots, _) = play(&PLAIN, steps);
    let rates = |at: usize| {
        let row = shots[at][0].rows()[0].clone();
        let rate = |from: usize| {
            let text: String =
                row.chars().skip(from).take(8).filter(char::is_ascii_digit).collect();
            text.parse::<u32>().expect("a rate")
        };
        let header = shots[at][0].line(1);
        ["client/s", "server/s"].map(|name| {
            rate(
                header.chars().count()
                    - header[header.find(name).expect("a column")..].chars().count(),
            )
        })
    };
    let [client, server] = rates(0);
    assert!(
        (9_800..10_200).contains(&client) && (88_000..92_000).contains(&server),
        "{client} {server}"
    );
    assert!(shots[0][0].line(0).contains("/s  "), "{}", shots[0][0].line(0));
    let [client, server] = rates(1);
    assert!(
        (1000..9_000).contains(&client) && (9_000..80_000).contains(&server),
        "{client} {server}"
    );
    assert_eq!(rates(2), [0, 0]);
}

#[test]
fn a_note_is_shown_for_some_seconds() {
    let mut steps = everything();
    steps.extend([rest(300), Step::Note("eth0: the interface went down"), rest(300), Step::Look]);
    steps.extend([rest(9000), rest(300), Step::Look]);
    let (_, shots, _) = play(&PLAIN, steps);
    assert_eq!(shots[0][0].line(22), "eth0: the interface went down");
    assert_eq!(shots[1][0].line(22), "1-17 of 17");
}

#[test]
fn a_flood_costs_rows_and_not_memory_and_the_largest_stays_in_sight() {
    let mut large = Talk::between(0, IpAddr::from([10, 0, 0, 1]), 1, server(4, false));
    large.opens();
    let mut steps = large.steps();
    for number in 0..30_000_u32 {
        let [_, a, b, c] = number.to_be_bytes();
        let time = 10 * MILLI + u64::from(number) * 100_000;
        let from = IpAddr::from([10, a + 1, b, c]);
        steps.extend(
            Talk::between(time, from, 7, server(5, false))
                .sends(Side::Client, Flags::SYN, 0, 1)
                .steps(),
        );
        if number % 1000 == 0 {
            large.time = time;
            steps.extend(large.asks(1400).steps());
        }
    }
    steps.extend([rest(1000), Step::Look, types("n"), types("G"), Step::Look]);
    let (stage, shots, _) = play(&PLAIN, steps);
    assert!(shots[0][0].rows()[0].starts_with("    1 10.0.0.1"), "{}", shots[0][0].text());
    assert!(shots[0][0].line(0).contains("30,001 open"), "{}", shots[0][0].line(0));
    let status = shots[1][0].line(22);
    let of: usize = status.rsplit(' ').next().unwrap().replace(',', "").parse().expect("a count");
    assert!((1000..=4096).contains(&of), "{status}");
    // Three seconds of packets, ten thousand a second.
    assert!(stage.borrow().readings < 200, "{} readings of the clock", stage.borrow().readings);
}

#[test]
fn the_order_and_the_number_of_rows_may_be_asked_for() {
    let mut steps = everything();
    steps.extend([rest(300), Step::Look]);
    let manner = Manner { order: Some(Order::Number), most: Some(5), ..PLAIN };
    let (_, shots, _) = play(&manner, steps);
    let rows = shots[0][0].rows();
    let numbers = rows.iter().map(|row| row.split_whitespace().next().unwrap()).collect::<Vec<_>>();
    assert_eq!(numbers, ["1", "2", "3", "4", "5"]);
    assert_eq!(shots[0][0].line(22), "1-5 of 5");
}
