//! Where the instructions of an operation go.

use super::code::{Code, Owner};
use std::collections::HashMap;

/// Counts in order of first appearance.
#[derive(Default)]
struct Counts(Vec<(String, usize)>);

impl Counts {
    fn add(&mut self, name: &str) {
        match self.0.iter_mut().find(|(found, _)| found == name) {
            Some((_, count)) => *count += 1,
            None => self.0.push((name.to_owned(), 1)),
        }
    }

    fn lines(&self) -> String {
        self.0.iter().map(|(name, count)| format!("{count:>7}  {name}\n")).collect()
    }
}

/// The whole report.
pub(super) fn report(operation: &str, addresses: &[u64], code: &Code, full: bool) -> String {
    let owners = code.owners(addresses);
    let mut text = String::new();
    if full {
        let mut described = HashMap::new();
        for address in addresses {
            let line = described.entry(*address).or_insert_with(|| code.describe(*address));
            text.push_str(&format!("{address:#018x}  {line}\n"));
        }
        text.push('\n');
    }
    let owners: Vec<&Owner> = addresses.iter().filter_map(|address| owners.get(address)).collect();
    text + &summary(operation, &owners)
}

/// Functions in order of their first instruction, then files, then what part is what.
fn summary(operation: &str, owners: &[&Owner]) -> String {
    let (mut functions, mut files) = (Counts::default(), Counts::default());
    for owner in owners {
        functions.add(&format!("{}  {}", short(&owner.function), owner.file));
        files.add(&place(owner));
    }
    files.0.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let count = |test: &dyn Fn(&Owner) -> bool| owners.iter().filter(|owner| test(owner)).count();
    let within = |owner: &Owner, test: &dyn Fn(&str, &str) -> bool| {
        owner.around.iter().any(|(function, file)| test(function, file))
    };
    let handlers = count(&|owner| within(owner, &is_handler));
    let turns = count(&|owner| within(owner, &is_turn) && !within(owner, &is_handler));
    let entry = count(&|owner| !owner.user && plain(&owner.function).contains("::entry::"));
    let user = count(&|owner| owner.user);
    format!(
        "By function, in order of first appearance:\n{}\nBy file:\n{}\n{operation}: {} \
         instructions: {user} in user code, {entry} in the entry and the exit, {turns} in turns \
         of the exit loop, {handlers} in its handlers\n",
        functions.lines(),
        files.lines(),
        owners.len(),
    )
}

/// Rows of the work table.
fn is_handler(function: &str, file: &str) -> bool {
    let rows = ["vector_settle", "vector_load"];
    file.ends_with("src/exit/handlers.rs")
        || file.ends_with("src/exit/last.rs")
        || rows.iter().any(|row| function.ends_with(row))
}

/// What a turn of the loop needs to find and run them.
fn is_turn(function: &str, file: &str) -> bool {
    let turn = ["::pass", "::iteration", "::run_work", "::count_iteration", "::open_window"];
    (file.ends_with("src/exit/handle.rs") || file.ends_with("entry/held.rs"))
        && turn.iter().any(|name| function.ends_with(name))
}

/// The file; of assembly, which has none, the module.
fn place(owner: &Owner) -> String {
    if !owner.file.is_empty() {
        return owner.file.clone();
    }
    let path = plain(&owner.function);
    path.rsplit_once("::").map_or("unknown", |(module, _)| module).to_owned()
}

/// The last two parts of a path.
fn short(function: &str) -> String {
    let path = plain(function);
    let parts: Vec<&str> = path.split("::").collect();
    parts[parts.len().saturating_sub(2)..].join("::")
}

/// A path without what stands in angle brackets.
fn plain(function: &str) -> String {
    let mut depth = 0;
    let outside = |character: &char| match character {
        '<' => {
            depth += 1;
            false
        }
        '>' => {
            depth -= 1;
            false
        }
        _ => depth == 0,
    };
    let path: String = function.chars().filter(outside).collect();
    let parts: Vec<&str> = path.split("::").filter(|part| !part.is_empty()).collect();
    parts.join("::")
}

#[cfg(test)]
mod tests {
    use super::{Owner, short, summary};

    fn owner(function: &str, file: &str, user: bool) -> Owner {
        let around = vec![(function.to_owned(), file.to_owned())];
        Owner { function: function.into(), file: file.into(), user, around }
    }

    #[test]
    fn each_part_of_an_operation_is_counted() {
        let user = owner("bench::calls::serve", "tests/programs/bench/src/calls.rs", true);
        let entry =
            owner("arch::entry::leave", "microkernel/src/arch/x86_64/entry/leave.rs", false);
        let turn = owner("exit::handle::pass", "microkernel/src/exit/handle.rs", false);
        let row = owner("handlers::reschedule", "microkernel/src/exit/handlers.rs", false);
        let text = summary("op", &[&user, &entry, &user, &turn, &row]);
        assert!(
            text.contains("      2  calls::serve  tests/programs/bench/src/calls.rs\n"),
            "{text}"
        );
        let last = "op: 5 instructions: 2 in user code, 1 in the entry and the exit, 1 in turns \
            of the exit loop, 1 in its handlers\n";
        assert!(text.ends_with(last), "{text}");
    }

    #[test]
    fn names_are_cut_to_what_tells_them_apart() {
        let name = "core_kernel::exit::handle::<impl core_kernel::kernel::Kernel<M>>::pass";
        assert_eq!(short(name), "handle::pass");
        assert_eq!(short("<a::B as c::D>::run"), "run");
    }
}
