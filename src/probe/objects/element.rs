//! What does an element make a browser fetch?

use super::{Search, Taken, source_set};
use crate::timeline::http::{Embeds, Reason};

/// Elements that embed something, or stand around those that do.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum Element {
    Audio,
    Base,
    Embed,
    Frame,
    Iframe,
    Img,
    Input,
    Link,
    Object,
    Picture,
    Script,
    Source,
    Template,
    Video,
}

const ELEMENTS: [(&str, Element); 14] = [
    ("audio", Element::Audio),
    ("base", Element::Base),
    ("embed", Element::Embed),
    ("frame", Element::Frame),
    ("iframe", Element::Iframe),
    ("img", Element::Img),
    ("input", Element::Input),
    ("link", Element::Link),
    ("object", Element::Object),
    ("picture", Element::Picture),
    ("script", Element::Script),
    ("source", Element::Source),
    ("template", Element::Template),
    ("video", Element::Video),
];

impl Element {
    /// By its name in small letters.
    pub(super) fn of(name: &[u8]) -> Option<Self> {
        ELEMENTS.iter().find(|(known, _)| known.as_bytes() == name).map(|(_, element)| *element)
    }

    pub(super) fn name(self) -> &'static str {
        ELEMENTS.iter().find(|(_, known)| *known == self).map_or("", |(name, _)| name)
    }
}

/// The attributes that matter.
const ATTRIBUTES: [&str; 16] = [
    "as",
    "autoplay",
    "data",
    "disabled",
    "href",
    "loading",
    "media",
    "nomodule",
    "poster",
    "preload",
    "rel",
    "sizes",
    "src",
    "srcset",
    "type",
    "imagesrcset",
];

/// What the attributes of one tag say, each as it stands first.
#[derive(Debug, Default)]
pub(super) struct Values {
    values: Vec<(&'static str, Vec<u8>)>,
}

impl Values {
    pub(super) fn clear(&mut self) {
        self.values.clear();
    }

    /// Notes an attribute; `None` if it does not matter, or was there before.
    pub(super) fn begin(&mut self, name: &[u8]) -> Option<&'static str> {
        let name = ATTRIBUTES.into_iter().find(|known| known.as_bytes() == name)?;
        if self.has(name) {
            return None;
        }
        self.values.push((name, Vec::new()));
        Some(name)
    }

    pub(super) fn set(&mut self, name: &str, value: &[u8]) {
        if let Some((_, held)) = self.values.iter_mut().find(|(known, _)| *known == name) {
            held.clear();
            held.extend_from_slice(value);
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<&[u8]> {
        self.values.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_slice())
    }

    pub(super) fn has(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Whether an attribute has this value, whatever its case.
    pub(super) fn is(&self, name: &str, value: &str) -> bool {
        self.get(name).is_some_and(|it| it.trim_ascii().eq_ignore_ascii_case(value.as_bytes()))
    }

    /// Whether an attribute lists this word, whatever its case.
    fn lists(&self, name: &str, word: &str) -> bool {
        let words = self.get(name).unwrap_or_default().split(u8::is_ascii_whitespace);
        words.into_iter().any(|listed| listed.eq_ignore_ascii_case(word.as_bytes()))
    }

    fn owned(&self, name: &str) -> Vec<u8> {
        self.get(name).unwrap_or_default().to_vec()
    }
}

impl Search<'_> {
    /// Acts on a start tag that is whole.
    pub(super) fn begin_element(&mut self) {
        let Some(element) = self.element else { return };
        match element {
            Element::Base => self.rebase(),
            Element::Template => self.open.template += 1,
            Element::Picture => self.open.picture = Some(Taken::Nothing),
            Element::Img => self.image(),
            Element::Input if self.values.is("type", "image") => {
                self.plain(Embeds::Image, "src", None);
            }
            Element::Input => {}
            Element::Link => self.link(),
            Element::Script => self.script(),
            Element::Source => self.source(),
            Element::Video | Element::Audio => self.media(),
            Element::Iframe | Element::Frame => {
                self.plain(Embeds::Page, "src", Some(Reason::Frame));
            }
            Element::Embed => self.plain(Embeds::Page, "src", Some(Reason::Plugin)),
            Element::Object => self.plain(Embeds::Page, "data", Some(Reason::Plugin)),
        }
    }

    pub(super) fn end_element(&mut self, element: Element) {
        let open = &mut self.open;
        match element {
            Element::Template => open.template = open.template.saturating_sub(1),
            Element::Picture => open.picture = None,
            Element::Video | Element::Audio => open.media = None,
            _ => {}
        }
    }

    fn plain(&mut self, kind: Embeds, attribute: &'static str, against: Option<Reason>) {
        let value = self.values.owned(attribute);
        self.take(kind, attribute, &value, against);
    }

    /// `img`: of what it offers one, unless the `picture` around it has chosen already.
    fn image(&mut self) {
        let is_chosen = self.open.picture == Some(Taken::Something);
        let against = is_chosen.then_some(Reason::OtherForm);
        let has_set = self.sizes("srcset", against.as_ref());
        let against = against.or(has_set.then_some(Reason::OtherForm));
        self.plain(Embeds::Image, "src", against);
    }

    /// Takes the size that fits of those a set offers; whether there was one.
    fn sizes(&mut self, attribute: &'static str, against: Option<&Reason>) -> bool {
        let set = self.values.owned(attribute);
        let candidates = source_set::candidates(&set);
        let chosen = source_set::choose(&candidates);
        for (at, candidate) in candidates.iter().enumerate() {
            let other = (chosen != Some(at)).then_some(Reason::OtherForm);
            self.take(Embeds::Image, attribute, candidate.url, against.cloned().or(other));
        }
        chosen.is_some()
    }

    fn source(&mut self) {
        if let Some(picture) = self.open.picture {
            let is_known = match self.values.get("type") {
                None => true,
                Some(media) => KNOWN_IMAGES.iter().any(|known| media.eq_ignore_ascii_case(known)),
            };
            let fits = picture == Taken::Nothing && is_known && !self.values.has("media");
            let against = (!fits).then_some(Reason::OtherForm);
            if self.sizes("srcset", against.as_ref()) && fits {
                self.open.picture = Some(Taken::Something);
            }
        } else if let Some(media) = self.open.media {
            self.plain(Embeds::Media, "src", media.against());
            if media == Taken::Nothing {
                self.open.media = Some(Taken::Something);
            }
        }
    }

    /// `video` and `audio`: the first of their sources, if it is loaded before somebody plays it.
    fn media(&mut self) {
        let waits = self.values.is("preload", "none") && !self.values.has("autoplay");
        let media = if waits { Taken::Later } else { Taken::Nothing };
        self.plain(Embeds::Image, "poster", None);
        self.plain(Embeds::Media, "src", media.against());
        let is_chosen = self.values.has("src") && media == Taken::Nothing;
        self.open.media = Some(if is_chosen { Taken::Something } else { media });
    }

    fn script(&mut self) {
        let media = self.values.owned("type");
        let media = media.trim_ascii();
        let is_run = media.is_empty()
            || SCRIPTS.iter().any(|script| media.eq_ignore_ascii_case(script.as_bytes()));
        let against = if !is_run {
            Some(Reason::NotRun)
        } else if self.values.has("nomodule") {
            Some(Reason::OldBrowsers)
        } else {
            None
        };
        self.plain(Embeds::Script, "src", against);
    }

    fn link(&mut self) {
        let rel = |word| self.values.lists("rel", word);
        let on_demand = Some(Reason::OnDemand);
        let (kind, against) = if rel("stylesheet") {
            let is_off = rel("alternate") || self.values.has("disabled");
            (Embeds::Style, if is_off { on_demand } else { None })
        } else if rel("icon") {
            let against = self.open.has_icon.then_some(Reason::OtherForm);
            self.open.has_icon = true;
            (Embeds::Icon, against)
        } else if rel("apple-touch-icon") || rel("mask-icon") {
            (Embeds::Icon, on_demand)
        } else if rel("modulepreload") {
            (Embeds::Script, None)
        } else if rel("preload") {
            let wanted = self.values.owned("as");
            let kind = PRELOADED
                .iter()
                .find(|(name, _)| wanted.trim_ascii().eq_ignore_ascii_case(name.as_bytes()));
            kind.map_or((Embeds::Other, on_demand), |(_, kind)| (*kind, None))
        } else {
            return;
        };
        let is_image = kind == Embeds::Image && self.sizes("imagesrcset", against.as_ref());
        self.plain(kind, "href", against.or(is_image.then_some(Reason::OtherForm)));
    }
}

impl Taken {
    /// What speaks against one more form.
    fn against(self) -> Option<Reason> {
        match self {
            Self::Nothing => None,
            Self::Something => Some(Reason::OtherForm),
            Self::Later => Some(Reason::OnDemand),
        }
    }
}

/// Forms of pictures that browsers show.
const KNOWN_IMAGES: [&[u8]; 8] = [
    b"",
    b"image/avif",
    b"image/gif",
    b"image/jpeg",
    b"image/png",
    b"image/svg+xml",
    b"image/webp",
    b"image/x-icon",
];

/// Types of scripts that browsers run.
const SCRIPTS: [&str; 5] = [
    "module",
    "text/javascript",
    "application/javascript",
    "application/x-javascript",
    "text/ecmascript",
];

/// What may be loaded beforehand; without such a word it is not.
const PRELOADED: [(&str, Embeds); 8] = [
    ("audio", Embeds::Media),
    ("document", Embeds::Other),
    ("fetch", Embeds::Other),
    ("font", Embeds::Font),
    ("image", Embeds::Image),
    ("script", Embeds::Script),
    ("style", Embeds::Style),
    ("video", Embeds::Media),
];
