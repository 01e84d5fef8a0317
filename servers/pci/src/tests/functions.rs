//! What is read of functions, also of hostile ones.

use super::fake::{EDU, Fake, FakeFunction, NVME, VIRTIO, bridge, nvme, q35, virtio};
use crate::capabilities::{InBar, Interrupts, Msi};
use crate::config::register;
use crate::function::Function;
use crate::scan::scan;
use crate::windows::{alone, windows};
use pci_api::{BarKind, BarSummary, Capability, Slot, VirtioKind, Window};

const HERE: Slot = Slot::new(0, 3, 0);

/// Reads one function.
fn read(function: &FakeFunction) -> (Fake, Function) {
    let fake = Fake::default();
    fake.add(HERE, function);
    let read = Function::read(&fake, HERE);
    (fake, read)
}

#[test]
fn all_functions_of_a_machine_are_found() {
    let slots: Vec<String> = scan(&q35()).iter().map(|it| it.slot.to_string()).collect();
    let expected =
        ["00:00.0", "00:04.0", "00:05.0", "00:06.0", "00:1f.0", "00:1f.2", "00:1f.3", "01:00.0"];
    assert_eq!(slots, expected);
}

#[test]
fn an_empty_machine_has_none() {
    assert!(scan(&Fake::default()).is_empty());
}

#[test]
fn a_bridge_that_leads_back_is_not_followed() {
    let fake = q35();
    for (device, secondary) in [(10, 0), (11, 1), (12, 1)] {
        fake.add(Slot::new(0, device, 0), &bridge(0, secondary));
    }
    fake.add(Slot::new(1, 1, 0), &bridge(1, 0));
    fake.add(Slot::new(1, 2, 0), &bridge(1, 1));
    assert_eq!(scan(&fake).len(), 8 + 5);
}

#[test]
fn a_machine_of_bridges_alone_ends() {
    let fake = Fake::default();
    for bus in 0..=255 {
        for device in 0..32 {
            fake.add(Slot::new(bus, device, 0), &bridge(bus, bus.wrapping_add(1 + device)));
        }
    }
    assert_eq!(scan(&fake).len(), crate::scan::MOST_FUNCTIONS);
}

#[test]
fn a_virtio_device_is_read() {
    let (fake, it) = read(&virtio(0xfe00_0000));
    assert_eq!((it.id.to_string().as_str(), it.class.0), ("1af4:1042", [1, 0, 0]));
    let [table, registers] = it.bars[..] else { panic!("{:?}", it.bars) };
    assert_eq!((table.number, table.kind, table.bytes), (1, BarKind::Memory32, 0x1000));
    let expected =
        BarSummary { number: 4, kind: BarKind::Memory64, address: 0xfe00_0000, bytes: 0x4000 };
    assert_eq!(registers, expected);
    let Interrupts::Msix(msix) = it.interrupts else { panic!("{:?}", it.interrupts) };
    assert_eq!((msix.vectors, msix.table), (2, InBar { bar: 1, offset: 0, bytes: 32 }));
    assert_eq!(msix.pending, InBar { bar: 1, offset: 0x800, bytes: 8 });
    let kinds: Vec<_> = it.virtio.iter().map(|it| (it.kind, it.offset)).collect();
    let expected = [
        (VirtioKind::Notify, 0x3000),
        (VirtioKind::Device, 0x2000),
        (VirtioKind::Isr, 0x1000),
        (VirtioKind::Common, 0),
    ];
    assert_eq!(kinds, expected);
    assert_eq!(it.virtio[0].multiplier, 4);
    assert_eq!(fake.register(HERE, register::BARS + 4), 0xfebd_0000, "as it was");
}

#[test]
fn reading_bars_leaves_the_command_register_as_it_was() {
    let mut function = virtio(0xfe00_0000);
    function.registers[1] |= 7;
    let (fake, _) = read(&function);
    assert_eq!(fake.register(HERE, register::COMMAND) & 0xffff, 7);
    assert_eq!(fake.take_log(), ["00:03.0 DMA off", "00:03.0 DMA on"]);
}

#[test]
fn edu_has_one_message() {
    let it = Function::read(&q35(), EDU);
    assert_eq!(it.interrupts, Interrupts::Msi(Msi { offset: 0x40, wide: true }));
    assert_eq!((it.vectors(), it.function_reset), (1, None));
}

#[test]
fn a_list_with_a_circle_ends() {
    let mut function = FakeFunction::new(1, 0);
    function.list(&[(0x40, 0x01), (0x50, 0x05)]);
    function.registers[0x50 / 4] |= 0x4000;
    let (_, it) = read(&function);
    let expected = [Capability { id: 1, offset: 0x40 }, Capability { id: 5, offset: 0x50 }];
    assert_eq!(it.capabilities, expected);
    // One that leads to itself, and to the header.
    function.registers[0x50 / 4] = 0x5005;
    assert_eq!(read(&function).1.capabilities, expected);
    function.registers[0x50 / 4] = 0x1005;
    assert_eq!(read(&function).1.capabilities, expected);
}

#[test]
fn the_longest_list_is_read() {
    let mut function = FakeFunction::new(1, 0);
    let all: Vec<(u8, u32)> = (0x40..=0xfc).step_by(4).map(|at| (at, 0x09)).collect();
    function.list(&all);
    assert_eq!(read(&function).1.capabilities.len(), 48);
}

#[test]
fn without_the_status_bit_there_is_no_list() {
    let mut function = virtio(0xfe00_0000);
    function.registers[1] = 0;
    let (_, it) = read(&function);
    assert!(it.capabilities.is_empty() && it.virtio.is_empty());
    assert_eq!(it.interrupts, Interrupts::None);
}

#[test]
fn virtio_structures_lie_in_their_bars() {
    let mut function = virtio(0xfe00_0000);
    // Beyond the end, in a BAR that is not there, with a length that overflows, too short.
    function.registers[0x48 / 4] = 0x3001;
    function.registers[0x54 / 4] = 7;
    function.registers[0x6c / 4] = u32::MAX;
    function.registers[0x70 / 4] = 0x0210_0009 | 0x6000;
    assert!(read(&function).1.virtio.is_empty());
}

#[test]
fn bars_that_make_no_sense_are_named() {
    let mut function = FakeFunction::new(1, 0);
    function
        .set(0x10, 0xfe00_0000, 0xfff0_f000)
        .set(0x18, 0xfe00_0002, 0xffff_f000)
        .set(0x1c, 0, 0xffff_f000)
        .set(0x24, 0xfe00_0004, 0xffff_f000);
    let (_, it) = read(&function);
    assert!(it.bars.is_empty());
    let expected = [
        (0, "its size is no power of two"),
        (2, "it is of no known kind"),
        (3, "firmware gave it no address"),
        (5, "its upper half is missing"),
    ];
    assert_eq!(it.wild, expected);
}

#[test]
fn a_bar_beyond_the_address_space_is_wild() {
    for (address, bytes) in [(1 << 52, 0x1000), (1 << 63, 1 << 63)] {
        let mut function = FakeFunction::new(1, 0);
        function.bar64(0, address, bytes);
        let (_, it) = read(&function);
        assert!(it.bars.is_empty(), "{address:#x}");
        assert_eq!(it.wild.len(), 1);
    }
}

#[test]
fn ports_are_told_of_and_given_to_no_driver() {
    let mut function = FakeFunction::new(1, 0);
    function.set(0x10, 0xc001, 0xffff_ffc0);
    function.registers[4] = 0xc001;
    let (fake, it) = read(&function);
    let expected = BarSummary { number: 0, kind: BarKind::Io, address: 0xc000, bytes: 0x40 };
    assert_eq!(it.bars, [expected]);
    assert!(alone(&it, core::slice::from_ref(&it), &fake).is_empty());
}

#[test]
fn host_bridges_are_not_sized() {
    let mut function = FakeFunction::new(1, 0x06_00_00);
    function.bar32(0, 0xfe00_0000, 0x1000);
    let (fake, it) = read(&function);
    assert!(it.bars.is_empty() && it.is_bridge());
    assert!(fake.take_log().is_empty());
}

fn window(first_page: u32, pages: u32) -> Window {
    Window { first_page, pages }
}

#[test]
fn the_table_of_msix_is_in_no_window() {
    let all = scan(&q35());
    let find = |slot| all.iter().find(|it| it.slot == slot).unwrap();
    let of = |slot, bar| {
        let function = find(slot);
        windows(function, function.memory_bar(bar).unwrap()).windows
    };
    assert_eq!(of(NVME, 0), [window(0, 2)], "table and pending bits are its end");
    assert_eq!(of(VIRTIO, 1), []);
    assert_eq!(of(VIRTIO, 4), [window(0, 4)]);
    assert_eq!(of(EDU, 0), [window(0, 256)]);
}

#[test]
fn a_table_in_the_middle_leaves_two_windows() {
    let mut function = nvme(0x8_0000_0000);
    function.bar64(0, 0x8_0000_0000, 0x1_0000).msix(300, 0x1800, 0xc000);
    function.registers[0x98 / 4] |= 0x4000;
    let (_, it) = read(&function);
    let bar = windows(&it, it.memory_bar(0).unwrap());
    // 300 entries take 4,800 bytes from 0x1800 on: pages 1 and 2.
    assert_eq!(bar.windows, [window(0, 1), window(3, 9), window(13, 3)]);
}

#[test]
fn a_table_that_lies_outside_takes_nothing_else() {
    let mut function = nvme(0x8_0000_0000);
    function.msix(2048, 0xffff_fff8, 0xffff_fff8);
    function.registers[0x98 / 4] |= 0x4000;
    let (_, it) = read(&function);
    assert_eq!(windows(&it, it.memory_bar(0).unwrap()).windows, [window(0, 4)]);
}

#[test]
fn bars_that_share_pages_are_not_given_out() {
    let fake = Fake::default();
    let mut first = FakeFunction::new(1, 0);
    first.bar32(0, 0xfe00_0000, 0x4000).bar32(1, 0xfe00_8000, 0x100).bar32(2, 0xfe01_0000, 0x1000);
    let mut second = FakeFunction::new(2, 0);
    second.bar32(0, 0xfe00_2000, 0x1000).bar32(1, 0xfe00_8100, 0x100).bar32(2, 0xb010_0000, 0x1000);
    fake.add(Slot::new(0, 1, 0), &first);
    fake.add(Slot::new(0, 2, 0), &second);
    let all = scan(&fake);
    let numbers = |index: usize| {
        let alone = alone(&all[index], &all, &fake);
        alone.iter().map(|bar| bar.number).collect::<Vec<_>>()
    };
    assert_eq!(numbers(0), [2]);
    assert!(numbers(1).is_empty(), "its last one is configuration space");
}

#[test]
fn a_bar_that_begins_within_a_page_has_no_window() {
    let mut function = FakeFunction::new(1, 0);
    function.bar32(0, 0xfe00_0100, 0x100);
    let (_, it) = read(&function);
    assert!(windows(&it, it.memory_bar(0).unwrap()).windows.is_empty());
}
