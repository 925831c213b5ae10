//! Which questions are answered with a page for a browser?

use super::arguments::From;
use super::paper::Paper;
use super::{Usage, out, usage};
use crate::render::Report;
use crate::render::flows::Naming;
use crate::render::html::{Html, Question};

/// Pages are of what has a verdict.
pub(super) fn no_html() -> Usage {
    usage("-o html is for `tell`, `why`, `flows`, `flow` and `exchanges`")
}

/// A page does not say whose the sockets were.
pub(super) fn no_processes() -> Usage {
    usage("a page has no place for processes: --proc is for the other formats")
}

/// A page for a browser.
pub(super) fn picture(
    from: &From,
    paper: &Paper,
    question: Question,
) -> Result<Box<dyn Report>, Usage> {
    let naming = if from.numeric > 0 { Naming::Numbers } else { Naming::Names };
    Ok(Box::new(Html::new(out(from, paper)?, question, naming)))
}
