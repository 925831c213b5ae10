//! What both sides of a connection said is put together as PcapPlusPlus puts it together.

use std::io;

use super::corpus;
use wiretale::flow::stream::{Both, Part, Room, Run};
use wiretale::flow::{Flows, Mark, Seen};
use wiretale::pipeline::{self, Passing};
use wiretale::render::Report;
use wiretale::timeline::About;
use wiretale::wire::Packet;

/// Captures of one connection each. Other tests of its leave packets out, or put them into another order,
/// before they are read.
const STREAMS: [(&str, &str); 5] = [
    ("one_http_stream_fin.pcap", "one_http_stream_fin_output.txt"),
    ("one_http_stream_fin2.pcap", "one_http_stream_fin2_output.txt"),
    ("one_ipv6_http_stream.pcap", "one_ipv6_http_stream.txt"),
    ("one_tcp_stream.pcap", "one_tcp_stream_output.txt"),
    ("one_tcp_stream_max_seq.pcap", "one_tcp_stream_output.txt"),
];

#[test]
fn streams_are_put_together_alike() {
    for (capture, expected) in STREAMS {
        let path = corpus().join("pcapplusplus").join(capture);
        let mut source = wiretale::capture::open(&[path]).expect("a capture");
        let mut said = Said::default();
        pipeline::run(&mut source, &mut Passing::default(), &mut said).expect("no damage");
        let expected = corpus().join("expected/pcapplusplus").join(expected);
        let expected = std::fs::read(expected).expect("what is expected");
        let differs = said.octets.iter().zip(&expected).position(|(ours, theirs)| ours != theirs);
        assert_eq!((differs, said.octets.len()), (None, expected.len()), "{capture}");
    }
}

/// The first connection's sides as they come.
#[derive(Default)]
struct Said {
    both: Option<Both>,
    room: Room,
    octets: Vec<u8>,
}

impl Report for Said {
    fn packet(&mut self, packet: &Packet<'_>, seen: &Seen<'_>) -> io::Result<()> {
        let Some((connection, side)) = seen.connection else { return Ok(()) };
        let Some(tcp) = packet.tcp().filter(|_| connection.id() == 1) else { return Ok(()) };
        let Self { both, room, octets: said } = self;
        let mut hear = |run: Run<'_>, _| {
            if let Part::Octets(octets) = run.part {
                said.extend_from_slice(octets);
            }
        };
        let both = both.get_or_insert_with(|| Both::of(connection));
        both.take(tcp, side, Mark::of(&packet.frame), room, &mut hear);
        Ok(())
    }

    fn end(&mut self, _: &About, _: &Flows) -> io::Result<()> {
        Ok(())
    }
}
