//! Does every kind of event occur that tells of a network which loses or refuses?

use super::{ROUTER, Seen, an, is, number, with_packets};
use crate::lab::DISTANT;

/// What is lost is sent again; who is slow to read is waited for.
pub(super) fn losses(seen: &mut Seen<'_>) {
    let told = seen.fetch(28, &["--max-time", "2", "http://www.lab.example:8105/s.css"]);
    let timer = an(&told, "tcp.timer", &[is(".observed", false)]);
    assert!(number(timer, "of_packet") > 0, "{timer}");
    assert!(timer["data"]["timer"].is_string(), "{timer}");
    an(&told, "fault.verdict", &[is("code", "tcp.data-lost"), is("side", "path"), is("exit", 28)]);
    let words = ["--rcvbuf", "4096", &format!("http://{DISTANT}/big.bin")];
    let told = seen.fetch(0, &words);
    let window = an(&told, "tcp.window", &[is("by", "server"), is("change", "full")]);
    number(window, "window_bytes");
    with_packets(window);
}

pub(super) fn refusals(seen: &mut Seen<'_>) {
    let told = seen.fetch(7, &["http://www.lab.example:81/"]);
    with_packets(an(&told, "tcp.rst", &[is("by", "server")]));
    an(&told, "fault.verdict", &[is("code", "tcp.refused.rst"), is("side", "server")]);
    let words = ["--max-time", "5", "http://www.lab.example:8103/"];
    let told = seen.fetch(7, &words);
    let error = [is("icmp_type", 3), is("icmp_code", 3), is("offender", ROUTER.0)];
    let errors: Vec<_> = told
        .events("icmp.error")
        .into_iter()
        .filter(|it| it["data"]["quoted"].is_object())
        .collect();
    with_packets(errors[0]);
    assert_eq!(errors[0]["data"]["quoted"]["destination_port"], 8103, "{}", errors[0]);
    an(&told, "icmp.error", &error);
    // The kernel's own word for it, taken from the queue of errors.
    an(
        &told,
        "icmp.error",
        &[&error[..], &[is("origin", "icmp"), is("errno", "ECONNREFUSED")]].concat(),
    );
    let told = seen.fetch(7, &["http://silent.lab.example/"]);
    an(&told, "arp.timeout", &[is("address", "192.168.0.77"), is("state", "FAILED")]);
    let asked = told.events("arp.request");
    assert_eq!(asked.iter().filter(|it| it["data"]["target"] == "192.168.0.77").count(), 3);
    an(&told, "fault.verdict", &[is("code", "arp.timeout"), is("side", "access_network")]);
}
