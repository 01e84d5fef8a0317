//! What all may use together has to be there.

use super::super::draft::{Draft, ProgramDraft, ServerDraft};
use super::super::problem::Problems;
use crate::Limits;
use std::format;

/// The servers' pages fit into the machine. Reported at the server with most pages.
pub(super) fn machine(draft: &Draft, memory_pages: u32, to: &Problems<'_>) {
    let pages =
        |it: &ServerDraft| u64::from(it.server.limits.pages) + u64::from(it.server.keep_pages);
    let sum: u64 = draft.servers.iter().map(pages).sum();
    let Some(most) = draft.servers.iter().max_by_key(|it| pages(it)) else { return };
    if sum > u64::from(memory_pages) {
        let all = format!("all servers together may use {sum} pages");
        let has = format!("but the machine has {memory_pages}");
        let advice = "lower some `pages` or give it more memory (--mem)";
        most.problem(to, most.pages_at, &format!("{all}, {has}; {advice}"));
    }
}

/// Each server has room for its stack and for the handles that init gives it.
pub(super) fn starts(draft: &Draft, to: &Problems<'_>) {
    /// Its startup block, and the tables of a small program.
    const LEAST: u32 = 8;
    let system = draft.system();
    for it in &draft.servers {
        let Limits { pages, handles, .. } = it.server.limits;
        let (stack, given) = (it.server.stack_pages, system.handles_given(&it.server));
        if pages < stack.saturating_add(LEAST) {
            let text = format!("its stack has {stack} of its {pages} pages; raise `pages`");
            it.problem(to, it.pages_at, &text);
        }
        if u64::from(handles) < given {
            let text = format!("it is given {given} handles, but may have {handles}");
            it.problem(to, it.handles_at, &format!("{text}; raise `handles`"));
        }
    }
}

/// A program's quota is taken out of that of the server that starts it.
pub(super) fn programs(draft: &Draft, to: &Problems<'_>) {
    for spawner in draft.servers.iter().filter(|it| it.server.spawn) {
        for program in &draft.programs {
            program_fits(program, spawner, to);
        }
    }
}

fn program_fits(it: &ProgramDraft, spawner: &ServerDraft, to: &Problems<'_>) {
    let (name, has) = (&spawner.server.name, spawner.server.limits);
    let wants = it.program.limits;
    let amounts = [
        ("pages", wants.pages, has.pages),
        ("handles", wants.handles, has.handles),
        ("threads", wants.threads, has.threads),
        ("objects", wants.objects, has.objects),
    ];
    for (what, wants, has) in amounts.into_iter().filter(|(_, wants, has)| wants >= has) {
        let program = &it.program.name;
        let text = format!("its {wants} {what} come out of the {has} of server `{name}`");
        let advice = format!("raise `{what}` there or lower it here");
        to.add(it.pages_at, format!("program `{program}`: {text}; {advice}"));
    }
}

/// What `names` is told fits into its startup block, with room for its handles' numbers.
pub(super) fn startup(draft: &Draft, to: &Problems<'_>) {
    const MOST: usize = 3800;
    let system = draft.system();
    let lines = system.access_lines();
    let arguments: usize = lines.iter().map(|line| line.len() + "arg \n".len()).sum();
    let handle = "handle service: 4294967295\n".len();
    let services = draft.servers.iter().filter(|it| it.server.service);
    let handles: usize = services.map(|it| it.server.name.len() + handle).sum();
    let size = arguments + handles;
    if size > MOST {
        let told = format!("`names` would be told {size} bytes about them, of {MOST}");
        let advice = "shorten names or remove clients";
        to.add(0, format!("too many services and clients: {told}; {advice}"));
    }
}
