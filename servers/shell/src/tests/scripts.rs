//! Loops, conditions, arguments and redirected errors over real volumes.

use super::{CONTROL_C, check, printed, with_shell};
use crate::Session;
use crate::syntax::parse;

#[test]
fn conditions_choose() {
    check(
        &[
            "for A in 1 2 3; do if [ $A -eq 1 ]; then echo one; elif test $A = 2; then echo two; else echo more; fi; done",
            "if false; then echo no; fi; echo $?",
            "if ! true; then echo no; else echo $?; fi",
            "if { false; true; } then echo group; fi",
        ],
        "one\ntwo\nmore\n0\n1\ngroup\n",
    );
}

#[test]
fn loops_end_when_they_should() {
    check(
        &[
            "A=0; while [ $A -lt 3 ]; do A=$((A + 1)); echo $A; done",
            "until [ $A = 0 ]; do A=$((A - 1)); done; echo left $A",
            "for A in x '' \"y z\" $(echo p q) /t*; do echo \"<$A>\"; done; for A in; do echo none; done",
            "for A in 1 2 3 4; do [ $A = 2 ] && continue; [ $A = 4 ] && break; echo $A; done",
            "for A in 1 2; do for B in 1 2; do [ $B = 2 ] && continue 2; echo $A$B; done; done",
            "while true; do while true; do break 9; done; echo never; done; echo out",
        ],
        "1\n2\n3\nleft 0\n<x>\n<>\n<y z>\n<p>\n<q>\n</tmp>\n1\n3\n11\n21\nout\n",
    );
    assert_eq!(printed(&["break"]), ("break: there is no loop around it\n".into(), 1));
    assert_eq!(printed(&["for A in 1; do break x; done"]).1, 2);
}

#[test]
fn loops_stand_in_pipelines() {
    check(
        &[
            "for A in b a; do echo $A; done | sort",
            "echo 'x y  z\nlast' > /f; while read A B; do echo \"$B,$A\"; done < /f",
            "cat /f | while read A; do echo [$A]; done | tail -1",
            "{ read A; cat; } < /f; echo $A",
            "echo 1 2 3 | read A B C && echo $C$B$A",
            "{ echo out; echo more; } > /g; cat /g | wc -l",
            "echo a > /g; echo b | cat - /g -; cat - < /g",
            "while true; do echo y; done | head -n 2",
            "echo $(for A in 1 2; do echo $A; done)",
        ],
        "a\nb\ny  z,x\n,last\n[last]\nlast\nx y  z\n321\n      2\nb\na\na\ny\ny\n1 2\n",
    );
}

#[test]
fn scripts_have_arguments_and_end() {
    check(
        &[
            "echo 'echo $0 $# $1 ${2}\nfor A; do echo \"<$A>\"; done\nfor A in \"$@\" end; do echo $A; done' > /s",
            "sh /s 'a b' c; echo \"[$#$1]\"",
            "echo 'shift; echo $*; set -- x; echo $1 $#\nif true; then exit 7; fi; echo never' > /s; sh /s a b c; echo $?",
            "echo 'for A in \"$@\"; do echo no; done; echo \"$@\" | wc -c' > /s; sh /s",
            "echo 'echo $1' | sh - typed; echo $(sh /s)",
        ],
        "/s 2 a b c\n<a b>\n<c>\na b\nc\nend\n[0]\nb c\nx 1\n7\n      1\ntyped\n1\n",
    );
    let (text, status) = printed(&["exit", "shift", "set -- a"]);
    let only = "shift: only a script has arguments\nset: only a script has arguments\n";
    let exit = "exit: the console's shell does not end: `shutdown` ends the system\n";
    assert_eq!((text, status), (format!("{exit}{only}"), 1));
}

#[test]
fn errors_name_the_line_of_the_script() {
    let (text, _) = printed(&[
        "echo 'true\nif true; then\n  cat /none\nfi\nA=$((1 / 0))\necho $(\nls -q)' > /s; sh /s",
        "echo 'if true; then\necho' > /s; sh /s",
    ]);
    assert_eq!(
        text,
        "/s: line 3: cat: /none: no such file or directory\n\
         /s: line 5: $((1 / 0)): division by 0\n\
         /s: line 7: usage: ls [-l] [-a] [-1] [-R] [PATH…]\n\n\
         /s: character 1: the `if` has no `fi`\n"
    );
}

#[test]
fn error_texts_are_redirected() {
    check(
        &[
            "cat /none 2> /e; echo $?; cat /e; ls /none 2>> /e; wc -l < /e; cat /none 2> /dev/null",
            "cat /none /e 2>&1 | grep -c none; ls /none > /o 2>&1; cat /o",
            "echo text >&2; { echo a >&2; cat /none; } 2> /e; cat /e; grep '(' 2>/e; wc -l < /e",
            "for A in 1 2; do ls /n$A; done 2>&1 | sort -r; cat /none | sort 2>/dev/null; true",
        ],
        "1\ncat: /none: no such file or directory\n      2\n3\n\
         ls: /none: no such file or directory\ntext\na\ncat: /none: no such file or directory\n      1\n\
         ls: /n2: no such file or directory\nls: /n1: no such file or directory\n\
         cat: /none: no such file or directory\n",
    );
    let (text, status) = printed(&["echo a 2> /none/e"]);
    assert_eq!((text.as_str(), status), ("/none/e: no such file or directory\n", 1));
}

#[test]
fn variables_are_exported_and_forgotten() {
    check(
        &["A=1; B=2; export A C=3; env; unset A; env; set; echo \"<$A>\""],
        "A=1\nC=3\nC=3\nB=2\nC=3\n<>\n",
    );
    assert_eq!(printed(&["export 1=2"]), ("export: `1` is no name\n".into(), 1));
}

#[test]
fn what_is_nested_too_deep_is_refused() {
    let (text, status) = printed(&[
        "echo 'if true; then if true; then if true; then if true; then sh /s; fi; fi; fi; fi' > /s",
        "sh /s",
    ]);
    let why = "shell: more than 20 scripts, $(, loops and conditions in each other\n";
    assert!(text.ends_with(why) && text.lines().count() == 1 && status == 1, "{text}");
}

#[test]
fn a_key_ends_a_loop_that_reads() {
    let (status, printed) = with_shell(&["one", CONTROL_C, "two"], |shell| {
        shell.run_line("while true; do read A; echo $A; done; echo never");
        let status = shell.status();
        shell.run_line("echo next");
        status
    });
    assert_eq!((status, printed.as_str()), (130, "one\nnext\n"));
}

#[test]
fn a_key_ends_a_loop_that_never_ends() {
    for line in [
        "while true; do echo presses; done; echo never",
        "until { while true; do true; echo presses >&2; done; }; do :; done || echo never",
        "echo 'for A in 1 2; do while :; do ! echo presses; done; done' > /s; sh /s; echo never",
    ] {
        let (status, printed) = with_shell(&[], move |shell| {
            shell.run_line(line);
            let status = shell.status();
            shell.run_line("echo next");
            status
        });
        assert!(status == 130 && printed.ends_with("presses\nnext\n"), "{status} {printed}");
        assert!(!printed.contains("never"), "{printed}");
    }
}

#[test]
fn lines_go_on_until_they_are_whole() {
    let typed =
        &["for A in 1 2", "do echo $A", "done", "echo 'a", CONTROL_C, "echo b &&", " echo c"];
    let ((), printed) = with_shell(typed, |shell| {
        let mut session = Session::new(shell);
        (0..3).for_each(|_| session.line());
    });
    assert_eq!(printed, "1\n2\nb\nc\n");
    let ((), printed) = with_shell(&["if true"], |shell| Session::new(shell).line());
    assert_eq!(printed, "shell: character 1: the `if` has no `then`\n");
}

#[test]
fn random_scripts_end() {
    let mut random = fastrand::Rng::with_seed(18);
    let pieces = [
        "for A in 1 2; do",
        "done",
        "if",
        "then",
        "fi",
        "while false; do",
        "{",
        "}",
        "echo a",
        "read A",
        "break",
        "continue 2",
        "cat /none",
        "| sort",
        ";",
        "\n",
        "2>&1",
        "> /tmp/f",
        "< /tmp/f",
        "exit 3",
        "echo $((A + 1))",
        "$(echo b)",
        "&& [ $A = 1 ]",
        "sh /tmp/f $A",
    ];
    let texts: Vec<String> = (0..3000)
        .map(|_| {
            let words = (0..random.usize(1..16)).map(|_| pieces[random.usize(0..pieces.len())]);
            words.collect::<Vec<_>>().join(" ")
        })
        .filter(|text| parse(text).is_ok())
        .collect();
    assert!(texts.len() > 50, "{}", texts.len());
    with_shell(&[], move |shell| {
        for text in &texts {
            shell.run_line(text);
            let left = (shell.depth, shell.loops, shell.leaving, shell.scripts.len());
            assert_eq!(left, (0, 0, None, 0), "{text}");
            assert!(shell.captured.is_none() && shell.input.is_none(), "{text}");
        }
    });
}
