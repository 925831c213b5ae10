//! What will be needed soon?
//!
//! Of many conversations at once most lie far from the processor. Where it is known which packets come
//! next, theirs are asked for while the ones before are still followed. It changes nothing but the time.

/// Asks for the line of the processor's cache that begins with this.
#[inline]
pub(super) fn fetch<T>(what: &T) {
    #[cfg(target_arch = "x86_64")]
    safe_arch::prefetch_t0(what);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = what;
}
