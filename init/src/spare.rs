//! Memory that no server has reserved. Programs get it, through the server that starts them.

/// init keeps this part of its pages: for its heap, for growing arenas of the kernel, which it
/// pays for, and for a server whose next life starts before all of its last one has come back.
const KEPT_PART: u32 = 8;

/// Returns the pages that neither are used nor kept, when servers that do not run yet reserve
/// `reserved` pages. `used` includes all that servers that run may use.
pub fn spare_pages(limit: u32, used: u32, reserved: u32) -> u32 {
    let taken = used.saturating_add(reserved).saturating_add(limit / KEPT_PART);
    limit.saturating_sub(taken)
}

#[cfg(test)]
mod tests {
    use super::spare_pages;

    #[test]
    fn an_eighth_is_kept_and_what_is_used_or_reserved_is_not_spare() {
        assert_eq!(spare_pages(8000, 1000, 2000), 4000);
        assert_eq!(spare_pages(8000, 1000, 6000), 0, "all that is left is kept");
        assert_eq!(spare_pages(8000, u32::MAX, u32::MAX), 0);
    }
}
