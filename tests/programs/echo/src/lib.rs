//! The echo server, for the machine and for tests on the host.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use echo_api::Echo;
use service::{Caller, Never, String};

struct Server;

impl Echo for Server {
    fn echo(&mut self, _: &Caller, text: String) -> Result<String, Never> {
        Ok(text)
    }
}

/// Serves until it is ended.
pub fn start(env: rt::Env) -> Result<(), rt::Failure> {
    executor::Executor::new()?.serve::<dyn Echo>(env.handle("endpoint")?, &mut Server)?;
    Ok(())
}

#[test]
fn it_says_again_what_it_hears() {
    testkit::run(|system| {
        let endpoint = system.serve("echo", start).endpoint(1);
        assert_eq!(echo_api::EchoClient::from_endpoint(endpoint).echo("Hello").unwrap(), "Hello");
    });
}
