//! Which of several sizes of a picture would a browser take?
//!
//! <https://html.spec.whatwg.org/multipage/images.html#parse-a-srcset-attribute>, without `sizes`:
//! the picture is taken to be as wide as the window.

use super::WIDTH;

/// One size.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Candidate<'a> {
    pub url: &'a [u8],
    size: Size,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Size {
    /// In pixels.
    Width(u32),
    /// Pixels of the picture for one of the page.
    Density(f64),
}

/// More sizes are left out.
const MOST: usize = 100;

/// Reads what an attribute offers.
pub(super) fn candidates(set: &[u8]) -> Vec<Candidate<'_>> {
    let (mut candidates, mut rest) = (Vec::new(), set);
    while candidates.len() < MOST {
        let begin = rest.iter().position(|octet| !octet.is_ascii_whitespace() && *octet != b',');
        let Some(begin) = begin else { break };
        rest = &rest[begin..];
        let end = rest.iter().position(u8::is_ascii_whitespace).unwrap_or(rest.len());
        let (url, behind) = rest.split_at(end);
        let bare = url.iter().rposition(|octet| *octet != b',').map_or(0, |last| last + 1);
        let descriptor = if bare < url.len() {
            rest = behind;
            &[][..]
        } else {
            let end = descriptor_end(behind);
            rest = &behind[end..];
            behind[..end].trim_ascii()
        };
        if let Some(size) = size(descriptor) {
            candidates.push(Candidate { url: &url[..bare], size });
        }
    }
    candidates
}

/// Up to a comma that does not stand in parentheses.
fn descriptor_end(octets: &[u8]) -> usize {
    let mut depth = 0_u32;
    let end = octets.iter().position(|octet| {
        match octet {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *octet == b',' && depth == 0
    });
    end.unwrap_or(octets.len())
}

/// `None` if nobody can tell what is meant.
fn size(descriptor: &[u8]) -> Option<Size> {
    let text = std::str::from_utf8(descriptor).ok()?;
    // A height may stand beside the width, and says nothing new.
    let mut words = text.split_ascii_whitespace().filter(|word| !word.ends_with('h'));
    let Some(word) = words.next() else { return Some(Size::Density(1.0)) };
    if let Some(width) = word.strip_suffix('w') {
        width.parse().ok().filter(|width| *width > 0).map(Size::Width)
    } else {
        let density: f64 = word.strip_suffix('x')?.parse().ok()?;
        (density.is_finite() && density >= 0.0).then_some(Size::Density(density))
    }
}

/// The smallest that does for the window, or else the largest.
pub(super) fn choose(candidates: &[Candidate<'_>]) -> Option<usize> {
    let density = |candidate: &Candidate<'_>| match candidate.size {
        Size::Width(width) => f64::from(width) / f64::from(WIDTH),
        Size::Density(density) => density,
    };
    let sized = || candidates.iter().map(density).enumerate();
    let by_density = |one: &(usize, f64), other: &(usize, f64)| one.1.total_cmp(&other.1);
    let enough = sized().filter(|(_, density)| *density >= 1.0).min_by(by_density);
    enough.or_else(|| sized().max_by(by_density)).map(|(at, _)| at)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(set: &str) -> Option<String> {
        let candidates = candidates(set.as_bytes());
        choose(&candidates).map(|at| String::from_utf8_lossy(candidates[at].url).into_owned())
    }

    #[test]
    fn the_smallest_that_is_large_enough_is_chosen() {
        for (set, url) in [
            ("a.png, b.png 2x", Some("a.png")),
            ("a.png 2x, b.png 1x", Some("b.png")),
            ("a 320w, b 1280w, c 1281w 900h, d 640w", Some("b")),
            ("a 320w, b 640w", Some("b")),
            ("a,b.png", Some("a,b.png")),
            (" , a.png,, b.png 0.5x", Some("a.png")),
            ("a 3q, b (x, y) 2x, c 1.5x", Some("c")),
            ("a -1x, b infx, c NaNx, d 0w", None),
            ("", None),
            (",,, ,", None),
        ] {
            assert_eq!(chosen(set).as_deref(), url, "{set}");
        }
    }

    #[test]
    fn a_set_without_end_is_cut() {
        assert_eq!(candidates("a 1x, ".repeat(5000).as_bytes()).len(), MOST);
    }
}
