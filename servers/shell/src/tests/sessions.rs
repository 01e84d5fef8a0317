//! Lines of a session: completion and history.

use super::{on_terminal, with_screen, with_shell};
use crate::Session;
use console_api::{RawKey, TERMINAL};

/// What a session prints for these lines; each that ends in a tab is one before Tab was pressed.
fn session(lines: &[&'static str], prepare: &'static str) -> String {
    let count = lines.len();
    let (_, printed) = with_shell(lines, move |shell| {
        shell.run_line(prepare);
        let mut session = Session::new(shell);
        (0..count).for_each(|_| session.line());
    });
    printed
}

#[test]
fn tab_completes_and_shows() {
    let printed =
        session(&["hex\t", "cat /d/\t", "cat /d/b\t", "echo x"], "mkdir -p /d/bb; touch /d/a");
    assert_eq!(printed, "typed \"dump \"\na  bb/\ntyped \"b/\"\nx\n");
}

#[test]
fn lines_are_kept_on_the_volume() {
    let printed = session(&["echo one", "  ", "cat /home/.history"], "mkdir /home");
    assert_eq!(printed, "one\necho one\ncat /home/.history\n");
    let numbered = session(&["echo one", "echo two", "history -n 2"], "mkdir /home");
    assert_eq!(numbered, "one\ntwo\n    2  echo two\n    3  history -n 2\n");
    assert_eq!(session(&["echo one", "ls /"], "touch /x"), "one\ntmp/  x\n", "there is no /home");
}

#[test]
fn a_long_history_is_cut() {
    let (lines, _) = with_shell(&[], |shell| {
        shell.files.make_directory("/home").unwrap();
        let mut text = String::new();
        (0..10_000).for_each(|number| text.push_str(&format!("echo {number}\n")));
        shell.files.replace("/home/.history", text.as_bytes()).unwrap();
        let lines = crate::history::History::load(&shell.files);
        (lines, shell.files.read("/home/.history").unwrap().len())
    });
    assert_eq!(lines.0.last().map(String::as_str), Some("echo 9999"));
    assert!(lines.0.len() > 200 && lines.1 <= 32 << 10, "{} {}", lines.0.len(), lines.1);
}

#[test]
fn less_and_edit_have_the_screen() {
    let keys = [RawKey::Char('h'), RawKey::Char('i'), RawKey::Control('s'), RawKey::Control('q')];
    let (status, printed) = with_screen(&[], &keys, |shell| {
        shell.run_line("edit /f; cat /f | less; cat /f");
        shell.status()
    });
    assert_eq!(status, 0);
    assert!(printed.contains("3 bytes saved") && printed.contains("q ends"), "{printed}");
    assert!(printed.ends_with("\x1b[?1049lhi\n"), "{printed}");
}

#[test]
fn a_shell_on_a_terminal_of_its_own_ends() {
    let lines = ["echo a; exit 3; echo b", "echo c"];
    let (ended, printed) = on_terminal(TERMINAL, &lines, &[], |shell| {
        let mut session = Session::new(shell);
        session.line();
        session.ended()
    });
    assert_eq!((ended, printed.as_str()), (Some(3), "a\n"));
    // The fake console has no more lines: the end of the input.
    let (ended, _) = on_terminal(TERMINAL, &[], &[], |shell| {
        shell.run_line("false");
        let mut session = Session::new(shell);
        session.line();
        session.ended()
    });
    assert_eq!(ended, Some(1), "the status of the last command");
}

#[test]
fn the_shell_of_the_console_does_not_end() {
    let (ended, printed) = with_shell(&["exit"], |shell| {
        let mut session = Session::new(shell);
        session.line();
        session.line();
        session.ended()
    });
    assert_eq!(ended, None);
    assert_eq!(printed.matches("`shutdown` ends the system").count(), 2, "{printed}");
}
