//! The driver with a fake device, on the host.

use super::{
    ACKNOWLEDGE, DEVICE_MEMORY, DMA_BYTES, DMA_COMMAND, DMA_FROM, DMA_TO, DMA_TO_MACHINE, Driver,
    FACTORIAL, IDENTITY, INTERRUPT, INTERRUPTS, STATUS,
};
use dma::Pool;
use edu_api::{ECHO_MAX, EduClient, EduError};
use executor::Executor;
use service::CallError;
use std::cell::{Cell, RefCell};
use std::collections::HashMap;
use sys::{Error, Notification, RegisterFile};
use testkit::device::Bus;

/// The device: it is done as soon as it is told to begin.
struct Fake {
    bus: Bus,
    bell: Notification,
    words: RefCell<HashMap<usize, u64>>,
    memory: RefCell<Vec<u8>>,
    causes: Cell<u32>,
    silent: bool,
}

impl Fake {
    fn word(&self, offset: usize) -> u64 {
        self.words.borrow().get(&offset).copied().unwrap_or(0)
    }

    fn interrupt(&self, cause: u32) {
        self.causes.set(self.causes.get() | cause);
        if !self.silent {
            self.bell.signal(INTERRUPT).unwrap();
        }
    }

    fn copy(&self) {
        let (from, to) = (self.word(DMA_FROM), self.word(DMA_TO));
        let len = usize::try_from(self.word(DMA_BYTES)).unwrap();
        assert!(len <= ECHO_MAX, "QEMU would end here");
        let mut memory = self.memory.borrow_mut();
        if self.word(DMA_COMMAND) & DMA_TO_MACHINE == 0 {
            assert_eq!(to, DEVICE_MEMORY);
            self.bus.read(from, &mut memory[..len]);
        } else {
            assert_eq!(from, DEVICE_MEMORY);
            self.bus.write(to, &memory[..len]);
        }
        self.interrupt(0x100);
    }
}

impl RegisterFile for Fake {
    fn len(&self) -> usize {
        1 << 20
    }
    fn read_u32(&self, offset: usize) -> Result<u32, Error> {
        Ok(match offset {
            IDENTITY => 0x0100_00ed,
            INTERRUPTS => self.causes.get(),
            FACTORIAL => (1..=self.word(FACTORIAL))
                .fold(1, |product: u32, n| product.wrapping_mul(u32::try_from(n).unwrap())),
            _ => return Err(Error::BadAddress),
        })
    }
    fn write_u32(&self, offset: usize, value: u32) -> Result<(), Error> {
        self.words.borrow_mut().insert(offset, value.into());
        match offset {
            FACTORIAL if self.word(STATUS) & 0x80 != 0 => self.interrupt(1),
            ACKNOWLEDGE => self.causes.set(self.causes.get() & !value),
            _ => {}
        }
        Ok(())
    }
    fn write_u64(&self, offset: usize, value: u64) -> Result<(), Error> {
        self.words.borrow_mut().insert(offset, value);
        if offset == DMA_COMMAND {
            self.copy();
        }
        Ok(())
    }
    fn read_u8(&self, _: usize) -> Result<u8, Error> {
        Err(Error::BadAddress)
    }
    fn read_u16(&self, _: usize) -> Result<u16, Error> {
        Err(Error::BadAddress)
    }
    fn read_u64(&self, _: usize) -> Result<u64, Error> {
        Err(Error::BadAddress)
    }
    fn write_u8(&self, _: usize, _: u8) -> Result<(), Error> {
        Err(Error::BadAddress)
    }
    fn write_u16(&self, _: usize, _: u16) -> Result<(), Error> {
        Err(Error::BadAddress)
    }
}

/// A life of the driver, over a device that answers or does not.
fn life(env: &rt::Env, silent: bool) -> Result<(), rt::Failure> {
    let executor = Executor::new()?;
    let bus = Bus::at(1 << 20);
    let page = Pool::open(&bus, 1)?.take_pages(1)?;
    let device = Fake {
        bus,
        bell: executor.bell()?,
        words: RefCell::default(),
        memory: RefCell::new(vec![0; ECHO_MAX]),
        causes: Cell::new(0),
        silent,
    };
    Driver::open(device, page)?.serve(&executor, env.handle("endpoint")?)
}

#[test]
fn clients_get_factorials_and_echoes_in_their_order() {
    testkit::run(|system| {
        let server = system.serve("edu", |env| life(&env, false));
        let client = server.client("ada", |endpoint| {
            let edu = EduClient::from_endpoint(endpoint);
            let long = edu.echo(vec![1; ECHO_MAX + 1]).unwrap_err();
            (edu.factorial(5), edu.echo(b"postern".to_vec()), edu.factorial(0), long)
        });
        let (five, echo, zero, long) = client.join();
        assert_eq!((five, echo, zero), (Ok(120), Ok(b"postern".to_vec()), Ok(1)));
        assert_eq!(long, CallError::Service(EduError::BadLength));
    });
}

#[test]
fn a_device_that_does_not_answer_ends_the_driver_and_clients_call_again() {
    testkit::run(|system| {
        let lives = std::sync::atomic::AtomicU32::new(0);
        let server = system.serve("edu", move |env| {
            life(&env, lives.fetch_add(1, std::sync::atomic::Ordering::Relaxed) == 0)
        });
        let client =
            server.client("ada", |endpoint| EduClient::from_endpoint(endpoint).factorial(3));
        sys::sleep_for(2_000_000_000);
        server.restart();
        assert_eq!(client.join(), Ok(6));
    });
}
