//! Queues: many small things from one process to another.
//!
//! A call costs two changes of process. For a stream (samples, keys, packets) use a
//! [`queue`]: a ring in shared memory, for one producer and one consumer. While both are busy
//! it needs no system call. When it is full the producer waits: nothing is lost, and memory
//! has an end.
//!
//! # A complete example
//!
//! A server gives each client a queue and adds up what comes in. It makes the queue, with a
//! bell of its own executor, keeps the consumer's end and sends the *offer* of the other one.
//! So one thread serves calls and any number of queues.
//!
//! ```
//! use executor::Executor;
//! use service::Caller;
//! use std::cell::Cell;
//! use std::rc::Rc;
//!
//! #[service::interface(version = 1)]
//! pub trait Meter {
//!     /// A queue for samples.
//!     #[returns_handle]
//!     fn feed(&mut self) -> Result<queue::Offer, String>;
//!     #[idempotent]
//!     fn sum(&mut self) -> Result<u64, String>;
//! }
//!
//! struct Adder {
//!     executor: Executor,
//!     sum: Rc<Cell<u64>>,
//! }
//!
//! impl Adder {
//!     fn make(&self) -> Result<queue::Offer, sys::Error> {
//!         let (bit, bell) = self.executor.queue_bell()?;
//!         // 64 places of 16 bytes; this side is rung by the executor's bell.
//!         let (mine, offer) = queue::Plan::new(64, 16)?.rings(bell).create()?;
//!         let (mut samples, sum) = (mine.consumer::<u64>(), self.sum.clone());
//!         let work = async move {
//!             // Ends when the client closes its end or dies.
//!             while let Ok(sample) = executor::pop(&mut samples, &bit).await {
//!                 sum.set(sum.get().wrapping_add(sample));
//!             }
//!         };
//!         self.executor.spawn(work).detach();
//!         Ok(offer)
//!     }
//! }
//!
//! impl Meter for Adder {
//!     fn feed(&mut self, _: &Caller) -> Result<queue::Offer, String> {
//!         self.make().map_err(|error| error.to_string())
//!     }
//!     fn sum(&mut self, _: &Caller) -> Result<u64, String> {
//!         Ok(self.sum.get())
//!     }
//! }
//!
//! fn start(env: rt::Env) -> Result<(), rt::Failure> {
//!     let executor = Executor::new()?;
//!     let mut server = Adder { executor: executor.clone(), sum: Rc::default() };
//!     executor.serve::<dyn Meter>(env.handle("endpoint")?, &mut server)?;
//!     Ok(())
//! }
//!
//! testkit::run(|system| {
//!     let server = system.serve("meter", start);
//!     let sensor = |endpoint| {
//!         let meter = MeterClient::from_endpoint(endpoint);
//!         let mut samples = meter.feed().unwrap().producer::<u64>().unwrap();
//!         // More than there are places: `push` waits where it has to.
//!         (1..=1000).for_each(|sample| samples.push(&sample, sys::FOREVER).unwrap());
//!     };
//!     let sensors = [server.client("one", sensor), server.client("two", sensor)];
//!     sensors.map(|sensor| sensor.join());
//!     system.settle();
//!     let meter = MeterClient::from_endpoint(server.endpoint(9));
//!     assert_eq!(meter.sum(), Ok(2 * 500_500));
//! });
//! ```
//!
//! # When a side dies
//!
//! The other one learns it without asking, after it has popped what was pushed before:
//!
//! ```
//! use queue::QueueError;
//! testkit::run(|system| {
//!     let (mine, offer) = queue::create(8, 16).unwrap();
//!     let mut samples = mine.consumer::<u64>();
//!     // The four handles of an offer travel as one argument; a test can give them so too.
//!     let [memory, bell, life, other] = offer.into_handles();
//!     let offer = queue::Offer::from_handles([memory, bell, life, other]);
//!     let mut producer = offer.producer::<u64>().unwrap();
//!     producer.try_push(&7).unwrap();
//!     drop(producer);
//!     assert_eq!(samples.pop(sys::FOREVER), Ok(7));
//!     assert_eq!(samples.pop(sys::FOREVER), Err(QueueError::Closed));
//! #   let _ = system;
//! });
//! ```
//!
//! # Records
//!
//! Encoding costs more than the ring. Items of a fixed layout, plain bytes without padding, are
//! copied as they are: [`queue::Plan::records`] makes a queue of them, [`queue::Plan::channel`]
//! one for requests and one for completions in one memory object. A batch is one copy and one
//! wake-up; an idle side asks for the other's life only when its bell rang for that. Disks are
//! served so: see `block`.
//!
//! # What can go wrong
//!
//! | you see | because |
//! |---|---|
//! | `QueueError::Full` | `try_push` does not wait; `push` and [`executor::push`] do |
//! | `QueueError::TooLong` | the item, encoded, is longer than a place |
//! | `QueueError::Corrupt` | the other side wrote nonsense; the item was skipped, go on or hang up. The loop above hangs up |
//! | `QueueError::PeerDied` | it ended without closing; wait for its next life and make a new queue |
//! | no free bit | an executor has 64; join many queues on one bell with [`queue::Merge`] |
//!
//! The other side is never trusted: indices and items are checked, and copied before they are
//! looked at. Next: [drivers](super::drivers).
