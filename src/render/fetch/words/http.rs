//! What was asked of the server, and what did it answer?

use std::fmt::Write as _;
use std::ops::Range;
use std::time::Duration;

use super::{count, duration, many, millis};
use crate::ink::safe;
use crate::render::fetch::Secrets;
use crate::render::fetch::entry::{Entry, Kind, Part, Place};
use crate::timeline::fetch::Step;
use crate::timeline::http::{
    About, Body, Chunks, Coding, Field, Framing, Page, Persistence, Redirect, Request, Response,
    Status, is_followed,
};

/// Header fields told of one message; of more the number is told.
const FIELDS: usize = 64;

/// A value is told as far as this.
const VALUE: usize = 400;

fn place(step: &Step) -> Place {
    Place { part: Part::Request, transfer: step.transfer, socket: step.socket }
}

/// `GET /img/4.png`.
pub(in crate::render::fetch) fn asks(request: &Request) -> String {
    format!("{} {}", request.method, request.target)
}

/// A request that was sent.
pub(in crate::render::fetch) fn request(
    step: &Step,
    request: &Request,
    octets: &Range<u64>,
    secrets: Secrets,
) -> Vec<Entry> {
    let entry = |level, kind| Entry::new(step.began, place(step), level, kind);
    let head = format!("{} {}", asks(request), request.version);
    let mut told = vec![entry(2, Kind::Head).text(head)];
    told.extend(fields(&request.fields, secrets, &entry(3, Kind::Fact)));
    let size = format!("{} of head", many(request.head, "octet", "octets"));
    let body =
        if request.body > 0 { format!(", {} of body", count(request.body)) } else { String::new() };
    let sent = octets.end - octets.start;
    let whole = request.head + request.body;
    if sent < whole {
        let text =
            format!("! of {} only {} were sent", many(whole, "octet", "octets"), count(sent));
        told.push(entry(2, Kind::Alarm).text(text));
    } else {
        told.push(entry(7, Kind::Fact).text(format!("{size}{body}")));
    }
    told
}

/// `HTTP/1.1 200 OK, text/html, 359 octets`.
pub(in crate::render::fetch) fn answers(response: &Response) -> String {
    let mut text = format!("{} {}", response.version, response.status);
    if !response.reason.is_empty() {
        _ = write!(text, " {}", clipped(&response.reason, 60));
    }
    if let Some(media) = response.field("content-type") {
        let media = media.value.split(|octet| *octet == b';').next().unwrap_or_default();
        _ = write!(text, ", {}", clipped(media.trim_ascii(), 60));
    }
    if let Framing::Length(length) = response.framing {
        _ = write!(text, ", {}", many(length, "octet", "octets"));
    }
    text
}

/// The head of an answer.
pub(in crate::render::fetch) fn response(
    step: &Step,
    response: &Response,
    after: Option<Duration>,
    secrets: Secrets,
) -> Vec<Entry> {
    let entry = |level, kind| Entry::new(step.ended, place(step), level, kind);
    let status = answers(response);
    let waited = after.map(|after| format!("  after {}", millis(after))).unwrap_or_default();
    let meaning = Status::of(response.status).words;
    // Where calls are told, the read that brought it says what it is.
    let mut told = vec![
        entry(2, Kind::Event).text(format!("<- {status}{waited}")).below(4),
        entry(2, Kind::Fact).text(format!("   {meaning}")).below(4),
        entry(4, Kind::Fact).text(format!("{}: {meaning}", response.status)),
    ];
    if let Some(location) = response.field("location").filter(|_| is_followed(response.status)) {
        let text = format!("   leads to {}", clipped(&location.value, VALUE));
        told.push(entry(2, Kind::Fact).text(text).below(3));
    }
    told.extend(fields(&response.fields, secrets, &entry(3, Kind::Fact)));
    let length = match response.framing {
        Framing::Length(length) => format!("{} octets, ", count(length)),
        _ => String::new(),
    };
    let (framing, rule) = (response.framing.words(), response.framing.rule());
    told.push(
        entry(5, Kind::Fact)
            .text(format!("framing    {length}{framing} (RFC 9112 6.3, rule {rule})")),
    );
    let persists = match response.persistence {
        Persistence::Persists(why) => format!("stays open: {why}"),
        Persistence::Closes(why) => format!("is closed: {why}"),
    };
    told.push(entry(5, Kind::Fact).text(format!("then       the connection {persists}")));
    if let Some(caching) = caching(response) {
        told.push(entry(4, Kind::Fact).text(format!("cache      {caching}")));
    }
    for flaw in &response.flaws {
        told.push(entry(4, Kind::Alarm).text(format!("! {flaw}")));
    }
    told
}

/// The body, as far as it came.
pub(in crate::render::fetch) fn body(
    step: &Step,
    body: &Body,
    octets: &Range<u64>,
    is_saved: bool,
) -> Vec<Entry> {
    let entry = |level, kind| Entry::new(step.ended, place(step), level, kind);
    let mut text = format!("body       {}", many(body.decoded, "octet", "octets"));
    if !body.codings.is_empty() {
        let names: Vec<&str> = body.codings.iter().map(|coding| coding.name.as_str()).collect();
        _ = write!(text, ", {} as they came ({})", count(body.raw), names.join(", "));
    }
    if let Some(chunks) = &body.chunks {
        _ = write!(text, ", in {}", many(chunks.count, "chunk", "chunks"));
    }
    text.push_str(if is_saved { ", handed on" } else { "" });
    if !body.is_complete {
        text.push_str(": cut short");
    }
    let mut told = vec![entry(3, Kind::Fact).text(text)];
    let mut fact = |level: u8, text: String| told.push(entry(level, Kind::Fact).text(text));
    for Coding { name, kept, behind } in &body.codings {
        if let Some(why) = kept {
            fact(4, format!("           {name} is not undone: {why}"));
        }
        if *behind > 0 {
            fact(
                4,
                format!(
                    "           {} behind the end of {name} are left out",
                    many(*behind, "octet", "octets")
                ),
            );
        }
    }
    if let Some(sha256) = &body.sha256 {
        let mut text = String::from("           SHA-256 ");
        for octet in sha256 {
            _ = write!(text, "{octet:02x}");
        }
        fact(6, text);
    }
    if body.framed != body.raw {
        let framed = count(body.framed);
        fact(
            6,
            format!(
                "           {framed} octets of the stream, {}..{}, with the framing",
                octets.start, octets.end
            ),
        );
    }
    if let Some(chunks) = &body.chunks {
        self::chunks(chunks, &mut fact);
    }
    for field in &body.trailers {
        fact(3, format!("           trailer {}", self::field(field, Secrets::Masked)));
    }
    told
}

fn chunks(chunks: &Chunks, fact: &mut impl FnMut(u8, String)) {
    if chunks.count > 1 {
        fact(
            6,
            format!(
                "           from {} to {} octets each",
                count(chunks.smallest),
                count(chunks.largest)
            ),
        );
    }
    for (at, chunk) in chunks.first.iter().enumerate() {
        let size = many(chunk.size, "octet", "octets");
        fact(7, format!("           chunk {} at {}: {size}", at + 1, count(chunk.at)));
    }
    if chunks.extensions > 0 {
        fact(6, format!("           {} with extensions, which nobody needs", chunks.extensions));
    }
}

/// Header fields, each on a line of its own; among everything with what they tell.
fn fields(fields: &[Field], secrets: Secrets, entry: &Entry) -> Vec<Entry> {
    let list = |level: u8, explain: fn(&Field) -> String| {
        let mut lines =
            fields.iter().take(FIELDS).map(|it| format!("{}{}", field(it, secrets), explain(it)));
        let first = lines.next()?;
        let mut told = Entry { levels: level..=7, ..entry.clone() }.text(format!("   {first}"));
        for line in lines {
            told = told.and(level, format!(" {line}"));
        }
        if fields.len() > FIELDS {
            told = told.and(level, format!(" and {} more fields", fields.len() - FIELDS));
        }
        Some(told)
    };
    let explained = |field: &Field| {
        About::of(&field.name).map(|about| format!("   ({})", about.words)).unwrap_or_default()
    };
    let plain = list(3, |_| String::new()).map(|told| told.below(7));
    plain.into_iter().chain(list(7, explained)).collect()
}

/// It goes on elsewhere.
pub(in crate::render::fetch) fn redirected(step: &Step, redirect: &Redirect) -> Vec<Entry> {
    let entry = |level, kind| Entry::new(step.ended, place(step), level, kind);
    let mut told = vec![entry(2, Kind::Fact).text(format!("goes on    at {}", redirect.to))];
    let (before, next) = &redirect.methods;
    if before != next {
        told.push(entry(2, Kind::Fact).text(format!("           {before} becomes {next}")));
    }
    if redirect.drops_body {
        told.push(entry(2, Kind::Fact).text("           the body is not sent again"));
    }
    if !redirect.is_first_origin {
        let text = "           to another server: it gets no password and no cookie";
        told.push(entry(4, Kind::Fact).text(text));
    }
    if redirect.is_downgrade {
        let text = "! from https to http: what follows can be read and changed on the way";
        told.push(entry(2, Kind::Alarm).text(text));
    }
    told
}

/// Things of one page told one by one.
const OBJECTS: usize = 100;

/// What a page embeds.
pub(in crate::render::fetch) fn objects(step: &Step, page: &Page) -> Vec<Entry> {
    let entry = |level, kind| Entry::new(step.ended, place(step), level, kind);
    let found = many(page.objects.len() as u64, "thing", "things");
    let mut told =
        entry(2, Kind::Fact).text(format!("embeds     {found} to be fetched with the page"));
    for object in page.objects.iter().take(OBJECTS) {
        let times = match object.mentions {
            0 | 1 => String::new(),
            times => format!(", named {times} times"),
        };
        let lazy = if object.is_lazy { ", lazy: a browser might wait" } else { "" };
        let kind = object.kind.words();
        told = told.and(2, format!("{} ({kind}; {}{times}{lazy})", object.url, object.place));
    }
    if page.objects.len() > OBJECTS {
        told = told.and(2, format!("and {} more", page.objects.len() - OBJECTS));
    }
    let mut all = vec![told];
    if page.skipped_count > 0 {
        let found = many(page.skipped_count, "thing is", "things are");
        let mut told = entry(2, Kind::Fact).text(format!("skipped    {found} not fetched"));
        for skipped in page.skipped.iter().take(OBJECTS) {
            let kind = skipped.kind.words();
            let text = format!("{} ({kind}; {}): {}", skipped.what, skipped.place, skipped.why);
            told = told.and(4, text);
        }
        all.push(told);
    }
    if let Some(base) = &page.base {
        all.push(entry(4, Kind::Fact).text(format!("base       {base}: links are relative to it")));
    }
    if page.is_cut {
        let text =
            format!("! only the first {} octets of the page were looked at", count(page.read));
        all.push(entry(2, Kind::Alarm).text(text));
    }
    all
}

fn field(field: &Field, secrets: Secrets) -> String {
    let value = match secrets {
        Secrets::Shown => &field.value,
        Secrets::Masked => field.shown(),
    };
    format!("{}: {}", clipped(&field.name, 60), clipped(value, VALUE))
}

fn clipped(octets: &[u8], most: usize) -> String {
    match octets.get(..most) {
        Some(clipped) if octets.len() > most => {
            format!("{}...(+{})", safe(clipped), octets.len() - most)
        }
        _ => safe(octets),
    }
}

/// How long it may be kept, in a few words.
fn caching(response: &Response) -> Option<String> {
    let directives: Vec<String> =
        response.list("cache-control").map(|it| clipped(it, 40).to_ascii_lowercase()).collect();
    let has = |name: &str| directives.iter().any(|it| it == name);
    let seconds = |name: &str| {
        let value = directives.iter().find_map(|it| it.strip_prefix(name)?.strip_prefix('='))?;
        value.trim_matches('"').parse::<u32>().ok()
    };
    let mut words = if has("no-store") {
        "nobody may keep it".to_owned()
    } else if has("no-cache") {
        "may be kept, but has to be asked for again each time".to_owned()
    } else if let Some(age) = seconds("max-age").or_else(|| seconds("s-maxage")) {
        format!("fresh for {}", duration(Duration::from_secs(age.into())))
    } else if let Some(expires) = response.field("expires") {
        format!("fresh until {}", clipped(&expires.value, 40))
    } else {
        String::new()
    };
    let mut add = |text: String| {
        words.push_str(if words.is_empty() { "" } else { ", " });
        words.push_str(&text);
    };
    if has("private") {
        add("by the reader only".to_owned());
    }
    if let Some(age) = response.field("age") {
        add(format!("from a cache, {} s old", clipped(&age.value, 20)));
    }
    if response.field("etag").is_some() || response.field("last-modified").is_some() {
        add("can be asked for again if changed".to_owned());
    }
    (!words.is_empty()).then_some(words)
}
