//! What do a packet's neighbours add to its fields?

use super::Seen;
use super::mark::Side;
use super::tcp::{Connection, Trigger, Verdict, What};
use crate::wire::Packet;
use crate::wire::field::{Field, Listener, Value};
use crate::wire::tcp::{Flags, Scale, Tcp, analysis as name};

/// Every field that [`fields`] may tell.
pub static FIELDS: &[&Field] = name::FIELDS;

/// Tells what a packet is to its conversation. None of it stands for an octet on the wire.
pub fn fields(packet: &Packet<'_>, seen: &Seen<'_>, listener: &mut dyn Listener) {
    if let Some(id) = seen.id() {
        listener.field(&name::CONNECTION, 0..0, Value::Number(id.into()));
    }
    let Some((connection, side)) = seen.connection else { return };
    let Some(tcp) = packet.tcp() else { return };
    numbers(packet, tcp, connection, side, listener);
    if let Some(sample) = seen.round_trip {
        listener.field(&name::ACKS_FRAME, 0..0, Value::Number(sample.of));
        listener.field(&name::ACK_RTT, 0..0, Value::Span(sample.time()));
    }
    if seen.verdicts.is_empty() {
        return;
    }
    listener.open(&name::FLAGS, 0..0, Value::Nothing);
    for verdict in seen.verdicts {
        found(verdict, listener);
    }
    listener.close();
    for verdict in seen.verdicts {
        judged(verdict, listener);
    }
}

fn numbers(
    packet: &Packet<'_>,
    tcp: Tcp<'_>,
    connection: &Connection,
    side: Side,
    listener: &mut dyn Listener,
) {
    let mut tell = |field, value| listener.field(field, 0..0, value);
    let origin = connection.origin(side);
    let seq = tcp.seq().from(origin.seq);
    tell(&name::STREAM, Value::Number(connection.stream().into()));
    tell(&name::SEQ, Value::Number(seq.into()));
    if tcp.span() > 0 {
        tell(&name::NEXT_SEQ, Value::Number(seq.wrapping_add(tcp.span()).into()));
    }
    if tcp.flags().has(Flags::ACK) {
        tell(&name::ACK, Value::Number(tcp.ack().from(origin.ack).into()));
    }
    if origin.scale != Scale::Unknown || tcp.flags().has(Flags::SYN) || tcp.window() == 0 {
        tell(&name::WINDOW, Value::Number(origin.scale.window(tcp).into()));
    }
    if let Scale::Shift(shift) = origin.scale
        && !tcp.flags().has(Flags::SYN)
    {
        tell(&name::SCALE, Value::Number(1 << shift.min(14)));
    }
    let since = packet.frame.time.since(connection.opened().time);
    tell(&name::SINCE_FIRST, Value::Span(since));
    if let Some(rtt) = connection.handshake().rtt() {
        tell(&name::INITIAL_RTT, Value::Span(rtt));
    }
}

/// By Wireshark's names, where it has one that means the same.
fn found(verdict: &Verdict, listener: &mut dyn Listener) {
    let mut tell = |field| listener.field(field, 0..0, Value::Nothing);
    match verdict.what {
        What::Resent { trigger, .. } => {
            tell(&name::RESENT);
            if trigger == Trigger::Fast {
                tell(&name::FAST);
            }
            if verdict.is_spurious() == Some(true) {
                tell(&name::SPURIOUS);
            }
        }
        What::Reordered { .. } => tell(&name::REORDERED),
        What::Gap { .. } => tell(&name::LOST),
        What::AckUnseen { .. } => tell(&name::ACK_LOST),
        What::DuplicateAck { count } => {
            tell(&name::DUPLICATE);
            listener.field(&name::DUPLICATES, 0..0, Value::Number(count.into()));
        }
        What::ZeroWindow => tell(&name::ZERO_WINDOW),
        What::WindowProbe => tell(&name::WINDOW_PROBE),
        What::WindowProbeAck => tell(&name::PROBE_ACK),
        What::WindowFull => tell(&name::WINDOW_FULL),
        What::WindowUpdate => tell(&name::WINDOW_UPDATE),
        What::KeepAlive => tell(&name::KEEP_ALIVE),
        What::KeepAliveAck => tell(&name::KEEP_ALIVE_ACK),
        What::PortsReused { .. } => tell(&name::REUSED),
        _ => {}
    }
}

/// By our own.
fn judged(verdict: &Verdict, listener: &mut dyn Listener) {
    listener.open(&name::VERDICT, 0..0, Value::Words(verdict.what.name()));
    if let Some(kind) = verdict.what.kind() {
        listener.field(&name::KIND, 0..0, Value::Words(kind));
    }
    listener.field(&name::EVIDENCE, 0..0, Value::Words(verdict.evidence.name()));
    listener.field(&name::CONFIDENCE, 0..0, Value::Words(verdict.confidence.name()));
    if let Some(of) = verdict.of {
        listener.field(&name::OF, 0..0, Value::Number(of));
    }
    listener.close();
}
