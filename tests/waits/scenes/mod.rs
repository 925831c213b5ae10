//! Which scenes are played?

use crate::scene::Scene;

mod endings;
mod losses;
mod secured;
mod sending;
mod stalls;
mod thinking;
mod turns;
mod windows;

/// The long ones first.
pub(crate) fn all() -> Vec<Scene> {
    let rooms = [
        losses::all(),
        windows::all(),
        sending::all(),
        turns::all(),
        secured::all(),
        thinking::all(),
        stalls::all(),
        endings::all(),
    ];
    rooms.into_iter().flatten().collect()
}
