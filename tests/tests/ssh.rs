//! The login over the network, by OpenSSH's client through a forwarded port.

use anyhow::{Context as _, Result, ensure};
use qemu_harness::{Forward, Machine, Network, Session};
use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Output, Stdio};
use std::time::Duration;
use system_tests::{COMMAND, expect, until, with_machine};

/// How long a client that was started may say nothing on a busy host.
const SILENCE: Duration = Duration::from_secs(120);

/// A host, and a key that may log in there.
struct Host {
    port: u16,
    folder: tempfile::TempDir,
}

impl Host {
    /// `None` where there is no OpenSSH.
    fn new() -> Result<Option<Self>> {
        let is_there = |program| Command::new(program).arg("-?").output().is_ok();
        if !is_there("ssh") || !is_there("ssh-keygen") {
            return Ok(None);
        }
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?.port();
        let host = Self { port, folder: tempfile::tempdir()? };
        for name in ["right", "wrong"] {
            let made = Command::new("ssh-keygen")
                .args(["-q", "-t", "ed25519", "-N", "", "-f"])
                .arg(host.key(name))
                .status()?;
            ensure!(made.success(), "ssh-keygen makes no key");
        }
        Ok(Some(host))
    }

    fn key(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The word of the kernel's command line that lets the right key log in.
    fn word(&self) -> Result<String> {
        let public = std::fs::read_to_string(self.key("right.pub"))?;
        let key = public.split_whitespace().nth(1).context("a public key has two words")?;
        Ok(format!("ssh-key={key}"))
    }

    /// A client with this key. The host's key is checked: it is that of the first login.
    fn client(&self, key: &str) -> Command {
        let mut command = Command::new("ssh");
        let known = format!("UserKnownHostsFile={}", self.key("known").display());
        command.args(["-F", "/dev/null", "-p", &self.port.to_string(), "-i"]).arg(self.key(key));
        for option in [
            "BatchMode=yes",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "LogLevel=ERROR",
            "StrictHostKeyChecking=accept-new",
            &known,
        ] {
            command.args(["-o", option]);
        }
        command.arg("postern@127.0.0.1");
        command
    }

    /// What a command prints, and its status.
    fn run(&self, command: &str) -> Result<(i32, String)> {
        let Output { status, stdout, stderr } =
            self.client("right").arg(command).stdin(Stdio::null()).output()?;
        let text = String::from_utf8_lossy(&stdout).into_owned();
        let why = String::from_utf8_lossy(&stderr);
        ensure!(status.code() != Some(255), "`{command}`: ssh failed: {why}");
        Ok((status.code().unwrap_or(-1), text))
    }

    fn check(&self, command: &str, status: i32, wanted: &str) -> Result<()> {
        let (came, text) = self.run(command)?;
        ensure!(came == status && text.contains(wanted), "`{command}`: status {came}:\n{text}");
        Ok(())
    }

    /// A login at a terminal.
    fn log_in(&self) -> Result<Login> {
        let mut child =
            self.client("right").arg("-tt").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let to = child.stdin.take().context("no pipe to ssh")?;
        let from = child.stdout.take().context("no pipe from ssh")?;
        let mut login = Login { child, to, from, shown: String::new() };
        login.wait_for("postern> ")?;
        Ok(login)
    }
}

/// A client at a terminal. It is killed when it is dropped.
struct Login {
    child: Child,
    to: ChildStdin,
    from: ChildStdout,
    shown: String,
}

impl Login {
    /// Types, and waits until this is shown; what was shown before does not count.
    fn type_for(&mut self, text: &str, wanted: &str) -> Result<()> {
        self.shown.clear();
        self.to.write_all(text.as_bytes())?;
        self.wait_for(wanted)
    }

    fn wait_for(&mut self, wanted: &str) -> Result<()> {
        let mut piece = [0; 1024];
        while !self.shown.contains(wanted) {
            let count = self.from.read(&mut piece)?;
            ensure!(count > 0, "the login ended before `{wanted}`:\n{}", self.shown);
            self.shown.push_str(&String::from_utf8_lossy(&piece[..count]));
        }
        Ok(())
    }

    fn status(mut self) -> Result<Option<i32>> {
        Ok(self.child.wait()?.code())
    }
}

impl Drop for Login {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn with_host(name: &str, test: impl FnOnce(&mut Session, &Host) -> Result<()>) {
    let Some(host) = Host::new().unwrap_or_else(|error| panic!("{error:#}")) else {
        println!("skipped: no OpenSSH here (`apt-get install openssh-client`)");
        return;
    };
    let change = |machine: &mut Machine| {
        let forwards = vec![Forward { host: host.port, guest: 22 }];
        machine.network = Some(Network { forwards, ..Network::default() });
        machine.random = true;
        machine.append(&host.word()?)?;
        Ok(())
    };
    with_machine(name, change, |session| {
        until("the SSH server", || Ok(is_up(host.port).then_some(())))?;
        test(session, &host)
    });
}

/// Whether the server says its name. QEMU accepts connections also while the guest does not.
fn is_up(port: u16) -> bool {
    let name = || -> std::io::Result<[u8; 7]> {
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port))?;
        stream.set_read_timeout(Some(SILENCE))?;
        let mut name = [0; 7];
        stream.read_exact(&mut name)?;
        Ok(name)
    };
    name().is_ok_and(|name| name == *b"SSH-2.0")
}

fn exists(path: &Path) -> bool {
    path.metadata().is_ok_and(|file| file.len() > 0)
}

#[test]
fn commands_have_input_output_and_a_status() {
    with_host("ssh-commands", |session, host| {
        host.check("uptime", 0, "system calls")?;
        ensure!(exists(&host.key("known")), "the host's key was not checked");
        host.check("echo one; exit 7", 7, "one\n")?;
        host.check("no-such-program", 127, "no such command")?;
        host.check("hello | tr a-z A-Z", 0, "HELLO")?;
        let (_, text) = host.run("seq 5000")?;
        let wanted: String = (1..=5000).map(|number| format!("{number}\n")).collect();
        ensure!(text == wanted, "5000 lines came as {} bytes", text.len());
        let mut client = host
            .client("right")
            .arg("cat | wc -l")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        client.stdin.take().context("no pipe to ssh")?.write_all(wanted.as_bytes())?;
        let output = client.wait_with_output()?;
        ensure!(String::from_utf8_lossy(&output.stdout).trim() == "5000", "{output:?}");
        expect(session, "echo here", &["here"]).map(drop)
    });
}

#[test]
fn another_key_is_refused() {
    with_host("ssh-keys", |session, host| {
        let refused = host.client("wrong").arg("uptime").stdin(Stdio::null()).output()?;
        let why = String::from_utf8_lossy(&refused.stderr);
        ensure!(refused.status.code() == Some(255), "{refused:?}");
        ensure!(why.contains("Permission denied (publickey)"), "{why}");
        host.check("uptime", 0, "system calls")?;
        // The volume has a place for the host's key, and keys that are added there may log in.
        let public = std::fs::read_to_string(host.key("wrong.pub"))?;
        let key = public.split_whitespace().take(2).collect::<Vec<_>>().join(" ");
        session.run(&format!("echo {key} > /etc/ssh/authorized_keys"), COMMAND)?;
        let accepted = host.client("wrong").arg("uptime").stdin(Stdio::null()).output()?;
        ensure!(accepted.status.success(), "{accepted:?}");
        expect(session, "ls /etc/ssh", &["authorized_keys", "host_key"]).map(drop)
    });
}

#[test]
fn several_shells_run_at_a_time_and_their_jobs_end_with_them() {
    with_host("ssh-shells", |session, host| {
        let (mut first, mut second) = (host.log_in()?, host.log_in()?);
        first.type_for("a=first\r", "postern> ")?;
        second.type_for("a=second; echo $a\r", "\nsecond")?;
        first.type_for("echo $a\r", "\nfirst")?;
        expect(session, "echo \"[$a]\"; ps", &["[]", "remote-shell"])?;
        // Ctrl-C reaches the program of its own terminal alone.
        first.type_for("run signals sleep &\r", "[")?;
        first.type_for("seq 100000000\r", "\n1000\r")?;
        second.type_for("seq 100000000\r", "\n1000\r")?;
        first.type_for("\x03", "postern> ")?;
        second.type_for("\x03", "postern> ")?;
        first.type_for("jobs\r", "signals")?;
        second.type_for("jobs; echo end\r", "\nend")?;
        ensure!(!second.shown.contains("signals"), "a job of another shell:\n{}", second.shown);
        second.type_for("exit 9\r", "exit 9")?;
        ensure!(second.status()? == Some(9), "the status of the shell is that of the session");
        // A client that vanishes takes its shell with it, and what runs there.
        drop(first);
        until("the end of the vanished client's programs", || {
            let table = session.run("ps", COMMAND)?;
            Ok((!table.contains("remote-shell") && !table.contains("signals")).then_some(()))
        })
    });
}

#[test]
fn the_rest_survives_the_server_s_death() {
    with_host("ssh-death", |session, host| {
        let login = host.log_in()?;
        expect(session, "kill -9 ssh; echo here", &["here"])?;
        ensure!(login.status()? == Some(255), "the connection ends");
        until("the next life", || Ok(is_up(host.port).then_some(())))?;
        host.check("uptime", 0, "system calls")?;
        // Its status is for a server that is no more.
        until("the end of the old shell", || {
            let table = session.run("ps", COMMAND)?;
            let lives = |row: &str| row.contains("remote-shell") && row.contains("running");
            Ok((!table.lines().any(lives)).then_some(()))
        })?;
        session.run("crash virtio-net", COMMAND)?;
        host.check("echo alive", 0, "alive\n")
    });
}
