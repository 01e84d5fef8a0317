//! Other programs and the network.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpListener;
use std::process::{Command, Stdio};

pub fn children() {
    let own = std::env::current_exe().unwrap();
    let status = Command::new(&own).arg("exit").status().unwrap();
    let output = Command::new("std-program").args(["echo", "a", "b"]).output().unwrap();
    let mut child = Command::new(&own)
        .arg("count")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(b"1\n2\n3\n").unwrap();
    let mut counted = String::new();
    child.stdout.take().unwrap().read_to_string(&mut counted).unwrap();
    assert!(child.wait().unwrap().success());
    let mut sleeper = Command::new(&own).arg("sleep").spawn().unwrap();
    assert!(sleeper.try_wait().unwrap().is_none());
    sleeper.kill().unwrap();
    assert!(!sleeper.wait().unwrap().success());
    assert_eq!(Command::new("/bin/none").spawn().unwrap_err().kind(), ErrorKind::NotFound);
    let text = String::from_utf8(output.stdout).unwrap();
    println!("children: {} {text:?} {}", status.code().unwrap(), counted.trim());
}

/// The manifest gives programs one port to listen on, and this is another one.
pub fn sockets() {
    let refused = TcpListener::bind("0.0.0.0:81").unwrap_err();
    assert_eq!(TcpListener::bind("127.0.0.1:8080").unwrap_err().kind(), ErrorKind::NotFound);
    println!("sockets: {:?}", refused.kind());
}
