//! Sends back what comes to TCP port 7, to one client at a time.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::convert::Infallible;
use net_api::{NetClient, NetError, TcpListener, TcpStream};

/// Serves until it is ended.
pub fn start(env: rt::Env) -> Result<(), rt::Failure> {
    loop {
        let net = NetClient::connect(env.names())?;
        let Err(error) = TcpListener::bind(&net, 7, 2).and_then(serve);
        // When `net` dies, the listener is gone: its next life makes another one.
        if error != NetError::Gone {
            return Err(error.into());
        }
    }
}

fn serve(mut listener: TcpListener) -> Result<Infallible, NetError> {
    loop {
        let (stream, _) = listener.accept()?;
        // A connection that breaks is the end of that connection alone.
        let _ = echo(stream.with_timeout(10_000_000_000));
    }
}

fn echo(mut stream: TcpStream) -> Result<(), NetError> {
    let mut piece = [0; 1024];
    loop {
        match stream.read(&mut piece[..])? {
            0 => return Ok(()),
            count => stream.write_all(piece.get(..count).unwrap_or_default())?,
        }
    }
}

#[test]
fn what_is_sent_comes_back() {
    let (bound, listens) = std::sync::mpsc::channel();
    testkit::run(|system| {
        let net = system.program("net").fact("client", "1 echo").fact("client", "2 asker");
        let net = net.arg("echo=listen:tcp:7").arg("asker=connect:tcp:7").serve(net_core::alone);
        let _echo = net.client("echo", move |endpoint| {
            let listener = TcpListener::bind(&NetClient::from_endpoint(endpoint), 7, 2).unwrap();
            bound.send(()).unwrap();
            serve(listener)
        });
        let asker = net.client("asker", move |endpoint| {
            listens.recv().unwrap();
            let to = net_api::Peer::new([127, 0, 0, 1], 7);
            let mut stream = TcpStream::connect(&NetClient::from_endpoint(endpoint), to).unwrap();
            stream.write_all(b"hello").unwrap();
            let mut piece = [0; 5];
            assert_eq!((stream.read(&mut piece[..]), &piece), (Ok(5), b"hello"));
        });
        asker.join();
    });
}
