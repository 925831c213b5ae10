//! Which fields a frame tells.

use super::super::field::{Field, Listener, Value, fields};
use super::frame::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, Frame, GOAWAY, HEADER, HEADERS, PADDED, PING,
    PRIORITISED, PRIORITY, PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, error,
};

fields! {
    MAGIC        = "http2.magic", Text, "preface";
    STREAM       = "http2.stream", Group, "frame";
    LENGTH       = "http2.length", Number, "length";
    TYPE         = "http2.type", Number, "type";
    FLAGS        = "http2.flags", Hex(2), "flags";
    END_OF_STREAM  = "http2.flags.end_stream", Flag, "end of stream";
    END_OF_HEADERS = "http2.flags.eh", Flag, "end of headers";
    IS_PADDED    = "http2.flags.padded", Flag, "padded";
    HAS_PRIORITY = "http2.flags.priority", Flag, "priority";
    SETTINGS_ACK = "http2.flags.ack.settings", Flag, "acknowledgment";
    PING_ACK     = "http2.flags.ack.ping", Flag, "acknowledgment";
    RESERVED     = "http2.r", Hex(1), "reserved";
    STREAM_ID    = "http2.streamid", Number, "stream";
    CONTENT      = "http2.unknown", Octets, "content";
    DATA_OCTETS  = "http2.data.data", Octets, "data";
    BLOCK        = "http2.headers", Octets, "header block, compressed";
    SETTING      = "http2.settings", Group, "setting";
    SETTING_ID   = "http2.settings.id", Number, "identifier";
    TABLE_SIZE   = "http2.settings.header_table_size", Number, "header table size";
    ENABLE_PUSH  = "http2.settings.enable_push", Number, "push allowed";
    MAX_STREAMS  = "http2.settings.max_concurrent_streams", Number, "streams at once";
    WINDOW       = "http2.settings.initial_window_size", Number, "initial window";
    MAX_FRAME    = "http2.settings.max_frame_size", Number, "longest frame";
    MAX_LIST     = "http2.settings.max_header_list_size", Number, "longest header list";
    EXTENDED_CONNECT = "http2.settings.extended_connect", Number, "extended CONNECT";
    UNKNOWN_SETTING  = "http2.settings.unknown", Number, "value";
    RST_ERROR    = "http2.rst_stream.error", Number, "error";
    PING_OCTETS  = "http2.ping", Octets, "ping";
    PONG_OCTETS  = "http2.pong", Octets, "pong";
    LAST_STREAM  = "http2.goaway.last_stream_id", Number, "last stream";
    GOAWAY_ERROR = "http2.goaway.error", Number, "error";
    GOAWAY_MORE  = "http2.goaway.addata", Octets, "debug data";
    INCREMENT    = "http2.window_update.window_size_increment", Number, "increment";
    PROMISED     = "http2.push_promise.promised_stream_id", Number, "promised stream";
    EXCLUSIVE    = "http2.exclusive", Flag, "exclusive";
    DEPENDENCY   = "http2.stream_dependency", Number, "depends on stream";
}

/// Tells a frame that is all there and begins at `at`.
pub(super) fn frame(frame: &Frame<'_>, at: usize, listener: &mut dyn Listener) {
    let content = at + HEADER;
    let end = content + frame.len();
    listener.open(&STREAM, at..end, Value::Words(frame.word()));
    listener.field(&LENGTH, at..at + 3, Value::Number(frame.len() as u64));
    listener.field(&TYPE, at + 3..at + 4, Value::Named(frame.kind().into(), frame.word()));
    listener.open(&FLAGS, at + 4..at + 5, Value::Number(frame.flags().into()));
    for (_, field, flag) in KNOWN.into_iter().filter(|(kind, ..)| *kind == frame.kind()) {
        listener.field(field, at + 4..at + 5, Value::Flag(frame.has(flag)));
    }
    listener.close();
    let reserved = u64::from(frame.is_reserved_set());
    listener.field(&RESERVED, at + 5..at + 6, Value::Number(reserved));
    listener.field(&STREAM_ID, at + 5..content, Value::Number(frame.stream().into()));
    if frame.len() > 0 {
        inside(frame, content, end, listener);
    }
    listener.close();
}

fn inside(frame: &Frame<'_>, at: usize, end: usize, listener: &mut dyn Listener) {
    let whole = Value::Octets(frame.content);
    let number = |at| frame.word_at(at).unwrap_or_default();
    let stream = |at| Value::Number((number(at) & 0x7fff_ffff).into());
    let named = |at| Value::Named(number(at).into(), error(number(at)));
    match frame.kind() {
        DATA if !frame.has(PADDED) => listener.field(&DATA_OCTETS, at..end, whole),
        HEADERS if !frame.has(PADDED | PRIORITISED) => listener.field(&BLOCK, at..end, whole),
        CONTINUATION => listener.field(&BLOCK, at..end, whole),
        SETTINGS => {
            for (index, (id, value)) in frame.settings().enumerate() {
                setting(id, value, at + index * 6, listener);
            }
        }
        RST_STREAM => listener.field(&RST_ERROR, at..end, named(0)),
        PING if frame.has(ACK) => listener.field(&PONG_OCTETS, at..end, whole),
        PING => listener.field(&PING_OCTETS, at..end, whole),
        GOAWAY => {
            listener.field(&LAST_STREAM, at..at + 4, stream(0));
            listener.field(&GOAWAY_ERROR, at + 4..at + 8, named(4));
            if frame.len() > 8 {
                listener.field(&GOAWAY_MORE, at + 8..end, Value::Octets(&frame.content[8..]));
            }
        }
        WINDOW_UPDATE => listener.field(&INCREMENT, at..end, stream(0)),
        PRIORITY => {
            listener.field(&EXCLUSIVE, at..at + 4, Value::Flag(number(0) >> 31 != 0));
            listener.field(&DEPENDENCY, at..at + 4, stream(0));
        }
        PUSH_PROMISE if !frame.has(PADDED) => {
            listener.field(&PROMISED, at..at + 4, stream(0));
            listener.field(&BLOCK, at + 4..end, Value::Octets(&frame.content[4..]));
        }
        _ => listener.field(&CONTENT, at..end, whole),
    }
}

/// The flags that each type knows (RFC 9113 §6).
const KNOWN: [(u8, &Field, u8); 11] = [
    (DATA, &END_OF_STREAM, END_STREAM),
    (DATA, &IS_PADDED, PADDED),
    (HEADERS, &END_OF_STREAM, END_STREAM),
    (HEADERS, &END_OF_HEADERS, END_HEADERS),
    (HEADERS, &IS_PADDED, PADDED),
    (HEADERS, &HAS_PRIORITY, PRIORITISED),
    (SETTINGS, &SETTINGS_ACK, ACK),
    (PING, &PING_ACK, ACK),
    (PUSH_PROMISE, &END_OF_HEADERS, END_HEADERS),
    (PUSH_PROMISE, &IS_PADDED, PADDED),
    (CONTINUATION, &END_OF_HEADERS, END_HEADERS),
];

fn setting(id: u16, value: u32, at: usize, listener: &mut dyn Listener) {
    // RFC 9113 §6.5.2; RFC 8441 §3 adds 8.
    let (field, word) = match id {
        1 => (&TABLE_SIZE, "HEADER_TABLE_SIZE"),
        2 => (&ENABLE_PUSH, "ENABLE_PUSH"),
        3 => (&MAX_STREAMS, "MAX_CONCURRENT_STREAMS"),
        4 => (&WINDOW, "INITIAL_WINDOW_SIZE"),
        5 => (&MAX_FRAME, "MAX_FRAME_SIZE"),
        6 => (&MAX_LIST, "MAX_HEADER_LIST_SIZE"),
        8 => (&EXTENDED_CONNECT, "ENABLE_CONNECT_PROTOCOL"),
        _ => (&UNKNOWN_SETTING, "unknown"),
    };
    listener.open(&SETTING, at..at + 6, Value::Nothing);
    listener.field(&SETTING_ID, at..at + 2, Value::Named(id.into(), word));
    listener.field(field, at + 2..at + 6, Value::Number(value.into()));
    listener.close();
}
