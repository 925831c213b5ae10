//! What both sides of a connection said is put together as PcapPlusPlus puts it together.

use super::corpus;
use wiretale::flow::stream::{Both, Part, Room, Run};
use wiretale::flow::{Flows, Mark, Seen};
use wiretale::octets::Octets;
use wiretale::timeline::{Frame, Moment, Source, Timestamp};
use wiretale::wire::Packet;

/// Captures, and what both sides of their first connection said. Other tests of its build packets of which
/// no capture is kept; and of `http-packets.pcap` it tells what stands behind a hole at once, where we wait a
/// little whether the hole is filled, and tell the next request meanwhile.
const STREAMS: [(&str, &str); 5] = [
    ("one_http_stream_fin.pcap", "one_http_stream_fin_output.txt"),
    ("one_http_stream_fin2.pcap", "one_http_stream_fin2_output.txt"),
    ("one_ipv6_http_stream.pcap", "one_ipv6_http_stream.txt"),
    ("one_tcp_stream.pcap", "one_tcp_stream_output.txt"),
    ("one_tcp_stream_max_seq.pcap", "one_tcp_stream_output.txt"),
];

#[test]
fn streams_are_put_together_alike() {
    for (capture, told) in STREAMS {
        let said = said(&frames(capture));
        let expected = expected(told);
        let differs = said.octets.iter().zip(&expected).position(|(ours, theirs)| ours != theirs);
        assert_eq!((differs, said.octets.len()), (None, expected.len()), "{capture}");
    }
}

/// Two segments of one side that change places on their way are put in order again.
#[test]
fn streams_do_not_depend_on_the_order_of_segments() {
    let (frames, expected) =
        (frames("one_tcp_stream.pcap"), expected("one_tcp_stream_out_of_order_output.txt"));
    let mut tried = 0;
    for at in 3..frames.len() - 1 {
        let sender = |at: usize| sender(&frames[at]);
        if sender(at) != sender(at + 1) || sender(at).is_none() {
            continue;
        }
        let mut turned = frames.clone();
        turned.swap(at, at + 1);
        assert!(said(&turned).octets == expected, "packets {} and {}", at + 1, at + 2);
        tried += 1;
    }
    assert!(tried > 5, "only {tried} segments changed places");
}

/// Where one segment is left out, the octets it would have brought are told as missing.
#[test]
fn a_segment_that_is_left_out_is_missed() {
    let frames = frames("one_tcp_stream.pcap");
    let expected = expected("one_tcp_stream_missing_data_output_ooo.txt");
    let fits = |at: &usize| {
        let mut less = frames.clone();
        less.remove(*at);
        said(&less).octets == expected
    };
    assert_eq!((0..frames.len()).filter(fits).count(), 1);
}

/// Each run of octets was said when its segment was captured.
#[test]
fn octets_are_said_when_their_segment_comes() {
    let said = said(&frames("unidirectional_tcp_stream_with_missing_packet.pcap"));
    let times: Vec<_> = said.times.iter().map(|time| (time.0 / 1000).to_string()).collect();
    let expected = String::from_utf8(expected("timestamp_output.txt")).expect("numbers");
    assert_eq!(times, expected.split_whitespace().collect::<Vec<_>>());
}

fn expected(name: &str) -> Vec<u8> {
    let path = corpus().join("expected/pcapplusplus").join(name);
    std::fs::read(path).expect("what is expected")
}

/// The time, the link type and the octets of each frame.
type Frames = Vec<Kept>;
type Kept = (Timestamp, u16, Vec<u8>);

fn frames(capture: &str) -> Frames {
    let path = corpus().join("pcapplusplus").join(capture);
    let mut source = wiretale::capture::open(&[path]).expect("a capture");
    let mut frames = Vec::new();
    while let Some(moment) = source.next().expect("no damage") {
        if let Moment::Frame(frame) = moment {
            frames.push((frame.time, frame.link, frame.octets.kept().to_vec()));
        }
    }
    frames
}

fn frame(number: usize, (time, link, octets): &Kept) -> Frame<'_> {
    let octets = Octets::whole(octets);
    let number = number as u64 + 1;
    Frame { number, time: *time, link: *link, interface: 0, comment: &[], octets }
}

/// The port of who sent octets in this frame.
fn sender(kept: &Kept) -> Option<u16> {
    let tcp = Packet::dissect(frame(0, kept)).tcp()?;
    (!tcp.payload().is_empty()).then(|| tcp.source_port())
}

fn said(frames: &Frames) -> Said {
    let (mut said, mut flows) = (Said::default(), Flows::default());
    for (number, kept) in frames.iter().enumerate() {
        let packet = Packet::dissect(frame(number, kept));
        said.hear(&packet, &flows.observe(&packet));
    }
    said.end();
    said
}

/// The first connection's sides as they come.
#[derive(Default)]
struct Said {
    both: Option<Both>,
    room: Room,
    octets: Vec<u8>,
    times: Vec<Timestamp>,
}

impl Said {
    fn hear(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) {
        let Some((connection, side)) = seen.connection else { return };
        let Some(tcp) = packet.tcp().filter(|_| connection.id() == 1) else { return };
        let Self { both, room, octets, times } = self;
        let both = both.get_or_insert_with(|| Both::of(connection));
        let mut hear = |run: Run<'_>, _| write(run, octets, times);
        both.take(tcp, side, Mark::of(&packet.frame), room, &mut hear);
    }

    fn end(&mut self) {
        let Self { both, room, octets, times } = self;
        if let Some(both) = both {
            both.end(Mark::default(), room, &mut |run, _| write(run, octets, times));
        }
    }
}

fn write(run: Run<'_>, said: &mut Vec<u8>, times: &mut Vec<Timestamp>) {
    match run.part {
        Part::Octets(octets) => {
            said.extend_from_slice(octets);
            times.push(run.mark.time);
        }
        Part::Gap(gap) => said.extend_from_slice(format!("[{} bytes missing]", gap.len).as_bytes()),
        Part::End => {}
    }
}
