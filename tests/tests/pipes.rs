//! Files and pipes at the prompt: over the volume in memory, with commands and programs.

use anyhow::{Result, ensure};
use qemu_harness::Session;
use system_tests::{COMMAND, at_prompt, expect};

/// Runs a line, and compares all that it prints.
fn prints(session: &mut Session, line: &str, wanted: &str) -> Result<()> {
    let printed = session.run(line, COMMAND)?;
    let printed = printed.replace('\r', "");
    ensure!(
        printed.trim() == wanted.trim(),
        "`{line}` is to print\n{wanted}\nand printed\n{printed}"
    );
    Ok(())
}

#[test]
fn commands_over_files_do_what_people_expect() {
    at_prompt("commands", |session| {
        prints(
            session,
            "cd /tmp; pwd; echo hello > a; cat a | wc",
            "/tmp\n      1       1       6",
        )?;
        prints(session, "mkdir -p d/e; cp a d; mv d/a d/e/b; cat d/*/*", "hello")?;
        prints(session, "ls /tmp", "a   d/")?;
        prints(session, "rm -r d; ls /tmp", "a")?;
        prints(session, "cat none || echo $?", "cat: none: no such file or directory\n1")?;
        expect(session, "ls -l /tmp", &["-rw-r--r--", " a"])?;
        expect(session, "df", &["memory", "/tmp", "writable"])?;
        expect(
            session,
            "sha256sum a",
            &["5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03"],
        )?;
        prints(session, "echo 'echo from a script' > s; sh s; rm a s", "from a script")
    });
}

#[test]
fn programs_and_commands_join_in_pipelines() {
    at_prompt("pipes", |session| {
        prints(session, "hello | wc -c", "14")?;
        prints(session, "echo abc | upper | cat", "ABC")?;
        prints(session, "hello you | upper > /tmp/u; cat /tmp/u", "HELLO, YOU!")?;
        prints(session, "upper < /tmp/u", "HELLO, YOU!")?;
        prints(session, "client 0 | head -1 | wc -l", "1")?;
        prints(session, "mandelbrot 1 > /tmp/m; wc -l < /tmp/m", "1")?;
        prints(session, "hostile | grep -v 'ok  ' | wc -l", "1")?;
        prints(session, "less", "less: no file and no input: name a file, or use `|`")?;
        // More than all pipes hold.
        let line = "0123456789".repeat(6);
        prints(session, &format!("cd /tmp; echo {line} > 0"), "")?;
        for step in 0..3 {
            prints(session, &format!("cat{} > {}", format!(" {step}").repeat(8), step + 1), "")?;
        }
        prints(session, "cat 3 3 3 3 | upper | upper | wc", "2048    2048  124928")?;
        prints(session, "cat 3 | upper | head -n 1", &line)?;
        prints(
            session,
            "nothing-like-it | cat",
            "nothing-like-it: no such command: `help` lists them",
        )?;
        // Nothing of them is left.
        prints(session, "ps | grep upper || echo none", "none")
    });
}

#[test]
fn tab_completes_at_the_prompt() {
    at_prompt("tab", |session| {
        prints(session, "touch /tmp/longname /tmp/other; echo ok", "ok")?;
        session.mark();
        session.send(b"ls /tmp/lo\t; echo no; hex\t/tmp/longname\r")?;
        session.wait_for("/tmp/longname\nno\n00000000\n", COMMAND)?;
        session.settle(COMMAND)
    });
}
