//! Drivers: servers that a device talks to.
//!
//! A driver is an ordinary server with three more handles: an interrupt line ([`sys::Irq`]),
//! the notification that it rings, and ports ([`sys::Ports`]) or device memory. The manifest
//! gives them, to one server each. A driver that dies is started again like any other.
//!
//! Keep what drives the device apart from what serves clients, behind a small trait. Then all
//! but a few lines are tested on the host, where there are no devices.
//!
//! # The driver, tested on the host
//!
//! A keyboard: clients ask for the next key, and wait until there is one.
//!
//! ```
//! use executor::Executor;
//! use service::{Caller, Never, Reply};
//! use std::cell::RefCell;
//! use std::collections::VecDeque;
//! use std::rc::Rc;
//! # use std::sync::{Arc, Mutex};
//!
//! /// What the driver needs of its device.
//! trait Device {
//!     /// Lets the line interrupt again.
//!     fn acknowledge(&mut self);
//!     /// The next key that the device holds.
//!     fn take(&mut self) -> Option<u8>;
//! }
//!
//! #[service::interface(version = 1)]
//! trait Keys {
//!     #[deferred]
//!     fn next(&mut self) -> Result<u8, Never>;
//! }
//!
//! /// Of both there are never some at a time.
//! #[derive(Default)]
//! struct Keyboard {
//!     keys: VecDeque<u8>,
//!     waiting: VecDeque<Reply<Result<u8, Never>>>,
//! }
//!
//! impl Keyboard {
//!     fn hand_out(&mut self) {
//!         while !self.keys.is_empty()
//!             && let Some(reply) = self.waiting.pop_front()
//!         {
//!             if let Some(key) = self.keys.pop_front() {
//!                 reply.send(Ok(key));
//!             }
//!         }
//!     }
//! }
//!
//! struct Server(Rc<RefCell<Keyboard>>);
//!
//! impl Keys for Server {
//!     fn next(&mut self, _: &Caller, reply: Reply<Result<u8, Never>>) {
//!         let mut keyboard = self.0.borrow_mut();
//!         keyboard.waiting.push_back(reply);
//!         keyboard.hand_out();
//!     }
//! }
//!
//! fn drive(env: rt::Env, mut device: impl Device + 'static) -> Result<(), rt::Failure> {
//!     // The executor waits at the interrupt's notification; the first line sets bit 0.
//!     let executor = Executor::on(env.handle("keys-arrived")?)?;
//!     let interrupt = executor.bit_number(0)?;
//!     let keyboard = Rc::new(RefCell::new(Keyboard::default()));
//!     let mut server = Server(keyboard.clone());
//!     let work = async move {
//!         loop {
//!             // First the line, then the device: so nothing that comes in between is missed.
//!             device.acknowledge();
//!             while let Some(key) = device.take() {
//!                 keyboard.borrow_mut().keys.push_back(key);
//!             }
//!             keyboard.borrow_mut().hand_out();
//!             interrupt.wait().await;
//!         }
//!     };
//!     executor.spawn(work).detach();
//!     executor.serve::<dyn Keys>(env.handle("endpoint")?, &mut server)?;
//!     Ok(())
//! }
//!
//! // The test: a device that holds what the test puts there.
//! struct Fake(Arc<Mutex<VecDeque<u8>>>);
//!
//! impl Device for Fake {
//!     fn acknowledge(&mut self) {}
//!     fn take(&mut self) -> Option<u8> {
//!         self.0.lock().unwrap().pop_front()
//!     }
//! }
//!
//! testkit::run(|system| {
//!     let held = Arc::new(Mutex::new(VecDeque::new()));
//!     let line = sys::Notification::create().unwrap();
//!     let program = system.program("keys").handle("keys-arrived", &line, sys::Rights::ALL);
//!     let device = Arc::clone(&held);
//!     let server = program.serve(move |env| drive(env, Fake(device.clone())));
//!     let client = server.client("ada", |endpoint| KeysClient::from_endpoint(endpoint).next());
//!     system.settle();
//!     assert!(client.is_alive(), "no key yet");
//!     held.lock().unwrap().extend(*b"k");
//!     line.signal(1).unwrap(); // the interrupt
//!     assert_eq!(client.join(), Ok(b'k'));
//! });
//! ```
//!
//! # The device
//!
//! This part needs a machine: it is built by the tests, not run. The console
//! (`servers/console`) is a whole driver that is.
//!
//! ```no_run
//! # trait Device {
//! #     fn acknowledge(&mut self);
//! #     fn take(&mut self) -> Option<u8>;
//! # }
//! # fn drive(_: rt::Env, _: impl Device) -> Result<(), rt::Failure> { Ok(()) }
//! /// A PS/2 controller: ports 0x60 (data) and 0x64 (status).
//! struct Controller {
//!     line: sys::Irq,
//!     data: sys::Ports,
//!     status: sys::Ports,
//! }
//!
//! impl Device for Controller {
//!     fn acknowledge(&mut self) {
//!         // It fails only for a handle that is none: then no interrupt comes either.
//!         let _ = self.line.ack();
//!     }
//!     fn take(&mut self) -> Option<u8> {
//!         let full = self.status.read_u8(0).is_ok_and(|status| status & 1 != 0);
//!         if full { self.data.read_u8(0).ok() } else { None }
//!     }
//! }
//!
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     let (line, data, status) =
//!         (env.handle("keys-irq")?, env.handle("keys-data")?, env.handle("keys-status")?);
//!     drive(env, Controller { line, data, status })
//! }
//! rt::entry!(start);
//! # fn main() {}
//! ```
//!
//! # The manifest
//!
//! ```
//! let text = r#"
//! [server.names]
//! priority = 50
//! pages = 256
//! service = true
//!
//! [server.keys]
//! priority = 45
//! pages = 256
//! service = true
//! irq = [{ name = "keys-irq", line = 1, notify = "keys-arrived" }]
//! ports = [
//!     { name = "keys-data", first = 0x60, count = 1 },
//!     { name = "keys-status", first = 0x64, count = 1 },
//! ]
//! "#;
//! let system = manifest::check(text, "init/system.toml", &["names", "keys"], 1024).unwrap();
//! assert_eq!(system.server("keys").unwrap().irqs[0].line, 1);
//! ```
//!
//! # What can go wrong
//!
//! | you see | because |
//! |---|---|
//! | one interrupt, then none | the line is masked until `ack`; it was forgotten, or the device was not emptied |
//! | `irq` in the shell counts, the server sleeps | it waits at another notification than `notify` names |
//! | `no handle …` at the start | names in the manifest and in `env.handle` differ |
//! | a device that has two owners, before the boot | each line and port has one server |
//!
//! A signalled bit is a reason to look, never a fact: others can set it, and a lost one must
//! not lose a key for ever. [Testing](super::testing) shows how to lose one on purpose.
//! Next: [signals](super::signals).
