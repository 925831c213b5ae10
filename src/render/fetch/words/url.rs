//! What is to be fetched, and how?

use crate::render::fetch::entry::{Entry, Kind, Part, Place};
use crate::timeline::fetch::{Policy, Step, Url};

use super::{duration, octets};

/// How the fetch is made, in front of everything.
pub(in crate::render::fetch) fn policy(step: &Step, policy: &Policy) -> Vec<Entry> {
    let place = Place::of(Part::Policy, 0);
    let entry = |level| Entry::new(step.began, place, level, Kind::Fact);
    let redirects = match policy.redirects {
        None => "redirects not followed".to_owned(),
        Some(1) => "1 redirect at most".to_owned(),
        Some(most) => format!("{most} redirects at most"),
    };
    let mut told = vec![entry(4).text(format!(
        "limits     connect {}, all {}, body {}, {redirects}",
        duration(policy.connect_within),
        duration(policy.all_within),
        octets(policy.most),
    ))];
    if !policy.family.is_empty() {
        told.push(entry(6).text(format!("addresses  {}", policy.family)));
    }
    for name in &policy.proxies {
        told.push(entry(4).text(format!("proxy      {name} is set, and not used")));
    }
    told
}

/// The URL, piece by piece.
pub(in crate::render::fetch) fn url(step: &Step, url: &Url) -> Vec<Entry> {
    let place = Place::of(Part::Url, step.transfer);
    let entry = |level, kind| Entry::new(step.began, place, level, kind);
    let mut pieces = vec![url.scheme.clone()];
    if !url.scheme_said {
        pieces[0].push_str(" (supplied)");
    }
    if !url.host.is_empty() {
        pieces.push(format!("host {}", url.host));
    }
    if let Some(port) = url.port {
        let default = if url.is_default_port { " (default)" } else { "" };
        pieces.push(format!("port {port}{default}"));
    }
    let index = if url.omits_file { " (server picks the index file)" } else { "" };
    pieces.push(format!("path {}{index}", if url.path.is_empty() { "/" } else { &url.path }));
    let mut told = vec![
        entry(2, Kind::Head).text(url.shown.clone()).below(4),
        entry(4, Kind::Head).text(pieces.join("  ")),
    ];
    let mut fact = |level: u8, text: String| told.push(entry(level, Kind::Fact).text(text));
    if let Some(query) = &url.query {
        fact(4, format!("query {query}"));
    }
    if let Some(fragment) = &url.fragment {
        fact(4, format!("fragment {fragment}: never sent, it is for the reader of the page"));
    }
    if let Some(user) = &url.user {
        let password = if url.has_password { ", with a password (not shown)" } else { "" };
        fact(
            4,
            format!("user {user}{password}: sent in Authorization, in clear text to the server"),
        );
    } else if url.has_password {
        fact(4, "a password without a user (not shown)".to_owned());
    }
    if let Some(sent) = &url.host_sent {
        fact(4, format!("host is asked for as {sent}"));
    }
    if !url.scheme_words.is_empty() {
        fact(6, format!("{}: {}", url.scheme, url.scheme_words));
    }
    told
}
