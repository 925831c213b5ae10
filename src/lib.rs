//! Reads frames, dissects them, and tells what happened on the wire and who spent the time.
//!
//! ```text
//!   where do          what do            what            why, and           how is
//!   frames come       the bytes          happened?       whose fault        it told?
//!   from?             say?                               was it?
//!  ┌─────────┐ Frame ┌─────────┐ Packet ┌─────────┐Event ┌─────────┐ Wait  ┌─────────┐
//!  │ capture │──────▶│  wire   │───────▶│  flow   │─────▶│  tale   │──────▶│ render  │──▶
//!  └─────────┘       └─────────┘        └─────────┘      └─────────┘       └─────────┘
//! ```
//!
//! The whole tool is one loop, in [`pipeline`]. Who may import whom (`tests/layers.rs` holds them to it):
//!
//! ```text
//! octets    → –
//! timeline  → octets
//! ink       → timeline
//! wire      → octets timeline ink
//! capture   → octets timeline ink
//! probe     → octets timeline ink wire capture
//! flow      → octets timeline ink wire
//! filter    → octets timeline ink wire flow
//! tale      → octets timeline ink wire flow
//! render    → octets timeline ink wire flow filter tale
//! pipeline  → timeline wire capture filter flow render
//! cli, main → everything
//! ```

/// Says it on standard error, as `eprintln!` does; that nobody reads it there any more is no failure.
macro_rules! say {
    ($($words:tt)*) => {{
        use std::io::Write as _;
        _ = writeln!(std::io::stderr(), $($words)*);
    }};
}

pub mod capture;
pub mod cli;
pub mod filter;
pub mod flow;
pub mod ink;
pub mod octets;
pub mod pipeline;
pub mod probe;
pub mod render;
pub mod tale;
pub mod timeline;
pub mod wire;
