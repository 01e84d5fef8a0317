//! The language over real volumes.

use super::{check, printed, with_shell};

#[test]
fn a_file_is_written_and_read() {
    check(
        &["echo hello > /a; cat /a", "echo more >> /a", "cat /a | wc", "wc -l < /a"],
        "hello\n      2       2      11\n      2\n",
    );
}

#[test]
fn pipes_have_any_length() {
    check(&["echo 'b\na\nb\nc' > /x", "cat /x | sort -r | head -n 2 | grep -n b | cat"], "2:b\n");
}

#[test]
fn status_decides_what_follows() {
    check(
        &["cat /none && echo yes || echo no; echo $?", "echo a | grep b || echo none"],
        "cat: /none: no such file or directory\nno\n0\nnone\n",
    );
    assert_eq!(printed(&["nothing-like-it"]).1, 1, "there is no proc to ask");
    assert_eq!(printed(&["echo 'a"]), ("shell: character 6: a ' has no partner\n".into(), 2));
}

#[test]
fn output_becomes_words() {
    check(
        &[
            "echo 'b  c\nd' > /x; echo a$(cat /x)e",
            "echo \"a$(cat /x)e\" | wc -l; A=$(cat /x | head -1); echo $A",
            "echo $(echo $(echo '(in)' \")\")) > /$(echo y); cat /y",
            "echo x$(rm -f /none)y $(rm -f /none)$(rm -f /none) z",
        ],
        "ab c de\n      2\nb  c\n(in) )\nxy z\n",
    );
    for (line, why) in [
        ("echo $(cat", "shell: character 6: a $( has no )\n"),
        ("echo $(if true)", "shell: character 6: the `if` has no `then` before the )\n"),
        ("echo $(cat |)", "shell: character 6: no command at `|`\n"),
        (
            "echo $($($($($($($($($($($($($($($($($(x)))))))))))))))))",
            "shell: character 6: more than 16 $(, loops and conditions in each other\n",
        ),
        ("echo $(cat /none)", "cat: /none: no such file or directory\n\n"),
    ] {
        assert_eq!(with_shell(&[], move |shell| shell.run_line(line)).1, why);
    }
}

#[test]
fn variables_and_globs() {
    check(
        &[
            "A='x y' B=/tmp/b",
            "echo $A > $B.txt; touch /tmp/c.txt /tmp/.d",
            "echo /t*/*.txt \"$A\"*",
            "cd /tmp; echo *; set",
        ],
        "/tmp/b.txt /tmp/c.txt x y*\nb.txt c.txt\nA=x y\nB=/tmp/b\n",
    );
}

#[test]
fn a_command_that_reads_nothing_ends_the_one_before() {
    check(&["echo a > /a; cat /a | echo b | cat"], "b\n");
}

#[test]
fn what_is_typed_is_input() {
    let (status, printed) = with_shell(&["two", "one"], |shell| {
        shell.run_line("sort > /tmp/s");
        shell.run_line("cat /tmp/s");
        shell.status()
    });
    assert_eq!((status, printed.as_str()), (0, "one\ntwo\n"));
}

#[test]
fn less_without_a_file_leaves_the_next_lines_alone() {
    let ((), printed) = with_shell(&["echo next"], |shell| {
        shell.run_line("less");
        assert_eq!(shell.terminal.read("").unwrap(), "echo next");
    });
    assert_eq!(printed, "less: no file and no input: name a file, or use `|`\n");
}

#[test]
fn conditions_are_tested() {
    check(
        &[
            "echo a > /f; mkdir /d; ln -s f /l; > /tmp/none",
            "test -f /f && [ -d /d ] && [ -L /l ] && [ -s /l ] && echo files",
            "[ ! -s /tmp/none ] && ! test -e /f/x && ! [ -f /d ] && [ ! -e /gone ] && echo none",
            "A=3; [ $A -eq 3 ] && [ $A -lt 10 ] && [ $A != 4 ] && ! [ $A -ge 4 ] && echo numbers",
            "[ -n a ] && [ -z '' ] && test a && ! test '' && ! test && [ ! = ! ] && echo texts",
        ],
        "files\nnone\nnumbers\ntexts\n",
    );
    for line in ["[ a", "[ a -eq 1 ]", "test a b c d", "test -q a"] {
        let printed = with_shell(&[], move |shell| shell.run_line(line)).1;
        assert!(printed.starts_with("usage: "), "{line}: {printed}");
    }
}

#[test]
fn a_status_is_inverted() {
    check(&["! false && echo yes; ! true || echo no; ! echo a | grep b; echo $?"], "yes\nno\n0\n");
}

#[test]
fn cd_goes_back_and_home() {
    check(
        &["mkdir /home /d; cd /d; cd ~; pwd; cd -; cd -", "echo a > ~/f; cat ~/f"],
        "/home\n/d\n/home\na\n",
    );
    let none = printed(&["cd -"]);
    assert_eq!(none, ("cd: there is no directory before\n".into(), 1));
}

#[test]
fn redirections_that_cannot_be_are_told() {
    for (line, why) in [
        ("echo a > /none/x", "/none/x: no such file or directory\n"),
        ("cat < /none", "/none: no such file or directory\n"),
        ("echo a > /x | cat", "shell: only the last command has a file\n"),
        ("echo a | cat < /x", "shell: only the first command reads a file\n"),
        ("echo a > /tmp", "/tmp: is a directory\n"),
        ("echo a &", "shell: only a program can run in the background\n"),
    ] {
        let (printed, status) = with_shell(&[], move |shell| {
            shell.run_line(line);
            shell.status()
        })
        .into_printed();
        assert!(printed.ends_with(why) && status != 0, "{line}: {printed} {status}");
    }
}

#[test]
fn a_full_volume_names_the_file() {
    let (text, status) = printed(&[
        "echo 0123456789012345678901234567890123456789012345678901234567890123 > /big",
        "cat /big /big /big /big /big /big /big /big > /big1; cat /big1 /big1 /big1 /big1 /big1 /big1 /big1 /big1 > /big2",
        "cat /big2 /big2 /big2 /big2 /big2 /big2 /big2 /big2 > /big3",
        "cat /big3 /big3 > /tmp/full",
    ]);
    assert_eq!(status, 1);
    assert_eq!(text, "/tmp/full: no space left on the volume\n");
}

#[test]
fn scripts_run_and_their_errors_have_lines() {
    check(
        &["echo 'echo one # first\nA=2\necho $A | cat\ncat /none || echo three' > /s", "sh /s"],
        "one\n2\n/s: line 4: cat: /none: no such file or directory\nthree\n",
    );
    let (text, status) = printed(&["echo 'echo one\necho \"' > /s; sh /s"]);
    assert_eq!((text.as_str(), status), ("/s: line 2, character 6: a \" has no partner\n", 1));
    let (text, _) = printed(&["echo 'sh /s' > /s; sh /s"]);
    assert_eq!(text, "/s: line 1: sh: /s: more than 8 scripts in each other\n");
}

#[test]
fn time_tells_of_a_whole_pipeline() {
    let (text, status) = printed(&["echo a > /a; time cat /a | wc -c"]);
    assert!(text.starts_with("      2\ntook ") && status == 0, "{text}");
}

#[test]
fn random_lines_end() {
    let mut random = fastrand::Rng::with_seed(7);
    let pieces = [
        "echo a",
        "cat",
        "/tmp/x",
        "|",
        ";",
        "&&",
        "||",
        ">",
        ">>",
        "<",
        "wc",
        "head -n 1",
        "$?",
        "*",
        "'q'",
        "A=b",
        "ls",
        "sort",
        "rm -f /tmp/x",
        "&",
        "#",
        "time",
        "sh",
        "$(cat /tmp/x)",
        "a\"$(echo b)\"",
    ];
    let lines: Vec<String> = (0..400)
        .map(|_| {
            let words = (0..random.usize(1..8)).map(|_| pieces[random.usize(0..pieces.len())]);
            words.collect::<Vec<_>>().join(" ")
        })
        .collect();
    let (count, printed) = with_shell(&[], move |shell| {
        lines.iter().for_each(|line| shell.run_line(line));
        lines.len()
    });
    assert!(count == 400 && printed.contains('a'));
}

trait IntoPrinted {
    fn into_printed(self) -> (String, u64);
}

impl IntoPrinted for (u64, String) {
    fn into_printed(self) -> (String, u64) {
        (self.1, self.0)
    }
}
