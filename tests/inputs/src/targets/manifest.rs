//! The checked manifest, as init and `proc` read it from the boot archive.

use crate::Target;
use manifest::{AccessTable, System};

/// The manifest of the system that users boot.
pub(super) fn encoded() -> Vec<u8> {
    manifest::encode(&system())
}

fn system() -> System {
    let text = include_str!("../../../../init/system.toml");
    // Which programs there are is asked of the text: it names no other ones.
    let names = manifest::mentioned_programs(text);
    manifest::check(text, "init/system.toml", &names, u32::MAX / 2).expect("a good manifest")
}

pub(super) fn target() -> Target {
    let seeds = vec![encoded(), manifest::encode(&System::default())];
    Target { name: "manifest", seeds, read: Box::new(read) }
}

fn read(bytes: &[u8]) -> String {
    let Some(system) = manifest::decode(bytes) else { return "none".to_owned() };
    let again = manifest::decode(&manifest::encode(&system));
    assert_eq!(again.as_ref(), Some(&system), "it is what it was encoded from");
    let lines = system.access_lines();
    let table = AccessTable::parse(lines.iter().map(String::as_str));
    for number in 0..=u32::try_from(system.servers.len()).unwrap_or(u32::MAX) {
        table.client_name(number);
    }
    let order = system.start_order();
    for index in 0..system.servers.len() {
        let _ = (system.waits_for(index, &order), system.restarted_with(index));
        let _ = system.told_of(index).count();
    }
    let _ = (system.links(), system.graph(), system.program_files());
    format!("{} servers, {} programs", system.servers.len(), system.programs.len())
}
