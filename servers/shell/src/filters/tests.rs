//! Each filter alone, fed in one piece and byte by byte.

use super::{cat, cut, grep, head, hexdump, sha256sum, sort, tail, tr, uniq, wc};
use crate::stream::{Output, Sieve};
use crate::trouble::Trouble;

/// Output that is kept.
#[derive(Default)]
struct Kept(Vec<u8>);

impl Output for Kept {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        self.0.extend_from_slice(bytes);
        Ok(())
    }

    fn end(&mut self) -> Result<Option<u64>, Trouble> {
        Ok(None)
    }
}

type Make = fn(&[&str]) -> Result<Sieve, Trouble>;

/// The output and status for an input that comes in pieces of this size.
fn filtered(make: Make, words: &[&str], input: &[u8], size: usize) -> (String, u64) {
    let mut sieve = make(words).unwrap();
    let mut out = Kept::default();
    for piece in input.chunks(size) {
        match sieve.filter.take(piece, &mut out) {
            Err(Trouble::Closed) => break,
            result => result.unwrap(),
        }
    }
    let status = sieve.filter.end(&mut out).unwrap();
    (String::from_utf8(out.0).unwrap(), status)
}

fn check(make: Make, words: &[&str], input: &str, wanted: &str) {
    for size in [1, 3, 1000] {
        let (output, _) = filtered(make, words, input.as_bytes(), size);
        assert_eq!(output, wanted, "{words:?} {input:?} by {size}");
    }
}

#[test]
fn cat_head_and_tail() {
    check(cat, &[], "a\nb", "a\nb");
    check(head, &["-n", "2"], "a\nb\nc\n", "a\nb\n");
    check(head, &["-n2"], "a", "a");
    check(head, &["-2"], "a\nb\nc\n", "a\nb\n");
    check(head, &["-n", "0"], "a\n", "");
    check(head, &[], &"x\n".repeat(20), &"x\n".repeat(10));
    check(tail, &["-n", "2"], "a\nb\nc\n", "b\nc\n");
    check(tail, &["-n", "2"], "a\nb\nc", "b\nc");
    check(tail, &["-n", "0"], "a\nb", "");
    check(tail, &[], "a\n", "a\n");
    check(head, &["-c", "3"], "a\nbc", "a\nb");
    check(tail, &["-c3"], "a\nbc\n", "bc\n");
    check(tail, &["-c", "9"], "a\n", "a\n");
    assert!(head(&["-c1", "-n1"]).is_err());
}

#[test]
fn head_asks_for_no_more_than_it_shows() {
    let mut sieve = head(&["-n", "1"]).unwrap();
    let took = sieve.filter.take(b"a\nb\n", &mut Kept::default());
    assert!(matches!(took, Err(Trouble::Closed)));
}

#[test]
fn wc_counts() {
    check(wc, &[], "a b\n\n c", "      2       3       7\n");
    check(wc, &["-l"], "a\nb\n", "      2\n");
    check(wc, &["-wc"], "a bc", "      2       4\n");
}

#[test]
fn grep_finds_what_fits() {
    let text = "one\nTwo.\nthree [x]\nlast";
    check(grep, &["o"], text, "one\nTwo.\n");
    check(grep, &["-n", "e"], text, "1:one\n3:three [x]\n");
    check(grep, &["-i", "TWO"], text, "Two.\n");
    check(grep, &["-v", "o"], text, "three [x]\nlast\n");
    check(grep, &["-nv", ""], text, "");
    check(grep, &["[x]"], text, "three [x]\n");
    check(grep, &["-F", "[x]"], text, "three [x]\n");
    check(grep, &["-F", "w."], text, "");
    check(grep, &["^(one|l.*t)$"], text, "one\nlast\n");
    check(grep, &["-c", "t|T"], text, "3\n");
    check(grep, &["-cv", "."], text, "0\n");
    for wrong in ["(", "a{2000}{2000}", "[z-a]"] {
        let refused = grep(&[wrong]).map(|_| ());
        assert!(matches!(refused, Err(Trouble::Failed(why)) if why.contains(wrong)));
    }
    assert_eq!(filtered(grep, &["-q", "o"], text.as_bytes(), 9), (String::new(), 0));
    assert_eq!(filtered(grep, &["-cq", "O"], text.as_bytes(), 9), (String::new(), 1));
    check(grep, &["--", "-"], "a-b\n", "a-b\n");
    assert_eq!(filtered(grep, &["nothing"], text.as_bytes(), 9).1, 1);
    assert_eq!(filtered(grep, &["last"], text.as_bytes(), 9).1, 0);
    assert!(matches!(grep(&["-n"]).map(|_| ()), Err(Trouble::Usage)));
}

#[test]
fn sort_by_text_and_by_number() {
    check(sort, &[], "b\na\n\nc", "\na\nb\nc\n");
    check(sort, &["-r"], "b\na\n", "b\na\n");
    check(sort, &["-n"], "10 x\n9\n-3\nnone\n", "-3\nnone\n9\n10 x\n");
    check(sort, &["-rn"], "10\n9\n11\n", "11\n10\n9\n");
}

#[test]
fn cut_takes_fields_and_characters() {
    check(cut, &["-f2"], "a\tb\tc\nwhole\n", "b\nwhole\n");
    check(cut, &["-d", ":", "-f", "1,3-"], "a:b:c:d\n", "a:c:d\n");
    check(cut, &["-c", "-2,4"], "abcde\nä", "abd\nä\n");
    for wrong in [&["-f0"][..], &["-f3-2"], &["-f-"], &["-f1", "-c1"], &[], &["-d::", "-f1"]] {
        assert!(matches!(cut(wrong).map(|_| ()), Err(Trouble::Usage)), "{wrong:?}");
    }
}

#[test]
fn tr_replaces_and_removes_characters() {
    check(tr, &["a-c", "A-C"], "abcd\n", "ABCd\n");
    check(tr, &["ab", "x"], "abc", "xxc");
    check(tr, &["-d", "\\n "], "a b\nc", "abc");
    check(tr, &[" ", "\\n"], "a b", "a\nb");
    assert!(tr(&["ä", "a"]).is_err() && tr(&["a", ""]).is_err() && tr(&["a"]).is_err());
}

#[test]
fn uniq_shows_repeated_lines_once() {
    check(uniq, &[], "a\na\nb\na", "a\nb\na\n");
    check(uniq, &["-c"], "a\na\nb\n", "      2 a\n      1 b\n");
    check(uniq, &["-d"], "a\na\nb\n\n\n", "a\n\n");
    check(uniq, &[], "", "");
}

#[test]
fn what_is_kept_is_bounded() {
    for make in [sort as Make, tail] {
        let mut sieve = make(&[]).unwrap();
        let line = [vec![b'x'; 40_000], vec![b'\n']].concat();
        let refused = (0..10).find_map(|_| sieve.filter.take(&line, &mut Kept::default()).err());
        assert!(matches!(refused, Some(Trouble::Failed(_))));
    }
    let mut sieve = grep(&["x"]).unwrap();
    let refused =
        (0..10).find_map(|_| sieve.filter.take(&[b'y'; 40_000], &mut Kept::default()).err());
    assert!(matches!(refused, Some(Trouble::Failed(why)) if why.contains("line")));
}

#[test]
fn hexdump_shows_bytes() {
    check(
        hexdump,
        &[],
        "0123456789abcdef\n\u{1}",
        "00000000  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|\n\
         00000010  0a 01                                             |..|\n00000012\n",
    );
}

/// Source: FIPS 180-4, the examples for SHA-256.
#[test]
fn sha256sum_of_the_standard() {
    check(
        sha256sum,
        &[],
        "abc",
        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad  -\n",
    );
}
