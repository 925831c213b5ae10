//! Which fields a message tells.

use super::super::field::{Field, fields};

fields! {
    REQUEST          = "http.request", Flag, "request";
    RESPONSE         = "http.response", Flag, "response";
    NOTIFICATION     = "http.notification", Flag, "notification";
    LEADING_CRLF     = "http.leading_crlf", Group, "empty line in front";
    METHOD           = "http.request.method", Text, "method";
    URI              = "http.request.uri", Text, "URI";
    PATH             = "http.request.uri.path", Text, "path";
    QUERY            = "http.request.uri.query", Text, "query";
    PARAMETER        = "http.request.uri.query.parameter", Text, "parameter";
    REQUEST_VERSION  = "http.request.version", Text, "version";
    FULL_URI         = "http.request.full_uri", Text, "full URI";
    RESPONSE_VERSION = "http.response.version", Text, "version";
    CODE             = "http.response.code", Number, "status code";
    CODE_DESC        = "http.response.code.desc", Text, "what the code means";
    PHRASE           = "http.response.phrase", Text, "reason phrase";
    REQUEST_LINE     = "http.request.line", Text, "header field";
    RESPONSE_LINE    = "http.response.line", Text, "header field";
    CONTENT_LENGTH   = "http.content_length", Number, "octets";
    COOKIE_PAIR      = "http.cookie_pair", Text, "cookie pair";
    AMBIGUOUS        = "http.ambiguous", Text, "read differently by different recipients";
    HEAD_END         = "http.head_end", Group, "end of head";
    FILE_DATA        = "http.file_data", Octets, "body";
    CHUNK_SIZE       = "http.chunk_size", Number, "chunk size";
    CHUNK_DATA       = "http.chunk_data", Octets, "chunk data";
    CHUNK_BOUNDARY   = "http.chunk_boundary", Octets, "chunk boundary";
    TRAILER          = "http.chunked_trailer_part", Text, "trailer";
    ACCEPT              = "http.accept", Text, "accept";
    ACCEPT_ENCODING     = "http.accept_encoding", Text, "accept encoding";
    ACCEPT_LANGUAGE     = "http.accept_language", Text, "accept language";
    AUTHORIZATION       = "http.authorization", Text, "authorization";
    CACHE_CONTROL       = "http.cache_control", Text, "cache control";
    CONNECTION          = "http.connection", Text, "connection";
    CONTENT_ENCODING    = "http.content_encoding", Text, "content encoding";
    CONTENT_LENGTH_LINE = "http.content_length_header", Text, "content length";
    CONTENT_TYPE        = "http.content_type", Text, "content type";
    COOKIE              = "http.cookie", Text, "cookie";
    DATE                = "http.date", Text, "date";
    HOST                = "http.host", Text, "host";
    HTTP2_SETTINGS      = "http.http2_settings", Text, "HTTP/2 settings";
    LAST_MODIFIED       = "http.last_modified", Text, "last modified";
    LOCATION            = "http.location", Text, "location";
    PROXY_AUTHENTICATE  = "http.proxy_authenticate", Text, "proxy authenticate";
    PROXY_AUTHORIZATION = "http.proxy_authorization", Text, "proxy authorization";
    REFERER             = "http.referer", Text, "referer";
    WEBSOCKET_ACCEPT    = "http.sec_websocket_accept", Text, "WebSocket accept";
    WEBSOCKET_EXTENSIONS = "http.sec_websocket_extensions", Text, "WebSocket extensions";
    WEBSOCKET_KEY       = "http.sec_websocket_key", Text, "WebSocket key";
    WEBSOCKET_PROTOCOL  = "http.sec_websocket_protocol", Text, "WebSocket protocol";
    WEBSOCKET_VERSION   = "http.sec_websocket_version", Text, "WebSocket version";
    SERVER              = "http.server", Text, "server";
    SET_COOKIE          = "http.set_cookie", Text, "set cookie";
    TRANSFER_ENCODING   = "http.transfer_encoding", Text, "transfer encoding";
    UPGRADE             = "http.upgrade", Text, "upgrade";
    USER_AGENT          = "http.user_agent", Text, "user agent";
    WWW_AUTHENTICATE    = "http.www_authenticate", Text, "WWW authenticate";
    X_FORWARDED_FOR     = "http.x_forwarded_for", Text, "forwarded for";
}

/// The field of a header field that has its own; the others are told as whole lines.
pub(super) fn named(name: &[u8]) -> Option<&'static Field> {
    let row = NAMED.iter().find(|(known, _)| name.eq_ignore_ascii_case(known.as_bytes()));
    row.map(|(_, field)| *field)
}

const NAMED: &[(&str, &Field)] = &[
    ("accept", &ACCEPT),
    ("accept-encoding", &ACCEPT_ENCODING),
    ("accept-language", &ACCEPT_LANGUAGE),
    ("authorization", &AUTHORIZATION),
    ("cache-control", &CACHE_CONTROL),
    ("connection", &CONNECTION),
    ("content-encoding", &CONTENT_ENCODING),
    ("content-length", &CONTENT_LENGTH_LINE),
    ("content-type", &CONTENT_TYPE),
    ("cookie", &COOKIE),
    ("date", &DATE),
    ("host", &HOST),
    ("http2-settings", &HTTP2_SETTINGS),
    ("last-modified", &LAST_MODIFIED),
    ("location", &LOCATION),
    ("proxy-authenticate", &PROXY_AUTHENTICATE),
    ("proxy-authorization", &PROXY_AUTHORIZATION),
    ("referer", &REFERER),
    ("sec-websocket-accept", &WEBSOCKET_ACCEPT),
    ("sec-websocket-extensions", &WEBSOCKET_EXTENSIONS),
    ("sec-websocket-key", &WEBSOCKET_KEY),
    ("sec-websocket-protocol", &WEBSOCKET_PROTOCOL),
    ("sec-websocket-version", &WEBSOCKET_VERSION),
    ("server", &SERVER),
    ("set-cookie", &SET_COOKIE),
    ("transfer-encoding", &TRANSFER_ENCODING),
    ("upgrade", &UPGRADE),
    ("user-agent", &USER_AGENT),
    ("www-authenticate", &WWW_AUTHENTICATE),
    ("x-forwarded-for", &X_FORWARDED_FOR),
];
