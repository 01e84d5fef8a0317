//! Registers, interrupts by messages and I/O spaces, on the host.

use sys::{
    Direction, Error, IoSpace, IoSpaceFlags, Irq, IrqMessage, Loan, Memory, Notification,
    Protection, RegisterFile, Rights, host,
};

#[test]
fn registers_are_read_and_written_in_their_size() {
    let registers = Memory::create(2).unwrap().map_registers(0, 2).unwrap();
    assert_eq!((registers.len(), registers.is_empty()), (8192, false));
    registers.write_u64(8, 0x8877_6655_4433_2211).unwrap();
    assert_eq!(registers.read_u8(9), Ok(0x22));
    assert_eq!(registers.read_u16(10), Ok(0x4433));
    assert_eq!(registers.read_u32(12), Ok(0x8877_6655));
    registers.write_u8(8, 0xaa).unwrap();
    registers.write_u16(10, 0xbbbb).unwrap();
    registers.write_u32(12, 0xcccc_cccc).unwrap();
    assert_eq!(registers.read_u64(8), Ok(0xcccc_cccc_bbbb_22aa));
    registers.write_u64(8184, 1).unwrap();
    assert_eq!(registers.read_u64(8184), Ok(1));
}

#[test]
fn registers_beyond_the_end_or_between_two_are_refused() {
    let registers = Memory::create(1).unwrap().map_registers(0, 1).unwrap();
    let file: &dyn RegisterFile = &registers;
    for offset in [4096, 4100, usize::MAX, usize::MAX - 7] {
        assert_eq!(file.read_u8(offset), Err(Error::BadAddress));
        assert_eq!(file.write_u64(offset & !7, 0), Err(Error::BadAddress));
    }
    assert_eq!(file.read_u16(4095), Err(Error::BadAddress));
    for offset in 1..8 {
        assert_eq!(file.write_u64(offset, 1), Err(Error::BadAddress));
        assert_eq!(file.read_u32(offset).is_ok(), offset == 4);
        assert_eq!(file.read_u16(offset).is_ok(), offset % 2 == 0);
    }
    assert_eq!(file.read_u64(0), Ok(0), "nothing was written");
}

#[test]
fn registers_need_the_right_to_write() {
    let memory = Memory::create(1).unwrap();
    let narrow = memory.copy(Rights::READ).unwrap();
    assert!(matches!(narrow.map_registers(0, 1), Err(Error::NoRight)));
    assert!(matches!(memory.map_registers(0, 2), Err(Error::BadArgument)));
}

fn space(function: u16) -> Result<IoSpace, Error> {
    let resource = host::resource()?;
    let (space, mappings) = IoSpace::create(&resource, function, 64, IoSpaceFlags::TRUSTED)?;
    assert_eq!(mappings, 0);
    Ok(space)
}

#[test]
fn contiguous_memory_has_one_device_address() {
    host::in_system(|| {
        let space = space(8).unwrap();
        let memory = Memory::create_contiguous(48).unwrap();
        let (address, pages) = space.map(&memory, 0, 48, Direction::Both).unwrap();
        assert_eq!(pages, 48);
        let (inner, _) = space.map(&memory, 5, 1, Direction::ToDevice).unwrap();
        assert_eq!(inner, address.plus(5 * sys::PAGE_SIZE));
        space.unmap(inner, 1).unwrap();
        assert_eq!(space.unmap(inner, 1), Err(Error::Overlap));
        assert_eq!(space.clear(), Ok(0));
        assert!(matches!(space.map(&memory, 0, 1, Direction::Both), Err(Error::BadState)));
    });
}

#[test]
fn a_loan_is_mapped_with_its_own_rights() {
    host::in_system(|| {
        let (space, memory) = (space(8).unwrap(), Memory::create(4).unwrap());
        let loan = Loan::of(&memory, 1, 2, Protection::Read).unwrap();
        let lent = Memory::from(loan.handle_to_send().unwrap());
        assert!(matches!(space.map(&lent, 0, 1, Direction::FromDevice), Err(Error::NoRight)));
        let (address, pages) = space.map(&lent, 0, 1, Direction::ToDevice).unwrap();
        drop(loan);
        assert!(matches!(space.map(&lent, 0, 1, Direction::ToDevice), Err(Error::PeerDied)));
        space.unmap(address, pages).unwrap();
    });
}

#[test]
fn a_space_whose_manager_is_gone_is_adopted_with_its_mappings() {
    host::in_system(|| {
        let before = host::balance();
        let resource = host::resource().unwrap();
        let create = || IoSpace::create(&resource, 8, 64, IoSpaceFlags::TRUSTED).unwrap();
        let (space, _) = create();
        let driver = space.copy(Rights::WRITE).unwrap();
        let memory = Memory::create(1).unwrap();
        driver.map(&memory, 0, 1, Direction::Both).unwrap();
        drop((space, driver, memory));
        let (orphan, mappings) = create();
        assert_eq!((mappings, orphan.clear()), (1, Ok(0)));
        drop((orphan, resource));
        assert_eq!(host::balance(), before);
    });
}

#[test]
fn a_message_is_a_signal_until_its_object_is_gone() {
    let (resource, bell) = (host::resource().unwrap(), Notification::create().unwrap());
    let (irq, message) = Irq::message(&resource, 0, &bell, 6).unwrap();
    host::send_message(message).unwrap();
    assert_eq!(bell.poll(), Ok(6));
    drop(irq);
    host::send_message(message).unwrap();
    assert_eq!(bell.poll(), Err(Error::WouldBlock));
    let wild = [IrqMessage { address: 0xfeb0_0000, ..message }, IrqMessage { data: 0, ..message }];
    assert!(wild.into_iter().all(|wild| host::send_message(wild) == Err(Error::BadArgument)));
    assert!(matches!(Irq::message(&resource, u16::MAX, &bell, 1), Err(Error::BadArgument)));
}
