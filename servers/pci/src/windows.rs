//! The pages of BARs that a driver can have.
//!
//! Left out are the pages of the MSI-X table and of its pending bits, which `pci` writes for the
//! driver: who writes there sends interrupts to where it likes. A BAR that shares a page with
//! another one, of any function, or with configuration space is not given out at all.

use crate::capabilities::{InBar, Interrupts};
use crate::config::ConfigSpace;
use crate::function::Function;
use alloc::vec::Vec;
use pci_api::{Bar, BarKind, BarSummary, Window};

const PAGE: u64 = sys::PAGE_SIZE;
/// The most windows of a BAR: before, between and behind table and pending bits.
const PAGES_MOST: u64 = u32::MAX as u64;

/// Physical pages: first and last.
type Pages = (u64, u64);

/// Returns the memory BARs of a function that share no page with anything else.
pub fn alone<'f>(
    function: &'f Function,
    all: &[Function],
    config: &dyn ConfigSpace,
) -> Vec<&'f BarSummary> {
    let taken = config.physical().map(|(first, last)| (first / PAGE, last / PAGE));
    let shared = |bar: &BarSummary| {
        let own = pages_of(bar);
        let same = |of: &Function, other: &BarSummary| {
            of.slot == function.slot && other.number == bar.number
        };
        let others = all.iter().flat_map(|of| of.bars.iter().map(move |other| (of, other)));
        let others = others.filter(|(of, other)| is_memory(other) && !same(of, other));
        let others = others.map(|(_, other)| pages_of(other));
        others.chain(taken).any(|other| overlap(own, other))
    };
    function.bars.iter().filter(|bar| is_memory(bar) && !shared(bar)).collect()
}

/// Returns the windows of a BAR that is alone in its pages; none when it does not begin with a
/// page.
pub fn windows(function: &Function, bar: &BarSummary) -> Bar {
    let pages = bar.bytes.div_ceil(PAGE);
    let mut windows = Vec::new();
    if bar.address.is_multiple_of(PAGE) && pages <= PAGES_MOST {
        let mut kept = kept_pages(function, bar);
        kept.sort_unstable();
        let mut first = 0;
        for (from, to) in kept.into_iter().chain([(pages, pages)]) {
            windows.extend(window(first, from.min(pages)));
            first = first.max(to.saturating_add(1));
        }
    }
    Bar { number: bar.number, bytes: bar.bytes, windows }
}

/// The window of the pages from `first` on, before `end`.
fn window(first: u64, end: u64) -> Option<Window> {
    let pages = u32::try_from(end.checked_sub(first)?).ok().filter(|pages| *pages > 0)?;
    Some(Window { first_page: u32::try_from(first).ok()?, pages })
}

/// The pages of a BAR that no driver gets, counted from its begin.
fn kept_pages(function: &Function, bar: &BarSummary) -> Vec<Pages> {
    let Interrupts::Msix(msix) = function.interrupts else { return Vec::new() };
    let here = [msix.table, msix.pending].into_iter().filter(|it| it.bar == bar.number);
    here.map(|it| (it.offset / PAGE, (it.offset + it.bytes.saturating_sub(1)) / PAGE)).collect()
}

/// The physical address of a structure in a BAR of these, if it lies in it.
pub fn address_of(bars: &[&BarSummary], at: InBar) -> Option<u64> {
    let bar = bars.iter().find(|bar| bar.number == at.bar)?;
    let fits = at.offset.checked_add(at.bytes)? <= bar.bytes;
    fits.then_some(bar.address + at.offset)
}

fn is_memory(bar: &BarSummary) -> bool {
    bar.kind != BarKind::Io
}

fn pages_of(bar: &BarSummary) -> Pages {
    (bar.address / PAGE, (bar.address + bar.bytes.saturating_sub(1)) / PAGE)
}

fn overlap(one: Pages, other: Pages) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}
