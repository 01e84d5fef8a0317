//! Programs with pipes: what they read and write, and how a pipe ends.

use console_api::stdio::{Chunk, STDIN, STDOUT, Stdio, StdioError, pipe};
use queue::{Offer, RecordConsumer, RecordProducer};
use sys::{FOREVER, Rights};
use testkit::{Client, Program, System};

fn with_pipe<'a>(mut program: Program<'a>, names: [&str; 4], offer: Offer) -> Program<'a> {
    for (name, handle) in names.into_iter().zip(offer.into_handles()) {
        program = program.handle(name, &sys::Memory::from(handle), Rights::ALL);
    }
    program
}

/// A program with both pipes, and this side of them.
fn piped<T: Send + 'static>(
    system: &System,
    work: impl FnOnce(Stdio) -> T + Send + 'static,
) -> (RecordProducer<Chunk>, RecordConsumer<Chunk>, Client<T>) {
    let (input, input_offer) = pipe().unwrap().create().unwrap();
    let (output, output_offer) = pipe().unwrap().create().unwrap();
    let program = with_pipe(system.program("upper"), STDIN, input_offer);
    let program = with_pipe(program, STDOUT, output_offer);
    let client = program.script(|env| work(Stdio::open(&env)));
    (input.producer(), output.consumer(), client)
}

fn push(input: &mut RecordProducer<Chunk>, text: &str) {
    input.push(&Chunk::of(text.as_bytes()).collect::<Vec<_>>(), FOREVER).unwrap();
}

/// All output, up to its end.
fn rest(output: &mut RecordConsumer<Chunk>) -> String {
    let mut all = Vec::new();
    let mut chunks = [Chunk::EMPTY; 3];
    while let Ok(count) = output.pop(&mut chunks, FOREVER) {
        chunks.iter().take(count).for_each(|chunk| all.extend_from_slice(chunk.bytes()));
    }
    String::from_utf8(all).unwrap()
}

#[test]
fn lines_come_whole_however_they_are_cut() {
    testkit::run(|system| {
        let (mut input, mut output, program) = piped(system, |mut stdio| {
            assert!(stdio.is_piped());
            while let Some(line) = stdio.read_line().unwrap() {
                stdio.print(format!("<{line}>\n")).unwrap();
            }
            stdio.read().unwrap()
        });
        for piece in ["one\ntw", "o\n", "\n", "ä", "ö\nlast"] {
            push(&mut input, piece);
            system.settle();
        }
        drop(input);
        system.settle();
        assert_eq!(rest(&mut output), "<one>\n<two>\n<>\n<äö>\n<last>\n");
        assert_eq!(program.join(), None);
    });
}

#[test]
fn a_writer_waits_for_its_reader_and_hears_of_its_end() {
    testkit::run(|system| {
        let (input, mut output, program) = piped(system, |mut stdio| {
            let text = "x".repeat(100_000);
            let first = stdio.print(&text);
            (first, stdio.print(&text))
        });
        let mut chunks = [Chunk::EMPTY; 1];
        let mut got = 0;
        while got < 100_000 {
            assert_eq!(output.pop(&mut chunks, FOREVER), Ok(1));
            got += chunks[0].bytes().len();
        }
        system.settle();
        drop((input, output));
        system.settle();
        assert_eq!(program.join(), (Ok(()), Err(StdioError::Closed)));
    });
}

#[test]
fn a_chunk_that_lies_about_its_length_is_cut() {
    let mut chunk = Chunk::EMPTY;
    zerocopy::IntoBytes::as_mut_bytes(&mut chunk)[..4].fill(0xff);
    assert_eq!(chunk.bytes().len(), 508);
}
