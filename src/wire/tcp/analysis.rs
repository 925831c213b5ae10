//! What is known of a segment only from those before it?
//!
//! Only the names are here, where every name is; the values are the connection's to tell. Wireshark's
//! names stand only for what means the same there.

use crate::wire::field::fields;

fields! {
    STREAM        = "tcp.stream", Number, "stream, counted from 0";
    SEQ           = "tcp.seq", Number, "relative sequence";
    NEXT_SEQ      = "tcp.nxtseq", Number, "next sequence";
    ACK           = "tcp.ack", Number, "relative acknowledged";
    WINDOW        = "tcp.window_size", Number, "window in octets";
    SCALE         = "tcp.window_size_scalefactor", Number, "window scale";
    SINCE_FIRST   = "tcp.time_relative", Span, "since the first packet";
    ACKS_FRAME    = "tcp.analysis.acks_frame", Number, "acknowledges packet";
    ACK_RTT       = "tcp.analysis.ack_rtt", Span, "round trip of that";
    INITIAL_RTT   = "tcp.analysis.initial_rtt", Span, "handshake round trip";
    FLAGS         = "tcp.analysis.flags", Group, "found by the tracker";
    RESENT        = "tcp.analysis.retransmission", Group, "sent again";
    FAST          = "tcp.analysis.fast_retransmission", Group, "sent again, as was asked for";
    SPURIOUS      = "tcp.analysis.spurious_retransmission", Group, "sent again in vain";
    REORDERED     = "tcp.analysis.out_of_order", Group, "out of order";
    LOST          = "tcp.analysis.lost_segment", Group, "octets missing before this";
    ACK_LOST      = "tcp.analysis.ack_lost_segment", Group, "acknowledges octets not seen";
    DUPLICATE     = "tcp.analysis.duplicate_ack", Group, "duplicate ACK";
    DUPLICATES    = "tcp.analysis.duplicate_ack_num", Number, "duplicate ACKs so far";
    ZERO_WINDOW   = "tcp.analysis.zero_window", Group, "window closed";
    WINDOW_PROBE  = "tcp.analysis.zero_window_probe", Group, "window probe";
    PROBE_ACK     = "tcp.analysis.zero_window_probe_ack", Group, "answer to a window probe";
    WINDOW_FULL   = "tcp.analysis.window_full", Group, "window full";
    WINDOW_UPDATE = "tcp.analysis.window_update", Group, "window update";
    KEEP_ALIVE    = "tcp.analysis.keep_alive", Group, "keep-alive";
    KEEP_ALIVE_ACK = "tcp.analysis.keep_alive_ack", Group, "answer to a keep-alive";
    REUSED        = "tcp.analysis.reused_ports", Group, "ports used again";
    // Wireshark has no names for these.
    CONNECTION    = "wiretale.connection", Number, "conversation";
    VERDICT       = "wiretale.verdict", Text, "verdict";
    KIND          = "wiretale.verdict.kind", Text, "of which kind";
    EVIDENCE      = "wiretale.verdict.evidence", Text, "evidence";
    CONFIDENCE    = "wiretale.verdict.confidence", Text, "confidence";
    OF            = "wiretale.verdict.of_packet", Number, "about packet";
}
