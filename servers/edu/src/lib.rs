//! The driver of QEMU's teaching device, but for the machine.
//!
//! The device calculates factorials, and copies between the machine's memory and 4 KiB of its
//! own. It interrupts at the end of each. It has one job at a time; others wait here.
//!
//! Source of the registers: QEMU, docs/specs/edu.txt.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

extern crate alloc;

use alloc::{collections::VecDeque, vec, vec::Vec};
use dma::Part;
use edu_api::{ECHO_MAX, Edu, EduError};
use executor::Executor;
use service::{Caller, Event, Reply};
use sys::{Endpoint, Error, Failure, RegisterFile};

const IDENTITY: usize = 0x00;
const FACTORIAL: usize = 0x08;
const STATUS: usize = 0x20;
const INTERRUPTS: usize = 0x24;
const ACKNOWLEDGE: usize = 0x64;
const DMA_FROM: usize = 0x80;
const DMA_TO: usize = 0x88;
const DMA_BYTES: usize = 0x90;
const DMA_COMMAND: usize = 0x98;

/// Of `STATUS`: interrupt when the factorial is there.
const INTERRUPT_AFTER_FACTORIAL: u32 = 0x80;
/// Of `DMA_COMMAND`: start, and interrupt at the end; to the machine's memory, not from it.
const DMA_START: u64 = 1 | 4;
const DMA_TO_MACHINE: u64 = 2;
/// Where the DMA engine sees the memory of the device.
const DEVICE_MEMORY: u64 = 0x4_0000;
/// The device has 28 address lines, and drops what is above them.
const ADDRESS_END: u64 = 1 << 28;

/// The notification bits of the interrupt and of the time-out.
pub const INTERRUPT: u64 = 1;
const TIME_OUT: u64 = 1 << 1;
/// The device copies for 100 ms, and calculates for less.
const TIME_OUT_NS: u64 = 1_000_000_000;

/// A client's request.
enum Job {
    Factorial(u32, Reply<Result<u32, EduError>>),
    /// The bytes go to the device.
    Out(Vec<u8>, Reply<Result<Vec<u8>, EduError>>),
    /// This number of bytes comes back.
    Back(usize, Reply<Result<Vec<u8>, EduError>>),
}

/// The device and its jobs. It works on the first.
pub struct Driver<R> {
    registers: R,
    page: Part,
    jobs: VecDeque<Job>,
}

impl<R: RegisterFile> Driver<R> {
    /// Takes the device into use, with a page for DMA.
    ///
    /// # Errors
    /// When it is another device, or cannot reach the page.
    pub fn open(registers: R, page: Part) -> Result<Self, Failure> {
        if registers.read_u32(IDENTITY)? & 0xffff != 0xed {
            return Err("the device is no `edu`".into());
        }
        if page.device().0 + page.len() as u64 > ADDRESS_END {
            return Err("the device reaches the lowest 256 MiB, and the DMA page is above".into());
        }
        Ok(Self { registers, page, jobs: VecDeque::new() })
    }

    /// Serves clients on an executor whose bell has the interrupt.
    ///
    /// # Errors
    /// When the endpoint cannot be received from.
    pub fn serve(mut self, executor: &Executor, endpoint: Endpoint) -> Result<(), Failure>
    where
        R: 'static,
    {
        let mut timer = None;
        executor.serve_with(endpoint, &mut self, service, |driver, event| {
            if let Event::Notified(bits) = event {
                let served = if bits & INTERRUPT == 0 { Ok(()) } else { driver.interrupted() };
                // The next life resets the device, and clients call again.
                assert!(bits & TIME_OUT == 0 && served.is_ok(), "the device does not answer");
                timer = None;
            }
            if driver.jobs.is_empty() {
                timer = None;
            } else if timer.is_none() {
                timer = Some(executor.ring_at(sys::clock() + TIME_OUT_NS, TIME_OUT));
            }
        })?;
        Ok(())
    }

    /// Handles an interrupt: ends a job, and starts the next one.
    fn interrupted(&mut self) -> Result<(), Error> {
        let causes = self.registers.read_u32(INTERRUPTS)?;
        if causes == 0 {
            return Ok(());
        }
        self.registers.write_u32(ACKNOWLEDGE, causes)?;
        match self.jobs.pop_front() {
            Some(Job::Factorial(_, reply)) => reply.send(Ok(self.registers.read_u32(FACTORIAL)?)),
            Some(Job::Out(bytes, reply)) => {
                // What comes back shall be the device's copy.
                self.page.write(0, &vec![0; bytes.len()])?;
                self.jobs.push_front(Job::Back(bytes.len(), reply));
            }
            Some(Job::Back(len, reply)) => {
                let mut bytes = vec![0; len];
                self.page.read(0, &mut bytes)?;
                reply.send(Ok(bytes));
            }
            None => {}
        }
        self.start()
    }

    fn add(&mut self, job: Job) {
        self.jobs.push_back(job);
        if self.jobs.len() == 1 && self.start().is_err() {
            self.jobs.clear();
        }
    }

    fn start(&mut self) -> Result<(), Error> {
        let machine = self.page.device().0;
        match self.jobs.front() {
            Some(Job::Factorial(n, _)) => {
                self.registers.write_u32(STATUS, INTERRUPT_AFTER_FACTORIAL)?;
                self.registers.write_u32(FACTORIAL, *n)
            }
            Some(Job::Out(bytes, _)) => {
                self.page.write(0, bytes)?;
                self.copy(machine, DEVICE_MEMORY, bytes.len(), DMA_START)
            }
            Some(Job::Back(len, _)) => {
                self.copy(DEVICE_MEMORY, machine, *len, DMA_START | DMA_TO_MACHINE)
            }
            None => Ok(()),
        }
    }

    fn copy(&self, from: u64, to: u64, bytes: usize, command: u64) -> Result<(), Error> {
        self.registers.write_u64(DMA_FROM, from)?;
        self.registers.write_u64(DMA_TO, to)?;
        self.registers.write_u64(DMA_BYTES, bytes as u64)?;
        self.registers.write_u64(DMA_COMMAND, command)
    }
}

impl<R: RegisterFile> Edu for Driver<R> {
    fn factorial(&mut self, _: &Caller, n: u32, reply: Reply<Result<u32, EduError>>) {
        self.add(Job::Factorial(n, reply));
    }

    fn echo(&mut self, _: &Caller, bytes: Vec<u8>, reply: Reply<Result<Vec<u8>, EduError>>) {
        match bytes.len() {
            1..=ECHO_MAX => self.add(Job::Out(bytes, reply)),
            _ => reply.send(Err(EduError::BadLength)),
        }
    }
}

fn service<R: RegisterFile + 'static>(driver: &mut Driver<R>) -> &mut (dyn Edu + 'static) {
    driver
}

#[cfg(test)]
mod tests;
