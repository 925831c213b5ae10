use super::*;
use crate::timeline::way::{Hop, Prefix};

fn row(table: u32, destination: &str, gateway: Option<&str>, metric: u32) -> Row {
    let (address, len) = destination.split_once('/').expect("a prefix");
    Row {
        table,
        destination: Prefix {
            address: address.parse().expect("an address"),
            len: len.parse().expect("a length"),
        },
        kind: RowKind::Unicast,
        hops: vec![Hop {
            gateway: gateway.map(|gateway| gateway.parse().expect("an address")),
            interface: 2,
            device: "eth0".to_owned(),
        }],
        source: None,
        metric,
        protocol: "boot".to_owned(),
        mtu: None,
    }
}

fn won(destination: &str, rules: Vec<Rule>, rows: &[Row]) -> (Option<String>, Why) {
    let route = weigh(destination.parse().expect("an address"), rules, rows);
    let won = route.won.map(|won| &route.weighed[won].row);
    (won.map(|row| format!("{} {}", row.destination, row.metric)), route.why)
}

fn main() -> Vec<Rule> {
    vec![rule::plain(0, 255), rule::plain(32766, 254)]
}

#[test]
fn the_longest_prefix_wins_and_then_the_lowest_metric() {
    let rows = [
        row(254, "0.0.0.0/0", Some("192.168.0.1"), 0),
        row(254, "192.168.0.0/24", None, 600),
        row(254, "192.168.0.0/24", None, 100),
        row(254, "10.0.0.0/8", Some("192.168.0.2"), 0),
        row(254, "10.1.0.0/16", Some("192.168.0.3"), 5000),
        row(255, "192.168.0.178/32", None, 0),
        row(254, "172.16.0.0/12", Some("192.168.0.4"), 7),
        row(254, "172.16.0.0/12", Some("192.168.0.5"), 7),
    ];
    for (destination, wanted, why) in [
        ("198.51.100.80", "0.0.0.0/0 0", Why::Only),
        ("192.168.0.9", "192.168.0.0/24 100", Why::LowestMetric),
        ("10.1.2.3", "10.1.0.0/16 5000", Why::LongestPrefix),
        ("10.2.2.3", "10.0.0.0/8 0", Why::LongestPrefix),
        ("192.168.0.178", "192.168.0.178/32 0", Why::EarlierTable),
        ("172.16.0.1", "172.16.0.0/12 7", Why::Tie),
    ] {
        assert_eq!(
            won(destination, main(), &rows),
            (Some(wanted.to_owned()), why),
            "{destination}"
        );
    }
    assert_eq!(won("2001:db8::1", main(), &rows), (None, Why::None));
    assert_eq!(won("198.51.100.80", main(), &rows[1..]), (None, Why::None));
}

#[test]
fn each_row_is_told_with_destination_and_mask() {
    let rows = [row(254, "0.0.0.0/0", None, 0), row(254, "192.168.0.0/24", None, 0)];
    let route = weigh("198.51.100.80".parse().expect("an address"), main(), &rows);
    let told: Vec<String> = route
        .weighed
        .iter()
        .map(|it| format!("{} {} {}", it.row.destination, it.masked, it.matches))
        .collect();
    assert_eq!(told, ["192.168.0.0/24 198.51.100.0 false", "0.0.0.0/0 0.0.0.0 true"]);
}

#[test]
fn rules_come_before_rows() {
    let mut rows = vec![
        row(254, "0.0.0.0/0", None, 1),
        row(254, "10.0.0.0/8", None, 2),
        row(100, "0.0.0.0/0", None, 3),
        row(101, "10.0.0.0/8", None, 4),
    ];
    let with = |rule: Rule| [vec![rule], main()].concat();
    let metric = |rules, rows: &[Row]| won("10.9.9.9", rules, rows).0;
    assert_eq!(metric(with(rule::plain(99, 100)), &rows).as_deref(), Some("0.0.0.0/0 3"));
    // A rule that is not about this packet.
    let other = Rule { applies: false, ..rule::plain(99, 100) };
    assert_eq!(metric(with(other), &rows).as_deref(), Some("10.0.0.0/8 2"));
    // `suppress_prefixlength 0`: no default row from here.
    let short = Rule { suppresses: Some(0), ..rule::plain(99, 100) };
    assert_eq!(metric(with(short), &rows).as_deref(), Some("10.0.0.0/8 2"));
    let refusing = Rule { action: Action::Prohibit, ..rule::plain(99, 0) };
    assert_eq!(metric(with(refusing), &rows), None);
    let past = Rule { action: Action::Goto(32767), ..rule::plain(99, 0) };
    assert_eq!(metric(with(past), &rows), None);
    // A row that throws ends its table and not the search.
    rows[3].kind = RowKind::Throw;
    assert_eq!(metric(with(rule::plain(99, 101)), &rows).as_deref(), Some("10.0.0.0/8 2"));
}

#[test]
fn of_a_table_without_end_what_does_not_match_is_counted() {
    let rows: Vec<Row> = (0..2000_u32)
        .map(|n| row(254, &format!("10.{}.{}.0/24", n / 256, n % 256), None, 0))
        .chain([row(254, "0.0.0.0/0", None, 0)])
        .collect();
    let route = weigh("192.0.2.1".parse().expect("an address"), main(), &rows);
    assert_eq!((route.weighed.len() + route.omitted, route.omitted > 1000), (2001, true));
    assert!(route.won.is_some_and(|won| route.weighed[won].matches));
}
