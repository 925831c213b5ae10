//! What do a capture filter and limits of time let through?

use wiretale::capture::sift::{Edge, Sift};
use wiretale::timeline::{Source, Timestamp};

use super::{fixture, open, read, tell};

#[test]
fn a_capture_filter_passes_what_libpcap_passes() {
    for name in [
        "http-get.pcap",
        "dns-types.pcap",
        "snaplen-96.pcap",
        "vlan.pcap",
        "icmpv6.pcap",
        "cooked.pcap",
    ] {
        for expression in [
            "tcp port 80",
            "udp",
            "ip6",
            "greater 200",
            "less 80",
            "not tcp",
            "tcp[13] & 2 != 0",
            "host 192.168.0.1 or ip6",
            "ip[0] & 0xf != 5",
        ] {
            let mut oracle = pcap::Capture::from_file(fixture(name)).expect("a capture");
            oracle.filter(expression, true).expect("a filter");
            let passed =
                std::iter::from_fn(|| oracle.next_packet().ok().map(|packet| packet.data.to_vec()));
            let passed: Vec<_> = passed.collect();
            let files = open(&[&fixture(name)]).expect("a capture");
            let mut sift = Sift::new(files, Some(expression), None, None).expect("a filter");
            let (told, damage) = tell(&mut sift);
            assert_eq!(damage, None);
            assert!(told.iter().map(|told| &told.octets).eq(&passed), "{name}: {expression}");
            let sifted = read(name).len() - passed.len();
            assert_eq!(sift.about().sifted, sifted as u64, "{name}: {expression}");
        }
    }
}

#[test]
fn a_bad_capture_filter_is_refused_in_libpcaps_words() {
    for name in ["http-get.pcap", "two-requests.pcapng"] {
        let files = open(&[&fixture(name)]).expect("a capture");
        let refused = Sift::new(files, Some("tcp prt 80"), None, None).err().expect("a refusal");
        assert!(refused.to_string().contains("syntax error"), "{refused}");
    }
}

#[test]
fn limits_of_time_are_absolute_or_count_from_the_first_frame() {
    let whole = read("http-get.pcap");
    let (from, to) = (whole[2].time, whole[5].time);
    let first = whole[0].time;
    let after = |time: Timestamp| Some(Edge::After(time.since(first)));
    for (from, to) in [(Some(Edge::At(from)), Some(Edge::At(to))), (after(from), after(to))] {
        let files = open(&[&fixture("http-get.pcap")]).expect("a capture");
        let (told, _) = tell(&mut Sift::new(files, None, from, to).expect("limits"));
        assert!(told == whole[2..5], "{from:?} to {to:?}");
    }
}
