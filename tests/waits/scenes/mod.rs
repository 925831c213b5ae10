//! Which scenes are played?

use crate::scene::Scene;

mod losses;
mod thinking;
mod turns;
mod windows;

/// The long ones first.
pub(crate) fn all() -> Vec<Scene> {
    [losses::all(), windows::all(), turns::all(), thinking::all()].into_iter().flatten().collect()
}
