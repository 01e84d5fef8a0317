//! A driver that asks for all that it was not given. It cannot name a slot: a driver has the device
//! of its section of the manifest, or none.

use pci_api::{DeviceInfo, Opened, PciClient, PciError};
use rt::Failure;
use service::CallError;
use sys::{DeviceAddress, Direction, Error, Memory, Notification, PAGE_SIZE};

/// The MSI-X table of QEMU's NVMe controller, in BAR 0. Source: QEMU, hw/nvme/ctrl.c.
const TABLE: u64 = 0x2000;
const TABLE_ENTRY: u64 = 16;
/// BARs of a function, and one more; windows that are asked for.
const BARS: u8 = 7;
const WINDOWS: [u8; 5] = [0, 1, 2, 3, u8::MAX];

/// Asks for everything else; ends with the last refusal.
pub(crate) fn takes(env: &rt::Env) -> Result<(), Failure> {
    let opened = pci_api::open(env.names())?;
    windows(&opened)?;
    frames(&opened)?;
    let pci = PciClient::connect(env.names()).map_err(Failure::new)?;
    let again = pci.open().map(|_| ());
    expect("a second device", again, |error| *error == PciError::NotReady)?;
    let bell = Notification::create()?;
    let foreign = opened.device.vector(u16::MAX, &bell, 1).map(|_| ());
    expect("a wild vector", foreign, is_no_vector)?;
    defmt::info!("all of it was refused");
    opened.vector(opened.info.vectors, &bell, 1).map(|_| ())
}

/// BARs that are not in the manifest, windows that there are not, the page of the MSI-X table.
fn windows(opened: &Opened) -> Result<(), Failure> {
    let was_given = |info: &DeviceInfo, bar, window: u8| {
        info.bar(bar).is_some_and(|bar| usize::from(window) < bar.windows.len())
    };
    for bar in 0..BARS {
        for window in WINDOWS.into_iter().filter(|it| !was_given(&opened.info, bar, *it)) {
            let got = opened.device.window(bar, window).map(|_| ());
            expect("a foreign window", got, |it| matches!(it, PciError::NoWindow { .. }))?;
        }
    }
    let bar = opened.info.bar(0).ok_or("BAR 0 was not given")?;
    let given: u64 = bar.windows.iter().map(|window| u64::from(window.pages)).sum();
    if opened.info.place(0, TABLE, TABLE_ENTRY).is_some() || given * PAGE_SIZE >= bar.bytes {
        return Err("the MSI-X table was given".into());
    }
    Ok(())
}

/// More pages than the manifest says, registers for DMA, a mapping of others.
fn frames(opened: &Opened) -> Result<(), Failure> {
    let space = opened.io_space()?;
    let pages = u64::from(opened.info.dma_pages);
    let memory = Memory::create_contiguous(pages)?;
    let (address, mapped) = space.map(&memory, 0, pages, Direction::Both)?;
    let more = space.map(&Memory::create(1)?, 0, 1, Direction::Both);
    let window = opened.device.window(0, 0).map_err(Failure::new)?;
    let registers = space.map(&window, 0, 1, Direction::Both);
    let others = space.unmap(DeviceAddress(address.0.wrapping_add(mapped * PAGE_SIZE)), 1);
    let answers = (mapped, more.err(), registers.err(), others.err());
    let right = (pages, Some(Error::QuotaExceeded), Some(Error::BadArgument), Some(Error::Overlap));
    if answers == right { Ok(()) } else { Err(Failure::new(format_args!("{answers:?}"))) }
}

fn is_no_vector(error: &PciError) -> bool {
    matches!(error, PciError::NoVector { .. })
}

fn expect(
    what: &str,
    got: Result<(), CallError<PciError>>,
    right: impl Fn(&PciError) -> bool,
) -> Result<(), Failure> {
    match got {
        Err(CallError::Service(error)) if right(&error) => Ok(()),
        Err(error) => Err(Failure::new(format_args!("{what}: {error}"))),
        Ok(()) => Err(Failure::new(format_args!("{what} was given"))),
    }
}
