//! What is a header field about? (RFC 9110, and the IANA registry)

/// What is known of a field by its name.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct About {
    pub group: Group,
    /// A few words: what it tells.
    pub words: &'static str,
}

/// Whom or what a field speaks of; in the words of RFC 2616, where representation was called entity.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Group {
    /// The message and the connection, in both directions.
    General,
    /// Who asks, and what would be welcome.
    Request,
    /// Who answers, and what is to be done with it.
    Response,
    /// What is sent: its type, language, coding, length and age.
    Representation,
}

impl Group {
    pub fn words(self) -> &'static str {
        match self {
            Self::General => "general",
            Self::Request => "request",
            Self::Response => "response",
            Self::Representation => "representation",
        }
    }
}

impl About {
    /// `None` if the field is not known here. The case of letters does not matter.
    pub fn of(name: &[u8]) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let at = KNOWN.binary_search_by(|(known, ..)| known.as_bytes().cmp(&name)).ok()?;
        let (_, group, words) = KNOWN[at];
        Some(Self { group, words })
    }
}

use Group::{General, Representation, Request, Response};

#[rustfmt::skip]
const KNOWN: [(&str, Group, &str); 98] = [
    ("accept", Request, "the media types that are welcome"),
    ("accept-charset", Request, "the character sets that are welcome"),
    ("accept-encoding", Request, "the codings that can be undone"),
    ("accept-language", Request, "the languages that are welcome"),
    ("accept-ranges", Response, "whether parts may be asked for"),
    ("access-control-allow-credentials", Response, "whether other sites' scripts may send cookies"),
    ("access-control-allow-headers", Response, "the fields that other sites' scripts may send"),
    ("access-control-allow-methods", Response, "the methods that other sites' scripts may use"),
    ("access-control-allow-origin", Response, "the sites whose scripts may read it"),
    ("access-control-expose-headers", Response, "the fields that other sites' scripts may read"),
    ("access-control-max-age", Response, "how long that permission may be kept, in seconds"),
    ("access-control-request-headers", Request, "the fields that a script wants to send"),
    ("access-control-request-method", Request, "the method that a script wants to use"),
    ("age", Response, "how long it has been in a cache, in seconds"),
    ("allow", Response, "the methods that work here"),
    ("alt-svc", Response, "where the same is to be had by another protocol"),
    ("authentication-info", Response, "what follows a successful login"),
    ("authorization", Request, "who asks, and the proof of it"),
    ("cache-control", General, "who may keep it, and for how long"),
    ("clear-site-data", Response, "what the browser is to forget of this site"),
    ("connection", General, "what holds for this connection only, such as whether it stays"),
    ("content-disposition", Representation, "whether it is to be shown or saved, and its file name"),
    ("content-encoding", Representation, "the codings to be undone, the last one first"),
    ("content-language", Representation, "for readers of which language"),
    ("content-length", Representation, "the length of the body in octets"),
    ("content-location", Representation, "where just this is to be had"),
    ("content-range", Representation, "which part of the whole it is"),
    ("content-security-policy", Response, "from where the page may load and run what"),
    ("content-security-policy-report-only", Response, "what would be refused, if the policy were in force"),
    ("content-type", Representation, "the media type and the character set"),
    ("cookie", Request, "what the server had the client remember"),
    ("cross-origin-embedder-policy", Response, "whether the page embeds only what agrees to it"),
    ("cross-origin-opener-policy", Response, "whether it shares a window with pages that open it"),
    ("cross-origin-resource-policy", Response, "which sites may embed it"),
    ("date", General, "when the message was made, by the sender's clock"),
    ("digest", Representation, "a hash of it, in the old form"),
    ("dnt", Request, "that the user does not want to be followed"),
    ("early-data", Request, "that the request came with the first flight of TLS"),
    ("etag", Representation, "a mark of this version, to ask for changes by"),
    ("expect", Request, "what the server is to confirm before the body is sent"),
    ("expires", Representation, "until when it may be taken for fresh"),
    ("forwarded", Request, "for whom a proxy asks"),
    ("from", Request, "the mail address of who asks"),
    ("host", Request, "which of the server's hosts is meant"),
    ("if-match", Request, "only if it is still this version"),
    ("if-modified-since", Request, "only if it has changed since"),
    ("if-none-match", Request, "only if it is another version by now"),
    ("if-range", Request, "a part only if nothing has changed, else the whole"),
    ("if-unmodified-since", Request, "only if it has not changed since"),
    ("keep-alive", General, "how long an idle connection stays, and for how many requests"),
    ("last-modified", Representation, "when it was changed last"),
    ("link", Representation, "what it is related to, such as what to load early"),
    ("location", Response, "where to go on, or where the new thing is"),
    ("max-forwards", Request, "how many proxies it may pass"),
    ("nel", Response, "whether failures of the network are to be reported"),
    ("origin", Request, "the site whose page asks"),
    ("permissions-policy", Response, "which abilities of the browser the page may use"),
    ("pragma", General, "not to be taken from a cache, in the words of HTTP/1.0"),
    ("priority", General, "how urgent it is"),
    ("proxy-authenticate", Response, "how to log in to the proxy"),
    ("proxy-authorization", Request, "who asks the proxy, and the proof of it"),
    ("proxy-connection", Request, "a mistake for Connection, from old browsers"),
    ("range", Request, "which part is wanted"),
    ("referer", Request, "the page that led here"),
    ("referrer-policy", Response, "how much of its address the page tells others"),
    ("refresh", Response, "in how many seconds another page is to be loaded"),
    ("report-to", Response, "where the browser is to send its reports"),
    ("reporting-endpoints", Response, "where the browser is to send its reports"),
    ("retry-after", Response, "how long to wait before the next try"),
    ("sec-fetch-dest", Request, "what it is wanted for"),
    ("sec-fetch-mode", Request, "in which manner a page asks"),
    ("sec-fetch-site", Request, "whether the same site asks"),
    ("sec-websocket-accept", Response, "the proof that WebSocket is understood"),
    ("sec-websocket-key", Request, "what the proof is made of"),
    ("server", Response, "which program answers"),
    ("server-timing", Response, "how long the server took for what, by its own account"),
    ("set-cookie", Response, "what the client is to remember and send back"),
    ("sourcemap", Representation, "where the source of a script is"),
    ("strict-transport-security", Response, "that this host is to be asked by https only, and for how long"),
    ("te", Request, "the transfer codings and trailers that are welcome"),
    ("timing-allow-origin", Response, "the sites whose scripts may see how long it took"),
    ("trailer", General, "the fields that come behind the last chunk"),
    ("transfer-encoding", General, "how the body is wrapped up for this connection"),
    ("upgrade", General, "to which protocol the connection may go over"),
    ("upgrade-insecure-requests", Request, "that https is preferred"),
    ("user-agent", Request, "which program asks"),
    ("vary", Response, "which fields of the request the answer depends on"),
    ("via", General, "the proxies it came through"),
    ("want-digest", Request, "which hashes are welcome"),
    ("warning", General, "what a cache has to object to; given up"),
    ("www-authenticate", Response, "how to log in"),
    ("x-cache", Response, "whether a cache had it, by its own account"),
    ("x-content-type-options", Response, "whether the browser may guess another type"),
    ("x-forwarded-for", Request, "for whom a proxy asks"),
    ("x-forwarded-proto", Request, "by which scheme the proxy was asked"),
    ("x-frame-options", Response, "which pages may show it in a frame"),
    ("x-powered-by", Response, "which program made the page"),
    ("x-xss-protection", Response, "a switch of old browsers; given up"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_is_found_whatever_its_case() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (name, group, words) in KNOWN {
            let about = About::of(name.to_ascii_uppercase().as_bytes());
            assert_eq!(about, Some(About { group, words }));
        }
        assert_eq!(About::of(b"X-Unheard-Of"), None);
    }
}
