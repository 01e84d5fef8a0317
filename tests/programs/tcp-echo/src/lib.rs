//! Sends back what comes to TCP port 7, to one client at a time.
#![cfg_attr(target_os = "none", no_std)]
#![forbid(unsafe_code)]

use core::convert::Infallible;
use net_api::{NetClient, NetError, TcpListener, TcpStream};

/// Serves until it is ended.
pub fn start(env: rt::Env) -> Result<(), rt::Failure> {
    loop {
        let Err(error) = serve(&NetClient::connect(env.names())?);
        // When `net` dies, the listener is gone: its next life makes another one.
        if error != NetError::Gone {
            return Err(error.into());
        }
    }
}

fn serve(net: &NetClient) -> Result<Infallible, NetError> {
    let mut listener = TcpListener::bind(net, 7, 2)?;
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
    testkit::run(|system| {
        let net = system.program("net").fact("client", "1 echo").fact("client", "2 asker");
        let net = net.arg("echo=listen:tcp:7").arg("asker=connect:tcp:7").serve(net_core::alone);
        let _echo = net.client("echo", |endpoint| serve(&NetClient::from_endpoint(endpoint)));
        let asker = net.client("asker", |endpoint| {
            let net = NetClient::from_endpoint(endpoint);
            let to = net_api::Peer::new([127, 0, 0, 1], 7);
            let mut stream = TcpStream::connect(&net, to).unwrap();
            stream.write_all(b"hello").unwrap();
            let mut piece = [0; 5];
            assert_eq!(stream.read(&mut piece[..]), Ok(5));
            piece
        });
        assert_eq!(&asker.join(), b"hello");
    });
}
