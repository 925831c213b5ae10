//! PPP over Ethernet (RFC 2516 §4): finding an access concentrator, and the session with it.
//!
//! ```text
//! |Version|  Type |      Code     |            Session            |   0
//! |            Length             |                                   4
//! ```

use super::field::{Field, Listener, Value, fields};
use super::{Hint, Name, View};
use crate::ink::Ink;
use crate::octets::{Octets, Reader, Why, be16};

#[derive(Clone, Copy, Debug)]
pub struct Pppoe<'a> {
    header: &'a [u8; 6],
    /// Whole tags only.
    tags: &'a [u8],
    is_cut: bool,
}

fields! {
    VERSION       = "pppoe.version", Number, "version";
    TYPE          = "pppoe.type", Number, "type";
    CODE          = "pppoe.code", Hex(2), "code";
    SESSION       = "pppoe.session_id", Hex(4), "session";
    LEN           = "pppoe.payload_length", Number, "length";
    TAG           = "pppoed.tag", Hex(4), "tag";
    TAG_LEN       = "pppoed.tag_length", Number, "length";
    SERVICE       = "pppoed.tags.service_name", Text, "service";
    CONCENTRATOR  = "pppoed.tags.ac_name", Text, "access concentrator";
    HOST          = "pppoed.tags.host_uniq", Octets, "host's mark";
    COOKIE        = "pppoed.tags.ac_cookie", Octets, "cookie";
    VENDOR        = "pppoed.tags.vendor_unspecified", Octets, "vendor's information";
    RELAY_SESSION = "pppoed.tags.relay_session_id", Octets, "relay's session";
    MAX_PAYLOAD   = "pppoed.tags.max_payload", Octets, "largest payload";
    SERVICE_ERROR = "pppoed.tags.service_name_error", Text, "service refused";
    SYSTEM_ERROR  = "pppoed.tags.ac_system_error", Text, "concentrator's error";
    ERROR         = "pppoed.tags.generic_error", Text, "error";
    UNKNOWN       = "pppoed.tag.unknown_data", Octets, "content";
}

/// One tag, and where it lies in the frame.
struct Tag<'a> {
    kind: u16,
    at: usize,
    content: &'a [u8],
}

impl<'a> Pppoe<'a> {
    pub fn session(self) -> u16 {
        be16(self.header, 2)
    }

    /// 0 in a session; otherwise which step of the discovery it is.
    pub fn code(self) -> u8 {
        self.header[1]
    }

    fn tags(self) -> impl Iterator<Item = Tag<'a>> {
        let mut reader = Reader::new(self.tags);
        std::iter::from_fn(move || {
            let at = 6 + reader.at();
            let (kind, len) = (reader.be16()?, reader.be16()?);
            // RFC 2516 §4: nothing behind the end counts.
            let content = reader.take(len.into()).filter(|_| kind != 0)?;
            Some(Tag { kind, at, content })
        })
    }
}

impl<'a> View<'a> for Pppoe<'a> {
    const NAMES: &'static [Name] = &[
        Name { key: "pppoes", words: "PPPoE" },
        Name { key: "pppoed", words: "PPPoE discovery" },
    ];
    const FIELDS: &'static [&'static Field] = FIELDS;

    fn read(hint: Hint, octets: Octets<'a>) -> Result<(Self, Hint, Octets<'a>), Why> {
        let (header, rest) = octets.header::<6>()?;
        let payload = rest.limit(be16(header, 4).into());
        let mut pppoe = Self { header, tags: &[], is_cut: false };
        // RFC 2516 §5.1 to §6: discovery has other codes than 0.
        if hint == Hint::Ether(0x8864) || header[1] == 0 {
            return Ok((pppoe, Hint::Is("ppp"), payload));
        }
        pppoe.is_cut = payload.is_cut();
        let len = if pppoe.is_cut { whole_tags(payload.kept()) } else { payload.len() };
        let (tags, rest) = payload.split(len)?;
        pppoe.tags = tags;
        Ok((pppoe, Hint::End, rest))
    }

    fn name(&self) -> Name {
        Self::NAMES[usize::from(self.code() != 0)]
    }

    fn line(&self, ink: &mut Ink) {
        if self.code() == 0 {
            ink.text("session 0x").hex(self.session().into(), 4);
            return;
        }
        match code_name(self.code()) {
            Some(name) => ink.text(name),
            None => ink.text("code 0x").hex(self.code().into(), 2),
        };
        if self.session() != 0 {
            ink.text(" session 0x").hex(self.session().into(), 4);
        }
        for tag in self.tags() {
            let (field, value) = tag_content(&tag);
            if let Value::Text(text) = value {
                ink.text(" ").text(field.words).text(" ");
                if text.is_empty() { ink.text("any") } else { ink.clipped(text, 40) };
            }
        }
        if self.is_cut {
            ink.ellipsis();
        }
    }

    fn fields(&self, listener: &mut dyn Listener) {
        let code = match (self.code(), code_name(self.code())) {
            (code, Some(name)) => Value::Named(code.into(), name),
            (code, None) => Value::Number(code.into()),
        };
        listener.field(&VERSION, 0..0, Value::Number((self.header[0] >> 4).into()));
        listener.field(&TYPE, 0..1, Value::Number((self.header[0] & 15).into()));
        listener.field(&CODE, 1..2, code);
        listener.field(&SESSION, 2..4, Value::Number(self.session().into()));
        listener.field(&LEN, 4..6, Value::Number(be16(self.header, 4).into()));
        let mut end = 6;
        for tag in self.tags() {
            let from = tag.at;
            end = from + 4 + tag.content.len();
            let (field, value) = tag_content(&tag);
            let known = field.name != UNKNOWN.name;
            let number = tag.kind.into();
            let kind =
                if known { Value::Named(number, field.words) } else { Value::Number(number) };
            listener.open(&TAG, from..end, kind);
            listener.field(&TAG_LEN, from + 2..from + 4, Value::Number(tag.content.len() as u64));
            if !tag.content.is_empty() {
                listener.field(field, from + 4..end, value);
            }
            listener.close();
        }
        let rest = &self.tags[end - 6..];
        if !rest.is_empty() {
            listener.field(&UNKNOWN, end..end + rest.len(), Value::Octets(rest));
        }
    }
}

/// RFC 2516 appendix A, and RFC 4638 for the largest payload.
fn tag_content<'a>(tag: &Tag<'a>) -> (&'static Field, Value<'a>) {
    match tag.kind {
        0x0101 => (&SERVICE, Value::Text(tag.content)),
        0x0102 => (&CONCENTRATOR, Value::Text(tag.content)),
        0x0103 => (&HOST, Value::Octets(tag.content)),
        0x0104 => (&COOKIE, Value::Octets(tag.content)),
        0x0105 => (&VENDOR, Value::Octets(tag.content)),
        0x0110 => (&RELAY_SESSION, Value::Octets(tag.content)),
        0x0120 => (&MAX_PAYLOAD, Value::Octets(tag.content)),
        0x0201 => (&SERVICE_ERROR, Value::Text(tag.content)),
        0x0202 => (&SYSTEM_ERROR, Value::Text(tag.content)),
        0x0203 => (&ERROR, Value::Text(tag.content)),
        _ => (&UNKNOWN, Value::Octets(tag.content)),
    }
}

/// How many of the octets that a capture kept make whole tags, up to the end of the list.
fn whole_tags(kept: &[u8]) -> usize {
    let mut reader = Reader::new(kept);
    let mut whole = 0;
    while let (Some(1..), Some(len)) = (reader.be16(), reader.be16()) {
        if reader.take(len.into()).is_none() {
            break;
        }
        whole = reader.at();
    }
    whole
}

fn code_name(code: u8) -> Option<&'static str> {
    Some(match code {
        0x00 => "session",
        0x07 => "PADO",
        0x09 => "PADI",
        0x0a => "PADG",
        0x0b => "PADC",
        0x0c => "PADQ",
        0x19 => "PADR",
        0x65 => "PADS",
        0xa7 => "PADT",
        0xd3 => "PADM",
        0xd4 => "PADN",
        _ => return None,
    })
}
