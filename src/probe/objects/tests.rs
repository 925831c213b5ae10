use proptest::prelude::*;

use super::*;

fn found(page: &str, wanted: Wanted) -> Page {
    let url = Url::parse("http://www.example.com/a/page.html?q#part").expect("a URL");
    let (page, urls) = find(page.as_bytes(), &url, wanted);
    let shown: Vec<String> = urls.iter().map(ToString::to_string).collect();
    assert!(page.objects.iter().map(|object| &object.url).eq(&shown));
    page
}

/// What is fetched, without the site it is on, and why the others are not.
fn told(page: &str) -> (Vec<String>, Vec<String>) {
    let page = found(page, Wanted { most: 20, ..Wanted::default() });
    let path = |object: &Object| {
        let url = object.url.strip_prefix("http://www.example.com").unwrap_or(&object.url);
        format!("{} {url}", object.kind.words())
    };
    let why = |skipped: &Skipped| format!("{}: {}", skipped.what, skipped.why);
    (page.objects.iter().map(path).collect(), page.skipped.iter().map(why).collect())
}

#[test]
fn everything_that_a_page_embeds_is_found_once() {
    let (objects, skipped) = told(
        "<!DOCTYPE html><link rel='Shortcut ICON' href=/favicon.ico>\n\
         <LINK REL=stylesheet HREF=\"../style.css?a=1&amp;b=2\"><script src=app.js></script>\n\
         <link rel=preload as=font href=f.woff2><link rel=modulepreload href=m.js>\n\
         <img src=' pic.png\n'><img src=\"pic.png#top\"><input type=image src=go.gif>\n\
         <video poster=p.jpg><source src=v.webm><source src=v.mp4></video>\n\
         <audio src=s.ogg></audio><a href=elsewhere.html>no</a><link rel=canonical href=/>\n\
         <img><img src=''><img data-src=later.png>",
    );
    assert_eq!(
        objects,
        [
            "icon /favicon.ico",
            "style sheet /style.css?a=1&b=2",
            "script /a/app.js",
            "font /a/f.woff2",
            "script /a/m.js",
            "image /a/pic.png",
            "image /a/go.gif",
            "image /a/p.jpg",
            "film or sound /a/v.webm",
            "film or sound /a/s.ogg",
        ]
    );
    assert_eq!(skipped, ["v.mp4: another form or size of it is taken"]);
}

#[test]
fn what_is_skipped_is_told_with_the_reason() {
    let (objects, skipped) = told(
        "<img src=data:image/gif;base64,R0lGOD><img src=https://cdn.example/x.png>\
         <img src='http://[::1/'><img src=ftp://www.example.com/x><img src=blob:x>\
         <iframe src=/frame.html></iframe><object data=x.swf></object>\
         <template><img src=t.gif></template>\
         <script nomodule src=old.js></script><script type=application/ld+json src=x.json></script>\
         <link rel=icon href=1.png><link rel=icon href=2.png>\
         <link rel='alternate stylesheet' href=other.css><link rel=preload href=what>\
         <video preload=none src=late.mp4></video>",
    );
    assert_eq!(objects, ["icon /a/1.png"]);
    assert_eq!(
        skipped,
        [
            "data:image/gif;base64,R0lGOD: it stands in the page itself (data:)",
            "https://cdn.example/x.png: on another site",
            "http://[::1/: not a URL: the bracket is never closed",
            "ftp://www.example.com/x: ftp: is not fetched here",
            "blob:x: not a URL: blob: is not known here",
            "/frame.html: a page of its own",
            "x.swf: for a plug-in",
            "t.gif: in a template, which a script may use",
            "old.js: for browsers that know no modules",
            "x.json: no script that a browser runs",
            "2.png: another form or size of it is taken",
            "other.css: a browser loads it only on demand",
            "what: a browser loads it only on demand",
            "late.mp4: a browser loads it only on demand",
        ]
    );
}

#[test]
fn comments_scripts_and_styles_are_not_looked_into() {
    let (objects, skipped) = told(
        "<!-- <img src=1.png> --><script>document.write('<img src=2.png>')</script>\
         <noscript><img src=count.gif></noscript><style>a { content: '<img src=3.png>' }</style><textarea><img src=4.png></textarea>\
         <title><img src=5.png></title><p title='<img src=6.png>'>\
         <script>/* <!-- <script> <img src=7.png> </script> */</script><img src=8.png>",
    );
    assert_eq!((objects, skipped), (vec!["image /a/8.png".into()], vec![]));
}

#[test]
fn one_form_and_one_size_of_a_picture_is_taken() {
    let (objects, skipped) = told(
        "<picture><source media='(max-width: 600px)' srcset=small.webp>\
         <source type=image/future srcset=1.future><source type=image/webp srcset='1.webp, 2.webp 2x'>\
         <img src=1.png></picture><img src=a.png srcset='a.png 1x, b.png 2x'>\
         <img src=c.png srcset='c320.png 320w, c1600.png 1600w'>",
    );
    assert_eq!(objects, ["image /a/1.webp", "image /a/a.png", "image /a/c1600.png"]);
    let names: Vec<&str> = skipped.iter().filter_map(|told| told.split(':').next()).collect();
    let expected =
        ["small.webp", "1.future", "2.webp", "1.png", "b.png", "a.png", "c320.png", "c.png"];
    assert_eq!(names, expected);
}

#[test]
fn the_first_base_holds_for_what_follows() {
    let page = found(
        "<img src=1.png><base target=_top><base href=/b/c?d><img src=2.png><base href=/e/><img src=3.png>",
        Wanted::default(),
    );
    let urls: Vec<&str> = page.objects.iter().map(|object| object.url.as_str()).collect();
    let site = "http://www.example.com";
    assert_eq!(
        urls,
        [format!("{site}/a/1.png"), format!("{site}/b/2.png"), format!("{site}/b/3.png")]
    );
    assert_eq!(page.base.as_deref(), Some("http://www.example.com/b/c?d#part"));
    let page = found("<base href=javascript:x><img src=1.png>", Wanted::default());
    assert_eq!((page.base, page.objects.len()), (None, 1));
}

#[test]
fn a_place_is_a_line_and_an_octet() {
    let text = "<p>\n<b>\u{fc}\n</b><img\nsrc=a><img loading=lazy src=b><img src=a>";
    let page = found(text, Wanted::default());
    let [a, b] = &page.objects[..] else { panic!("{page:?}") };
    assert_eq!(a.place.to_string(), "img src, line 3");
    assert_eq!(a.place.at as usize, text.find("<img").expect("an image"));
    assert_eq!((a.mentions, b.mentions, a.is_lazy, b.is_lazy), (2, 1, false, true));
    assert_eq!(b.place.line, 4);
}

#[test]
fn who_is_on_the_same_site() {
    let site = |one: &str, other: &str| {
        let url = |text| Url::parse(text).expect("a URL");
        is_same_site(&url(one), &url(other))
    };
    for (one, other) in [
        ("www.example.com", "example.com"),
        ("img.example.com:8080", "www.example.com"),
        ("example.com", "a.b.example.com."),
        ("127.0.0.1", "127.0.0.1:81"),
        ("localhost", "localhost"),
    ] {
        assert!(site(one, other) && site(other, one), "{one} {other}");
    }
    for (one, other) in [
        ("a.example", "b.example"),
        ("badexample.com", "example.com"),
        ("example.com", "com"),
        ("127.0.0.1", "127.0.0.2"),
    ] {
        assert!(!site(one, other) && !site(other, one), "{one} {other}");
    }
}

#[test]
fn only_as_much_is_taken_as_is_wanted() {
    let images = (0..1000).map(|n| format!("<img src={n}>")).collect::<Vec<_>>().concat();
    let page = found(&images, Wanted { sites: Sites::Any, most: 3 });
    assert_eq!(
        (page.objects.len(), page.skipped.len(), page.skipped_count),
        (3, Page::LISTED, 997)
    );
    assert_eq!(page.skipped[0].why, Reason::Limit(3));
    let all = "<img src=http://www.example.com:81/><img src=//other.example/>";
    let count = |sites| found(all, Wanted { sites, most: 9 }).objects.len();
    assert_eq!([Sites::SameOrigin, Sites::SameSite, Sites::Any].map(count), [0, 1, 2]);
}

#[test]
fn a_page_by_https_takes_nothing_by_http() {
    let url = Url::parse("https://example.com/").expect("a URL");
    let (page, _) = find(b"<img src=http://example.com/a><img src=/b>", &url, Wanted::default());
    assert_eq!((page.skipped[0].why.clone(), page.objects.len()), (Reason::Insecure, 1));
}

#[test]
fn what_a_page_says_cannot_reach_the_terminal() {
    let page = found("<img src='\x1b]0;x\x07'><img src='data:\u{202e}'>", Wanted::default());
    assert_eq!(page.skipped[1].what, "data:\\u{202e}");
    assert!(!format!("{page:?}").contains('\x1b'));
}

#[test]
fn a_page_without_end_is_cut() {
    let page = "<img src=a>".repeat(LONGEST / 11 + 10);
    let page = found(&page, Wanted::default());
    assert!(page.is_cut && page.read == LONGEST as u64);
    assert_eq!(page.objects[0].mentions, MENTIONS);
}

proptest! {
    #[test]
    fn anything_may_be_a_page(octets in proptest::collection::vec(any::<u8>(), 0..300)) {
        let url = Url::parse("http://example.com/").expect("a URL");
        let page = [b"<img srcset='", &octets[..], b"'><img src=", &octets, b"><", &octets].concat();
        let (page, urls) = find(&page, &url, Wanted::default());
        prop_assert_eq!(page.objects.len(), urls.len());
        for object in &page.objects {
            prop_assert!(object.url.chars().all(|character| !character.is_control()));
        }
    }

    #[test]
    fn any_soup_of_tags_is_a_page(pieces in proptest::collection::vec(
        proptest::sample::select(&[
            "<img src=a>", "<picture>", "</picture>", "<source srcset='b 1x,c 2x'>", "<!--", "-->",
            "<script>", "</script>", "<noscript>", "</noscript>", "<template>", "</template>", "<base href=x/>",
            "<video src=d>", "</video>", "<link rel=icon href=e>", "<![CDATA[", "]]>", "\"", "'", ">", "<", "&#0;",
        ][..]), 0..40)) {
        let url = Url::parse("http://example.com/").expect("a URL");
        let (page, _) = find(pieces.concat().as_bytes(), &url, Wanted::default());
        prop_assert!(page.objects.len() <= 64);
        let lines = page.objects.iter().map(|object| object.place.at);
        prop_assert!(lines.is_sorted());
    }
}
