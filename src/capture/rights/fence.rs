//! Which files are within reach, when all others are not?
//!
//! By Landlock, where the kernel has it: what is handled is forbidden but for the rules. What is open
//! already stays open.

use std::path::PathBuf;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, Ruleset, RulesetAttr, RulesetCreatedAttr,
    RulesetError, RulesetStatus, Scope, make_bitflags, path_beneath_rules,
};

/// How far the kernel keeps us from files, from TCP, and from the signals and abstract sockets of other
/// processes.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Fence {
    /// From all of it, but for the rules.
    Whole,
    /// From what this kernel knows how to keep us from.
    Part,
    None,
}

/// What is forbidden as far as the kernel knows of it: Linux 6.12 knows it all. What later ones know is
/// added when a kernel can be had that shows it to work.
const KNOWN: ABI = ABI::V6;

/// Builds the fence. A kernel without Landlock, or a container that forbids it, is no error.
pub(super) fn build(writes: &[PathBuf], reads: &[PathBuf]) -> Fence {
    match enclose(writes, reads) {
        Ok(RulesetStatus::FullyEnforced) => Fence::Whole,
        Ok(RulesetStatus::PartiallyEnforced) => Fence::Part,
        Ok(RulesetStatus::NotEnforced) | Err(_) => Fence::None,
    }
}

fn enclose(writes: &[PathBuf], reads: &[PathBuf]) -> Result<RulesetStatus, RulesetError> {
    let writing: BitFlags<AccessFs> =
        make_bitflags!(AccessFs::{WriteFile | Truncate | MakeReg | RemoveFile});
    let reading: BitFlags<AccessFs> = make_bitflags!(AccessFs::{ReadFile | ReadDir});
    let mut fence = Ruleset::default()
        .handle_access(AccessFs::from_all(KNOWN))?
        .handle_access(AccessNet::from_all(KNOWN))?
        .scope(Scope::from_all(KNOWN))?
        .create()?;
    let rules = path_beneath_rules(writes, writing).chain(path_beneath_rules(reads, reading));
    for rule in rules {
        // For a pipe there can be no rule, and need not be.
        let before = fence.try_clone();
        fence = match (rule.and_then(|rule| fence.add_rule(rule)), before) {
            (Ok(more), _) => more,
            (Err(_), Ok(before)) => before,
            (Err(error), Err(_)) => return Err(error),
        };
    }
    Ok(fence.restrict_self()?.ruleset)
}
