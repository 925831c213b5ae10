//! What does a page embed, and what of it is not fetched?

use std::fmt;

/// What was found in a page.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct Page {
    /// What is to be fetched, each URL once, in the order of the page.
    pub objects: Vec<Object>,
    /// What is not, the first of them, at most [`Page::LISTED`].
    pub skipped: Vec<Skipped>,
    /// How many are not.
    pub skipped_count: u64,
    /// What `<base>` says that links are relative to; safe to show.
    pub base: Option<String>,
    /// So many octets of the page were looked at.
    pub read: u64,
    /// Whether the page is longer than that.
    pub is_cut: bool,
}

impl Page {
    /// How many skipped things are listed one by one.
    pub const LISTED: usize = 256;
}

/// Something that a page embeds.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Object {
    /// Safe to show, a password masked.
    pub url: String,
    pub kind: Embeds,
    /// Where it stands first.
    pub place: Place,
    /// How often the page names it.
    pub mentions: u32,
    /// Whether a browser waits with it until it comes near to what is seen.
    pub is_lazy: bool,
}

/// Something that a page names, and that is not fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Skipped {
    /// As it stands in the page, its first characters; safe to show.
    pub what: String,
    pub kind: Embeds,
    pub place: Place,
    pub why: Reason,
}

#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub enum Embeds {
    Font,
    Icon,
    Image,
    /// Film or sound.
    Media,
    /// A page within the page, or what a plug-in shows.
    Page,
    Script,
    Style,
    /// Named beforehand, for something else.
    Other,
}

impl Embeds {
    pub fn words(self) -> &'static str {
        match self {
            Self::Font => "font",
            Self::Icon => "icon",
            Self::Image => "image",
            Self::Media => "film or sound",
            Self::Page => "page within the page",
            Self::Script => "script",
            Self::Style => "style sheet",
            Self::Other => "something else",
        }
    }
}

/// Where in a page something stands.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Place {
    /// Of the element.
    pub tag: &'static str,
    pub attribute: &'static str,
    /// Counted from 1.
    pub line: u64,
    /// Of the element's first character, in octets of the decoded body.
    pub at: u64,
}

/// `img src, line 7`.
impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}, line {}", self.tag, self.attribute, self.line)
    }
}

/// Why something is not fetched.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum Reason {
    /// A `data:` URL is the thing itself.
    Data,
    /// Another scheme than http and https.
    Scheme(String),
    /// What is wrong with the URL; safe to show.
    Malformed(String),
    /// Another site, or with `--same-origin` another origin.
    OtherSite,
    /// http in a page that came by https.
    Insecure,
    /// A page of its own, with things of its own embedded.
    Frame,
    /// For plug-ins, which browsers no longer have.
    Plugin,
    /// In a template: it counts only where a script puts it.
    Template,
    /// For browsers that are too old for modules.
    OldBrowsers,
    /// No script that a browser runs.
    NotRun,
    /// Another form or size of something is taken.
    OtherForm,
    /// A browser loads it only when somebody asks for it.
    OnDemand,
    /// So many are fetched at most.
    Limit(usize),
}

/// Why, in words that go behind "not fetched:".
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Data => "it stands in the page itself (data:)",
            Self::Scheme(scheme) => return write!(f, "{scheme}: is not fetched here"),
            Self::Malformed(why) => return write!(f, "not a URL: {why}"),
            Self::OtherSite => "on another site",
            Self::Insecure => {
                "http in a page that came by https: browsers refuse it or ask by https"
            }
            Self::Frame => "a page of its own",
            Self::Plugin => "for a plug-in",
            Self::Template => "in a template, which a script may use",
            Self::OldBrowsers => "for browsers that know no modules",
            Self::NotRun => "no script that a browser runs",
            Self::OtherForm => "another form or size of it is taken",
            Self::OnDemand => "a browser loads it only on demand",
            Self::Limit(most) => return write!(f, "more than {most} are not fetched"),
        })
    }
}
