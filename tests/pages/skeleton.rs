//! Of which elements does a page consist, as a browser reads it?

use html5gum::{Token, Tokenizer};

/// Elements and attributes, and what leads somewhere.
#[derive(Debug, Default)]
pub(crate) struct Skeleton {
    elements: Vec<(String, Vec<(String, String)>)>,
    pub(crate) ids: Vec<String>,
    pub(crate) links: Vec<String>,
    pub(crate) policy: Option<String>,
    /// Within the heading of the page.
    heading: String,
}

const ELEMENTS: [&str; 36] = [
    "a",
    "b",
    "bdi",
    "body",
    "details",
    "div",
    "figcaption",
    "figure",
    "footer",
    "g",
    "h1",
    "h2",
    "head",
    "header",
    "html",
    "li",
    "main",
    "meta",
    "ol",
    "p",
    "path",
    "rect",
    "section",
    "span",
    "style",
    "summary",
    "svg",
    "table",
    "tbody",
    "td",
    "text",
    "th",
    "thead",
    "title",
    "tr",
    "ul",
];
const ATTRIBUTES: [&str; 21] = [
    "aria-hidden",
    "charset",
    "class",
    "colspan",
    "content",
    "d",
    "height",
    "href",
    "http-equiv",
    "id",
    "lang",
    "name",
    "preserveaspectratio",
    "role",
    "rx",
    "scope",
    "text-anchor",
    "viewbox",
    "width",
    "x",
    "y",
];

impl Skeleton {
    pub(crate) fn of(page: &str) -> Self {
        let mut skeleton = Self::default();
        let mut is_heading = false;
        for token in Tokenizer::new(page) {
            let Ok(token) = token;
            match token {
                Token::StartTag(tag) => {
                    let name = String::from_utf8_lossy(&tag.name).into_owned();
                    is_heading |= name == "h1";
                    let attributes: Vec<(String, String)> = tag
                        .attributes
                        .iter()
                        .map(|(name, value)| {
                            let name = String::from_utf8_lossy(name).into_owned();
                            (name, String::from_utf8_lossy(value).into_owned())
                        })
                        .collect();
                    for (key, value) in &attributes {
                        match key.as_str() {
                            "id" => skeleton.ids.push(value.clone()),
                            "href" => skeleton.links.push(value.clone()),
                            "content" if value.contains("default-src") => {
                                skeleton.policy = Some(value.clone());
                            }
                            _ => {}
                        }
                    }
                    skeleton.elements.push((name, attributes));
                }
                Token::EndTag(tag) => is_heading &= *tag.name != *b"h1",
                Token::String(text) if is_heading => {
                    skeleton.heading.push_str(&String::from_utf8_lossy(&text));
                }
                Token::Comment(_) => panic!("a comment"),
                Token::Error(error) => panic!("{error:?}"),
                _ => {}
            }
        }
        skeleton
    }

    pub(crate) fn heading(&self) -> &str {
        &self.heading
    }

    /// Nothing but what we write is there, and none of it leads out of the page.
    pub(crate) fn assert_ours(&self, page: &str) {
        for (name, attributes) in &self.elements {
            assert!(ELEMENTS.contains(&name.as_str()), "<{name}>");
            for (attribute, value) in attributes {
                assert!(ATTRIBUTES.contains(&attribute.as_str()), "<{name} {attribute}>");
                let is_within = value
                    .chars()
                    .all(|one| one.is_ascii_alphanumeric() || " #-.,;:='/+".contains(one));
                assert!(is_within, "<{name} {attribute}={value:?}>");
                for out in ["http:", "https:", "javascript:", "data:", "url("] {
                    assert!(!value.contains(out), "<{name} {attribute}={value:?}>");
                }
            }
        }
        for link in &self.links {
            assert!(link.starts_with('#'), "{link} leads away");
        }
        let mut ids = self.ids.clone();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), self.ids.len(), "an id stands twice");
        let styles = self.elements.iter().filter(|(name, _)| name == "style").count();
        assert_eq!(styles, 1, "one style");
        let (_, style) = page.split_once("<style>").expect("a style");
        let (style, _) = style.split_once("</style>").expect("its end");
        for out in ["http:", "https:", "@import", "url(", "src", "//"] {
            assert!(!style.contains(out), "the style has {out}");
        }
        assert!(self.policy.as_deref().is_some_and(|it| it.starts_with("default-src 'none';")));
    }
}
