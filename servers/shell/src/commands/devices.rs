//! `lspci`, `devices`: what `pci` knows.

use crate::devices::{bytes, capability_name, class_name};
use crate::shell::Shell;
use crate::table::Table;
use crate::trouble::{Outcome, Trouble};
use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use pci_api::{BarKind, DriverInfo, DriverState, FunctionInfo};

pub(crate) fn lspci(shell: &mut Shell, words: &[&str]) -> Outcome {
    let functions = shell.pci()?.functions()?;
    let text = match words {
        [] => list(&functions),
        [slot] => {
            let found = functions.iter().find(|it| it.slot.to_string() == *slot);
            let found = found.ok_or_else(|| {
                Trouble::new(format!("no function {slot}: `lspci` lists them, like 00:04.0"))
            })?;
            list(core::slice::from_ref(found)) + &details(found)
        }
        _ => return Err(Trouble::Usage),
    };
    shell.print(&text);
    Ok(0)
}

fn list(functions: &[FunctionInfo]) -> String {
    let mut table = Table::new(&["SLOT", "ID", "CLASS", "WHAT", ">VECTORS", "DRIVER"]);
    for it in functions {
        let driver = it.driver.as_ref().map_or("-", |driver| driver.name.as_str());
        let behind = it.bridge_to.map_or_else(String::new, |bus| format!(" to bus {bus:02x}"));
        table.row([
            it.slot.to_string(),
            it.id.to_string(),
            it.class.to_string(),
            format!("{}{behind}", class_name(it.class.0)),
            it.vectors.to_string(),
            driver.into(),
        ]);
    }
    table.render()
}

fn details(it: &FunctionInfo) -> String {
    let mut text = format!("board {}, revision {:02x}\n", it.subsystem, it.revision);
    for bar in &it.bars {
        let (kind, unit) = match bar.kind {
            BarKind::Memory32 => ("memory", bytes(bar.bytes)),
            BarKind::Memory64 => ("memory, 64 bits", bytes(bar.bytes)),
            BarKind::Io => ("ports", bar.bytes.to_string()),
        };
        text += &format!("BAR {}: {unit} at {:#x}, {kind}\n", bar.number, bar.address);
    }
    let names = it.capabilities.iter();
    let names: Vec<String> =
        names.map(|it| format!("{} at {:#04x}", capability_name(it.id), it.offset)).collect();
    if !names.is_empty() {
        text += &format!("capabilities: {}\n", names.join(", "));
    }
    text
}

pub(crate) fn devices(shell: &mut Shell, words: &[&str]) -> Outcome {
    if !words.is_empty() {
        return Err(Trouble::Usage);
    }
    let titles = [
        "DRIVER",
        "SLOT",
        "ID",
        "STATE",
        "DMA",
        ">PAGES",
        ">VECTORS",
        ">INTERRUPTS",
        ">STORMS",
        ">RESTARTS",
    ];
    let mut table = Table::new(&titles);
    let servers = shell.system().servers()?;
    for (function, driver) in driven(&shell.pci()?.functions()?) {
        let server = servers.iter().find(|server| server.name == driver.name);
        let storms = match driver.masked {
            0 => driver.storms.to_string(),
            masked => format!("{} ({masked} masked)", driver.storms),
        };
        table.row([
            driver.name.clone(),
            function.slot.to_string(),
            function.id.to_string(),
            state(driver.state).into(),
            if driver.bus_master { "on".into() } else { "off".into() },
            driver.dma_pages.to_string(),
            format!("{} of {}", driver.vectors_used, driver.vectors),
            driver.interrupts.to_string(),
            storms,
            server.map_or_else(|| "-".into(), |server| server.restarts.to_string()),
        ]);
    }
    let text = if table.is_empty() { "no driver has a device\n".into() } else { table.render() };
    shell.print(&text);
    Ok(0)
}

fn state(state: DriverState) -> &'static str {
    match state {
        DriverState::Ready => "ready",
        DriverState::Open => "open",
        DriverState::Resetting => "resetting",
        DriverState::Quarantine => "quarantine",
    }
}

fn driven(functions: &[FunctionInfo]) -> impl Iterator<Item = (&FunctionInfo, &DriverInfo)> {
    functions.iter().filter_map(|it| Some((it, it.driver.as_ref()?)))
}

/// One line for each driver that has its device open, as the manifest's check reads it; none
/// where there is no `pci`.
pub(crate) fn drivers(shell: &Shell) -> String {
    let functions = shell.pci().and_then(|pci| Ok(pci.functions()?)).unwrap_or_default();
    let open = driven(&functions).filter(|(_, driver)| driver.state == DriverState::Open);
    let line = |(it, driver): (&FunctionInfo, &DriverInfo)| {
        let (name, vectors, pages) = (&driver.name, driver.vectors, driver.dma_pages);
        let (id, class, slot) = (it.id, it.class, it.slot);
        format!("{name} drives {id} class {class} at {slot}: vectors {vectors}, dma {pages}\n")
    };
    open.map(line).collect()
}
