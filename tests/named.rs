//! Which stalls have a name in the captures that were made for it?

mod program;

/// Capture, the names of all its stalls, and whom the verdict names, if there is anything to say.
const NAMED: [(&str, &[&str], Option<&str>); 7] = [
    ("nagle.pcap", &["nagle_delayed_ack"], Some("client")),
    ("almost-nagle.pcap", &[], None),
    ("tail-loss.pcap", &["tail_loss"], Some("network")),
    ("silent-mid-response.pcap", &["silent_mid_response"], Some("server")),
    ("slow-client.pcap", &["slow_to_ask"], Some("client")),
    ("refused.pcap", &["refused"], Some("server")),
    ("zero-window.pcap", &["zero_window"], Some("server")),
];

#[test]
fn what_has_a_name_is_called_by_it_and_nothing_else_is() {
    for (name, stalls, culprit) in NAMED {
        let capture = format!("fixtures/{name}");
        let records = program::records(&["why", "--json", &capture]);
        let budget = records
            .iter()
            .find(|it| it["type"] == "budget" && it["connection"].is_number())
            .expect("a connection");
        let found: Vec<_> = budget["stalls"]
            .as_array()
            .expect("stalls")
            .iter()
            .map(|it| it["name"].as_str().expect("a name"))
            .collect();
        assert_eq!(found, stalls, "{name}");
        assert_eq!(budget["verdict"]["side"].as_str(), culprit, "{name}");
    }
}
