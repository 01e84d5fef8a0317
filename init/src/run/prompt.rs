//! The end of a system that cannot reach its prompt.
//!
//! Without terminal and shell all that init knows would stay unseen: it goes to the serial
//! line, and the machine ends with a status of its own.

use super::Init;
use super::boot::say;
use alloc::format;
use alloc::string::String;

impl Init {
    /// Ends the machine when a server without which there is no prompt will not run again.
    pub(super) fn end_without_prompt(&self) {
        let system = &self.common.boot.system;
        let lost = |name: &&str| {
            let child = self.children.iter().find(|child| child.plan.name == **name);
            child.is_none_or(|child| child.end().is_some())
        };
        let Some(needed) = system.needed_for_prompt().into_iter().find(lost) else { return };
        let mut text = format!("postern: there is no prompt without `{needed}`:\n");
        self.children
            .iter()
            .filter_map(|child| Some((child, child.end()?)))
            .for_each(|(child, end)| text.push_str(&self.describe_end(&child.plan.name, &end)));
        text.push_str(&memory());
        defmt::error!("{=str}", text.as_str());
        let resource = &self.common.boot.resource;
        say(resource, &text);
        let Err(error) = resource.shutdown(abi::exit_code::NO_PROMPT);
        defmt::error!("the machine does not end: {=str}", error.text());
    }

    fn describe_end(&self, server: &str, end: &str) -> String {
        let fault = self.faults.last_of(server).map(|fault| &fault.record);
        let fault = fault.map_or_else(String::new, |fault| {
            format!("; its last fault: {} {}", fault.kind, fault.text)
        });
        format!("  {server}: {end}{fault}\n")
    }
}

/// How much memory there is: the usual reason.
fn memory() -> String {
    let Ok(info) = sys::system_info() else { return String::new() };
    let mib = |frames: u64| frames.saturating_mul(abi::PAGE_SIZE) >> 20;
    let (free, total) = (mib(info.frames_free), mib(info.frames_total));
    format!("memory for programs: {total} MiB, free: {free} MiB (`cargo xtask run --mem MIB`)\n")
}
