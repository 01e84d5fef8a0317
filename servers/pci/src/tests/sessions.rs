//! The server itself, with drivers that are processes of their own.

use super::fake::q35;
use crate::reset::QUARANTINE_NS;
use pci_api::{DeviceInfo, DriverState, PciClient, PciError};
use service::CallError;
use sys::{Endpoint, Quota};

/// The pci server over the fake machine.
fn serve(env: rt::Env) -> Result<(), rt::Failure> {
    let fake = q35();
    crate::run(&env, Box::new(fake.clone()), Box::new(fake))
}

const DEVICES: [&str; 3] = [
    "1 edu id=1234:11e8 bars=01 vectors=1 dma=1 trusted",
    "2 blk id=1af4:1042 bars=3f vectors=2 dma=16 trusted",
    "3 net id=1af4:1041",
];

/// Opens the caller's device as a driver does.
fn open(endpoint: Endpoint) -> Result<DeviceInfo, CallError<PciError>> {
    let pci = PciClient::from_endpoint(endpoint);
    pci.ready()?;
    pci.open().map(|(_, info)| info)
}

fn run(test: impl FnOnce(&testkit::Server<'_>) + Send + 'static) {
    testkit::run(move |system| {
        let mut program = system.program("pci").quota(Quota {
            pages: 512,
            handles: 128,
            threads: 2,
            objects: 128,
            max_priority: 20,
            reserved: 0,
        });
        for line in DEVICES {
            program = program.fact("device", line);
        }
        test(&program.serve(serve));
    });
}

#[test]
fn drivers_are_told_what_they_have() {
    run(|pci| {
        let info = open(pci.endpoint(2)).unwrap();
        assert_eq!((info.slot.to_string().as_str(), info.vectors), ("00:04.0", 2));
        // edu is in quarantine for a second first.
        let info = open(pci.endpoint(1)).unwrap();
        assert_eq!((info.bars.len(), info.dma_pages), (1, 1));
        let none = open(pci.endpoint(3)).unwrap_err();
        let expected = PciError::NoDevice { device: "1af4:1041".into() };
        assert!(matches!(none, CallError::Service(error) if error == expected));
        let none = open(pci.endpoint(9)).unwrap_err();
        assert!(matches!(none, CallError::Service(PciError::NoGrant)));
    });
}

#[test]
fn the_next_life_of_a_driver_waits_for_the_reset() {
    run(|pci| {
        let hold = |endpoint| {
            let pci = PciClient::from_endpoint(endpoint);
            pci.ready().unwrap();
            let (device, _) = pci.open().unwrap();
            device.bus_master(true).unwrap();
            // Until it is killed.
            sys::sleep_until(sys::FOREVER);
        };
        // The first client has the number of edu's driver.
        let driver = pci.client("edu", hold);
        sys::sleep_for(3_000_000_000);
        let states = |pci: &PciClient| {
            let functions = pci.functions().unwrap();
            let driver =
                functions.into_iter().find_map(|it| it.driver.filter(|it| it.name == "edu"));
            let driver = driver.unwrap();
            (driver.state, driver.bus_master, driver.opens)
        };
        let shell = PciClient::from_endpoint(pci.endpoint(7));
        assert_eq!(states(&shell), (DriverState::Open, true, 1));
        let before = sys::clock();
        driver.kill();
        open(pci.endpoint(1)).unwrap();
        assert!(sys::clock() - before >= QUARANTINE_NS);
        sys::sleep_for(2_000_000_000);
        assert_eq!(states(&shell), (DriverState::Ready, false, 2));
    });
}

#[test]
fn a_server_that_is_new_takes_all_devices_back() {
    run(|pci| {
        let client = PciClient::from_endpoint(pci.endpoint(2));
        client.ready().unwrap();
        let (device, _) = client.open().unwrap();
        pci.restart();
        assert!(device.info().is_err(), "the session died with the server");
        assert!(open(pci.endpoint(2)).is_ok());
    });
}
