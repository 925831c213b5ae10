//! What does a page embed, so that a browser would fetch it, too?
//!
//! The page is cut into tags as browsers with scripts do it; comments, and what stands in `script`,
//! `style` and `noscript`, are not looked into. What style sheets and scripts load by themselves is not known here. Of a picture
//! that is offered in several forms or sizes, one is taken: the first form that browsers know, in
//! the size for a window [`WIDTH`] wide on a plain screen.

use std::collections::HashMap;
use std::convert::Infallible;

use html5gum::emitters::callback::{Callback, CallbackEmitter, CallbackEvent};
use html5gum::{Span, Tokenizer};

use super::http::text;
use super::url::Url;
use crate::ink;
use crate::timeline::http::{Embeds, Object, Page, Place, Reason, Response, Skipped};

mod element;
mod source_set;

use element::{Element, Values};

/// Which of the embedded things are wanted.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Wanted {
    pub sites: Sites,
    /// How many at most.
    pub most: usize,
}

impl Default for Wanted {
    fn default() -> Self {
        Self { sites: Sites::SameSite, most: 64 }
    }
}

/// From where things may come.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Sites {
    /// The same scheme, host and port.
    SameOrigin,
    /// The same host, one below it, or above it; a `www.` in front does not count.
    SameSite,
    Any,
}

/// Whether an answer is a page that can be looked through.
pub fn is_page(response: &Response) -> bool {
    let media = response.list("content-type").next().unwrap_or_default();
    let media = media.split(|octet| *octet == b';').next().unwrap_or_default().trim_ascii();
    [&b"text/html"[..], b"application/xhtml+xml"]
        .iter()
        .any(|page| media.eq_ignore_ascii_case(page))
}

/// Looks through a page, which came from `url`; the URLs are those of [`Page::objects`], in their order.
pub fn find(page: &[u8], url: &Url, wanted: Wanted) -> (Page, Vec<Url>) {
    let seen = page.get(..LONGEST).unwrap_or(page);
    let mut search = Search::new(seen, url, wanted);
    search.found.is_cut = seen.len() < page.len();
    let mut emitter = CallbackEmitter::<_, Infallible, usize>::new(&mut search);
    emitter.naively_switch_states(true);
    let Ok(()) = Tokenizer::new_with_emitter(seen, emitter).finish();
    (search.found, search.urls)
}

/// The width of the window that sizes are chosen for.
const WIDTH: u32 = 1280;
/// What of a page lies beyond is not looked at.
const LONGEST: usize = 8 * 1024 * 1024;
/// More URLs are not read; nobody needs so many.
const MENTIONS: u32 = 10_000;
/// Longer values are no URLs that anybody answers.
const VALUE: usize = 64 * 1024;

struct Search<'a> {
    page: &'a [u8],
    url: &'a Url,
    base: Url,
    wanted: Wanted,
    found: Page,
    urls: Vec<Url>,
    /// Where in `urls` something stands.
    known: HashMap<String, usize>,
    mentions: u32,
    /// The element whose start tag is being read, with the attribute at hand.
    element: Option<Element>,
    attribute: Option<&'static str>,
    values: Values,
    /// Where that tag begins.
    at: usize,
    /// Lines up to some place in the page.
    lines: (usize, u64),
    open: Open,
}

/// Elements around the one at hand.
#[derive(Clone, Copy, Debug, Default)]
struct Open {
    template: u32,
    /// Within a `picture`: whether one of its forms was taken.
    picture: Option<Taken>,
    /// Within `video` or `audio`.
    media: Option<Taken>,
    /// Whether an icon was taken.
    has_icon: bool,
}

#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Taken {
    Nothing,
    Something,
    /// Nothing is, until somebody presses a button.
    Later,
}

impl<'a> Search<'a> {
    fn new(page: &'a [u8], url: &'a Url, wanted: Wanted) -> Self {
        Self {
            page,
            url,
            base: url.clone(),
            wanted,
            found: Page { read: page.len() as u64, ..Page::default() },
            urls: Vec::new(),
            known: HashMap::new(),
            mentions: 0,
            element: None,
            attribute: None,
            values: Values::default(),
            at: 0,
            lines: (0, 1),
            open: Open::default(),
        }
    }

    fn place(&mut self, tag: &'static str, attribute: &'static str) -> Place {
        let (counted, line) = self.lines;
        let at = self.at.min(self.page.len());
        let new = self.page.get(counted..at).unwrap_or_default();
        let line = line + memchr::memchr_iter(b'\n', new).count() as u64;
        self.lines = (at.max(counted), line);
        Place { tag, attribute, line, at: at as u64 }
    }

    fn skip(&mut self, what: &[u8], kind: Embeds, place: Place, why: Reason) {
        /// So many octets are enough to see what it is.
        const SHOWN: usize = 80;
        self.found.skipped_count += 1;
        if self.found.skipped.len() < Page::LISTED {
            let what = ink::safe(what.get(..SHOWN).unwrap_or(what));
            self.found.skipped.push(Skipped { what, kind, place, why });
        }
    }

    /// Takes what an attribute names, if nothing speaks against it.
    fn take(
        &mut self,
        kind: Embeds,
        attribute: &'static str,
        value: &[u8],
        speaks_against: Option<Reason>,
    ) {
        // https://url.spec.whatwg.org/#concept-basic-url-parser: line ends and tabs do not count.
        let value: Vec<u8> =
            value.trim_ascii().iter().copied().filter(|octet| !b"\t\r\n".contains(octet)).collect();
        let Some(tag) = self.element.map(Element::name).filter(|_| !value.is_empty()) else {
            return;
        };
        let place = self.place(tag, attribute);
        self.mentions += 1;
        let around = (self.open.template > 0).then_some(Reason::Template);
        let resolved = match around.or(speaks_against) {
            Some(why) => Err(why),
            None => self.resolve(&value),
        };
        match resolved {
            Ok(url) => self.add(url, &value, kind, place),
            Err(why) => self.skip(&value, kind, place, why),
        }
    }

    fn add(&mut self, url: Url, value: &[u8], kind: Embeds, place: Place) {
        let key = url.to_string();
        if let Some(known) = self.known.get(&key) {
            self.found.objects[*known].mentions += 1;
        } else if self.urls.len() >= self.wanted.most {
            self.skip(value, kind, place, Reason::Limit(self.wanted.most));
        } else {
            let is_lazy = self.values.is("loading", "lazy");
            let shown = ink::safe(key.as_bytes());
            self.found.objects.push(Object { url: shown, kind, place, mentions: 1, is_lazy });
            self.known.insert(key, self.urls.len());
            self.urls.push(url);
        }
    }

    fn resolve(&self, value: &[u8]) -> Result<Url, Reason> {
        if value.get(..5).is_some_and(|begin| begin.eq_ignore_ascii_case(b"data:")) {
            return Err(Reason::Data);
        }
        if self.mentions > MENTIONS {
            return Err(Reason::Limit(self.wanted.most));
        }
        let malformed = |why: String| Reason::Malformed(ink::safe(why.as_bytes()));
        let mut url = self.base.join(&text(value)).map_err(|error| malformed(error.why))?;
        url.fragment = None;
        if !url.scheme.is_web() {
            return Err(Reason::Scheme(url.scheme.name().into()));
        }
        if self.url.scheme.name() == "https" && url.scheme.name() == "http" {
            return Err(Reason::Insecure);
        }
        let may = match self.wanted.sites {
            Sites::SameOrigin => url.is_same_origin(self.url),
            Sites::SameSite => is_same_site(&url, self.url),
            Sites::Any => true,
        };
        if may { Ok(url) } else { Err(Reason::OtherSite) }
    }

    /// The first `<base href>` holds for all that follows.
    fn rebase(&mut self) {
        let Some(value) = self.values.get("href").filter(|_| self.found.base.is_none()) else {
            return;
        };
        if let Ok(base) = self.url.join(&text(value))
            && base.scheme.is_web()
        {
            self.found.base = Some(ink::safe(base.to_string().as_bytes()));
            self.base = base;
        }
    }
}

/// Hears of the page's tags.
impl Callback<Infallible, usize> for &mut Search<'_> {
    fn handle_event(&mut self, event: CallbackEvent<'_>, span: Span<usize>) -> Option<Infallible> {
        match event {
            CallbackEvent::OpenStartTag { name } => {
                self.element = Element::of(name);
                self.attribute = None;
                self.values.clear();
                self.at = span.start;
            }
            CallbackEvent::AttributeName { name } => {
                self.attribute = self.element.and_then(|_| self.values.begin(name));
            }
            CallbackEvent::AttributeValue { value } => {
                if let Some(name) = self.attribute.filter(|_| value.len() <= VALUE) {
                    self.values.set(name, value);
                }
            }
            CallbackEvent::CloseStartTag { .. } => {
                self.begin_element();
                self.element = None;
            }
            CallbackEvent::EndTag { name } => {
                self.element = None;
                if let Some(element) = Element::of(name) {
                    self.end_element(element);
                }
            }
            _ => {}
        }
        None
    }
}

/// Without the list of public suffixes this is careful: `b.example` is no other name for `a.example`.
fn is_same_site(one: &Url, other: &Url) -> bool {
    use super::url::Host::Name;
    let (Some(one), Some(other)) = (&one.host, &other.host) else { return false };
    let (Name { ascii: one, .. }, Name { ascii: other, .. }) = (one, other) else {
        return one.sent() == other.sent();
    };
    let bare = |name: &'_ str| name.trim_end_matches('.').to_owned();
    let (one, other) = (bare(one), bare(other));
    let one = one.strip_prefix("www.").unwrap_or(&one);
    let other = other.strip_prefix("www.").unwrap_or(&other);
    // A single label, such as a top-level domain, has nothing of its own below it.
    let is_below = |name: &str, above: &str| {
        above.contains('.') && name.strip_suffix(above).is_some_and(|rest| rest.ends_with('.'))
    };
    one == other || is_below(one, other) || is_below(other, one)
}

#[cfg(test)]
mod tests;
