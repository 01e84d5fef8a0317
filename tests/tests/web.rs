//! The page of the living system, fetched through a forwarded port, also by a browser.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::{Forward, Machine, Network, Session, root};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::time::Duration;
use system_tests::{Browser, COMMAND, expect, until, with_machine};

/// How long the guest may say nothing on a busy host.
const SILENCE: Duration = Duration::from_secs(120);

/// Runs a test at the prompt of a machine whose web server this port leads to.
fn with_page(name: &str, test: impl FnOnce(&mut Session, u16) -> Result<()>) {
    let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).and_then(|it| it.local_addr());
    let port = free.unwrap_or_else(|error| panic!("{error}")).port();
    let change = |machine: &mut Machine| {
        let forwards = vec![Forward { host: port, guest: 80 }];
        machine.network = Some(Network { forwards, ..Network::default() });
        Ok(())
    };
    with_machine(name, change, |session| {
        until("the page", || {
            let answer = get(port, "/").unwrap_or_default();
            Ok(answer.starts_with("HTTP/1.1 200").then_some(()))
        })?;
        test(session, port)
    });
}

fn ask(port: u16, path: &str) -> Result<TcpStream> {
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
    stream.set_read_timeout(Some(SILENCE))?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    Ok(stream)
}

fn get(port: u16, path: &str) -> Result<String> {
    let mut answer = String::new();
    ask(port, path)?.read_to_string(&mut answer)?;
    Ok(answer)
}

/// Restarts of a server, as the last graph in this text tells them.
fn restarts_in(text: &str, server: &str) -> Option<u32> {
    let (_, node) = text.rsplit_once(&format!("data-node=\"{server}\""))?;
    let (node, _) = node.split_once("</g>")?;
    match node.split_once('↻') {
        Some((_, count)) => count.trim_start().split('<').next()?.parse().ok(),
        None => Some(0),
    }
}

/// Events as they come.
struct Events {
    stream: TcpStream,
    text: String,
}

impl Events {
    fn until(&mut self, what: &str, look: impl Fn(&str) -> bool) -> Result<()> {
        let (mut bytes, mut piece) = (Vec::new(), [0; 4096]);
        while !look(&self.text) {
            let count = self.stream.read(&mut piece).with_context(|| format!("no {what}"))?;
            ensure!(count > 0, "the events ended before {what}");
            bytes.extend_from_slice(&piece[..count]);
            // A piece may end within a character.
            if let Ok(text) = std::str::from_utf8(&bytes) {
                self.text.push_str(text);
                bytes.clear();
            }
        }
        Ok(())
    }
}

#[test]
fn the_page_tells_of_deaths_and_survives_that_of_the_card() {
    with_page("web", |session, port| {
        let page = get(port, "/")?;
        for wanted in ["<b>template</b>", "data-from=\"net\" data-to=\"virtio-net\"", "10.0.2.15"] {
            ensure!(page.contains(wanted), "`{wanted}` is not in the page:\n{page}");
        }
        ensure!(get(port, "/postern.css")?.contains("prefers-color-scheme: dark"), "no dark style");
        for (path, status) in [("/../x", "400"), ("/%2e%2e/x", "400"), ("/none", "404")] {
            let answer = get(port, path)?;
            ensure!(answer.starts_with(&format!("HTTP/1.1 {status}")), "{path}: {answer}");
        }
        let mut events = Events { stream: ask(port, "/events")?, text: String::new() };
        events.until("the graph", |text| restarts_in(text, "template") == Some(0))?;
        session.run("kill -9 template", COMMAND)?;
        events.until("the death", |text| restarts_in(text, "template") == Some(1))?;
        session.run("crash virtio-net", COMMAND)?;
        events.until("the card's death", |text| restarts_in(text, "virtio-net") == Some(1))?;
        expect(session, "netstat", &["0.0.0.0:80", "web"])?;
        session.run("kill -9 web", COMMAND)?;
        until("the page of the next life", || {
            let answer = get(port, "/").unwrap_or_default();
            Ok((restarts_in(&answer, "web") == Some(1)).then_some(()))
        })
    });
}

#[test]
fn a_browser_shows_the_page_while_servers_die() {
    let browser = Browser::start().unwrap_or_else(|error| panic!("{error:#}"));
    let Some(mut browser) = browser else {
        println!("skipped: no Chromium here (`apt-get install chromium`)");
        return;
    };
    with_page("web-browser", |session, port| {
        browser.open(&format!("http://127.0.0.1:{port}/"))?;
        let node =
            |name: &str| format!("document.querySelector('[data-node={name}]')?.textContent");
        let shows = |browser: &mut Browser, what: &str, name: &str, wanted: &str| {
            until(what, || Ok(browser.value(&node(name))?.contains(wanted).then_some(())))
        };
        shows(&mut browser, "the graph", "template", "template")?;
        until("events", || {
            let live = browser.value("document.getElementById('live').textContent")?;
            Ok((live == "live").then_some(()))
        })?;
        session.run("kill -9 template", COMMAND)?;
        shows(&mut browser, "the death in the page", "template", "↻ 1")?;
        session.run("crash virtio-net", COMMAND)?;
        shows(&mut browser, "the card's death in the page", "virtio-net", "↻ 1")?;
        for scheme in ["light", "dark"] {
            browser.prefer(scheme)?;
            browser.picture(&root().join(format!("target/web-{scheme}.png")))?;
        }
        println!("pictures: target/web-light.png, target/web-dark.png");
        Ok(())
    });
}
