//! What does a status code say, and whose turn is it? (RFC 9110 §15, and the IANA registry)

/// What a status code means.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Status {
    /// The registered name; of a code that nobody has registered, that of its class.
    pub name: &'static str,
    /// One sentence without its full stop.
    pub words: &'static str,
    pub whose: Whose,
}

/// Who has to do something, so that it becomes better.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Whose {
    /// Nothing is wrong.
    Nobody,
    /// Who asks: with another request it may work.
    Client,
    /// Who runs the server.
    Server,
    /// Who runs another server, which this one asked.
    Behind,
}

/// The first digit of a status code.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Class {
    Informational,
    Successful,
    Redirection,
    ClientError,
    ServerError,
    /// 600 and above: there is no such class.
    Unknown,
}

impl Class {
    pub fn of(code: u16) -> Self {
        match code {
            100..200 => Self::Informational,
            200..300 => Self::Successful,
            300..400 => Self::Redirection,
            400..500 => Self::ClientError,
            500..600 => Self::ServerError,
            _ => Self::Unknown,
        }
    }

    pub fn words(self) -> &'static str {
        match self {
            Self::Informational => "for the time being: the answer itself is still to come",
            Self::Successful => "the request was understood, and done",
            Self::Redirection => "something more is to be done, mostly at another URL",
            Self::ClientError => "the server takes the request for wrong",
            Self::ServerError => "the server takes the request for right, but fails",
            Self::Unknown => "no class that the standard knows",
        }
    }
}

impl Status {
    /// What a code means; of one that nobody has registered, what its class does (RFC 9110 §15).
    pub fn of(code: u16) -> Self {
        if let Ok(at) = KNOWN.binary_search_by_key(&code, |(known, ..)| *known) {
            let (_, name, whose, words) = KNOWN[at];
            return Self { name, words, whose };
        }
        let class = Class::of(code);
        let (name, whose) = match class {
            Class::Informational => ("Informational", Nobody),
            Class::Successful => ("Successful", Nobody),
            Class::Redirection => ("Redirection", Client),
            Class::ClientError => ("Client Error", Client),
            Class::ServerError => ("Server Error", Server),
            Class::Unknown => ("Unknown", Server),
        };
        Self { name, words: class.words(), whose }
    }
}

/// Whether a code tells where to ask instead, so that whoever follows does so by itself.
pub fn is_followed(code: u16) -> bool {
    matches!(code, 301 | 302 | 303 | 307 | 308)
}

use Whose::{Behind, Client, Nobody, Server};

#[rustfmt::skip]
const KNOWN: [(u16, &str, Whose, &str); 62] = [
    (100, "Continue", Nobody, "the server has the head, and wants the body now"),
    (101, "Switching Protocols", Nobody, "from here on the connection speaks the protocol named in Upgrade"),
    (102, "Processing", Nobody, "the server is at work, and asks for patience"),
    (103, "Early Hints", Nobody, "the server is at work, and names what the page will need meanwhile"),
    (104, "Upload Resumption Supported", Nobody, "an upload that breaks off may be resumed"),
    (200, "OK", Nobody, "done: here it is"),
    (201, "Created", Nobody, "done: something new exists now, mostly at Location"),
    (202, "Accepted", Nobody, "the server has taken it on, but not done it yet"),
    (203, "Non-Authoritative Information", Nobody, "done, but something between here and the server has changed the answer"),
    (204, "No Content", Nobody, "done: there is nothing to be shown"),
    (205, "Reset Content", Nobody, "done: the form may be emptied"),
    (206, "Partial Content", Nobody, "here is the part that Range asked for"),
    (207, "Multi-Status", Nobody, "the body tells the status of several things (WebDAV)"),
    (208, "Already Reported", Nobody, "this was listed before in the same answer (WebDAV)"),
    (226, "IM Used", Nobody, "here is the difference to what was known"),
    (300, "Multiple Choices", Client, "there are several of them: somebody has to choose"),
    (301, "Moved Permanently", Client, "it has moved for good to Location: links should be changed"),
    (302, "Found", Client, "for now it is at Location: ask there, and here again next time"),
    (303, "See Other", Client, "the answer is at Location, to be fetched with GET"),
    (304, "Not Modified", Nobody, "what is known already is still right: nothing is sent again"),
    (305, "Use Proxy", Client, "a code given up for its dangers: nobody follows it"),
    (306, "(Unused)", Client, "a code given up: nobody follows it"),
    (307, "Temporary Redirect", Client, "for now it is at Location: ask there with the same method and body"),
    (308, "Permanent Redirect", Client, "it has moved for good to Location: ask there with the same method and body"),
    (400, "Bad Request", Client, "the server cannot make sense of the request"),
    (401, "Unauthorized", Client, "the server wants to know who asks: user and password, or a token, are missing or wrong"),
    (402, "Payment Required", Client, "the server wants to be paid, or a quota is used up"),
    (403, "Forbidden", Client, "the server understands, and refuses: who asks may not have it"),
    (404, "Not Found", Client, "the server has nothing at this path: it was misspelt, moved or removed"),
    (405, "Method Not Allowed", Client, "there is something, but not for this method: Allow lists those that work"),
    (406, "Not Acceptable", Client, "there is something, but in no form or language that Accept names"),
    (407, "Proxy Authentication Required", Client, "a proxy in between wants to know who asks"),
    (408, "Request Timeout", Client, "the server waited for the whole request, and gave up"),
    (409, "Conflict", Client, "it does not fit what is there by now: fetch that first"),
    (410, "Gone", Client, "it was here, and was removed for good"),
    (411, "Length Required", Client, "the server wants to know the length of the body beforehand"),
    (412, "Precondition Failed", Client, "a condition of the request, as If-Match, does not hold"),
    (413, "Content Too Large", Client, "the body is more than the server takes"),
    (414, "URI Too Long", Client, "the path and query are longer than the server takes"),
    (415, "Unsupported Media Type", Client, "the server does not take a body of this type or coding"),
    (416, "Range Not Satisfiable", Client, "the part that Range asks for lies beyond the end"),
    (417, "Expectation Failed", Client, "the server cannot do what Expect asks for"),
    (418, "(Unused)", Client, "a joke of RFC 2324, which some servers send to robots"),
    (421, "Misdirected Request", Client, "the server does not speak for this host on this connection"),
    (422, "Unprocessable Content", Client, "the body is well formed, but what it says makes no sense to the server"),
    (423, "Locked", Client, "somebody else has locked it (WebDAV)"),
    (424, "Failed Dependency", Client, "something that it depends on has failed (WebDAV)"),
    (425, "Too Early", Client, "the server does not trust early data, which may be a replay: ask again"),
    (426, "Upgrade Required", Client, "the server wants the protocol named in Upgrade"),
    (428, "Precondition Required", Client, "the server wants a condition, as If-Match, so that no change is lost"),
    (429, "Too Many Requests", Client, "who asks has asked too often: Retry-After tells how long to wait"),
    (431, "Request Header Fields Too Large", Client, "the header fields are more than the server takes; often it is the cookies"),
    (451, "Unavailable For Legal Reasons", Client, "somebody has had it blocked by law"),
    (500, "Internal Server Error", Server, "a program on the server has failed: its log says why"),
    (501, "Not Implemented", Server, "the server does not know this method at all"),
    (502, "Bad Gateway", Behind, "the server asked another one behind it, and got nothing of use"),
    (503, "Service Unavailable", Server, "the server is overloaded or being worked on: try again later, after Retry-After if it is told"),
    (504, "Gateway Timeout", Behind, "the server asked another one behind it, and got no answer in time"),
    (505, "HTTP Version Not Supported", Server, "the server does not speak this version of HTTP"),
    (507, "Insufficient Storage", Server, "the server has no room left (WebDAV)"),
    (508, "Loop Detected", Server, "the server went in a circle (WebDAV)"),
    (511, "Network Authentication Required", Client, "the network wants a login first, as in hotels: this is not the server's answer"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_registered_code_has_a_sentence_of_its_own() {
        assert!(KNOWN.windows(2).all(|pair| pair[0].0 < pair[1].0));
        for (at, (code, name, _, words)) in KNOWN.iter().enumerate() {
            assert!(KNOWN[..at].iter().all(|(.., other)| other != words), "{code}");
            assert!(!words.ends_with('.') && words.is_ascii() && name.is_ascii(), "{code}");
        }
        assert_eq!((Status::of(404).name, Status::of(404).whose), ("Not Found", Client));
        assert_eq!((Status::of(502).whose, Status::of(503).whose), (Behind, Server));
    }

    #[test]
    fn what_is_not_registered_means_what_its_class_does() {
        assert_eq!((Status::of(499).whose, Status::of(499).name), (Client, "Client Error"));
        assert_eq!(Status::of(599).words, Class::ServerError.words());
        assert_eq!(Class::of(999), Class::Unknown);
    }
}
