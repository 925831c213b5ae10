//! How does the page look, by day, by night and on paper?

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::digest::{SHA256, SHA256_OUTPUT_LEN, digest};

/// What a browser may do with the page: show it with this style, and nothing else.
pub(super) fn policy() -> String {
    // Four letters for three octets.
    let mut hash = [0; SHA256_OUTPUT_LEN.div_ceil(3) * 4];
    let used = STANDARD.encode_slice(digest(&SHA256, SHEET.as_bytes()), &mut hash).unwrap_or(0);
    let hash = String::from_utf8_lossy(&hash[..used]);
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
}

/// The only style there is. It names no place to get anything from.
pub(super) const SHEET: &str = include_str!("style.css");
