//! Programs in pipelines: each has a pipe for its output, and one for its input when it reads.

use super::Call;
use super::foreground::{no_such, told};
use crate::commands::programs::wait_for;
use crate::interrupts::Interrupts;
use crate::shell::Shell;
use crate::stream::Output;
use crate::terminal::Terminal;
use crate::trouble::Trouble;
use alloc::boxed::Box;
use alloc::rc::Rc;
use alloc::string::String;
use alloc::vec::Vec;
use console_api::stdio::{Chunk, STDIN, STDOUT, pipe};
use proc_api::{LaunchClient, ProcClient, Signal};
use queue::{Offer, QueueError, RecordConsumer, RecordProducer};
use sys::FOREVER;

/// A program that runs, and what follows it.
struct ProgramOutput {
    proc: ProcClient,
    pid: u32,
    name: String,
    interrupts: Rc<Interrupts>,
    terminal: Rc<Terminal>,
    /// Closed: the program reads to its end.
    input: Option<RecordProducer<Chunk>>,
    /// Closed: the program has ended its output, or no more of it is wanted.
    output: Option<RecordConsumer<Chunk>>,
    next: Box<dyn Output>,
    ended: bool,
}

impl Shell {
    /// Starts a program that writes into `next`, and takes input when it `reads`.
    pub(super) fn piped(
        &mut self,
        call: &Call,
        program: &str,
        arguments: &[String],
        reads: bool,
        mut next: Box<dyn Output>,
    ) -> Result<Box<dyn Output>, Trouble> {
        match self.start_piped(call, program, arguments, reads) {
            Ok((proc, pid, input, output)) => Ok(Box::new(ProgramOutput {
                proc,
                pid,
                name: program.into(),
                interrupts: self.interrupts.clone(),
                terminal: self.terminal.clone(),
                input,
                output: Some(output),
                next,
                ended: false,
            })),
            Err(trouble) => {
                // What follows gets no input.
                let _ = next.end();
                Err(trouble)
            }
        }
    }

    fn start_piped(
        &self,
        call: &Call,
        program: &str,
        arguments: &[String],
        reads: bool,
    ) -> Started {
        let proc = self.proc()?;
        let (creator, output_offer) = pipe()?.rings(self.interrupts.pipe_bell()?).create()?;
        let output = creator.consumer();
        let (mut input, mut input_offer) = (None, None);
        if reads {
            let (creator, offer) = pipe()?.rings(self.interrupts.pipe_bell()?).create()?;
            (input, input_offer) = (Some(creator.producer()), Some(offer));
        }
        let pid = self.launch(&proc, program, arguments, true, |launch| {
            told(self, call, launch)?;
            give(launch, STDOUT, output_offer)?;
            input_offer.map_or(Ok(()), |offer| give(launch, STDIN, offer))
        });
        let pid = pid.map_err(|trouble| no_such(call, program, trouble))?;
        Ok((proc, pid, input, output))
    }
}

type Started =
    Result<(ProcClient, u32, Option<RecordProducer<Chunk>>, RecordConsumer<Chunk>), Trouble>;

fn give(launch: &LaunchClient, names: [&str; 4], offer: Offer) -> Result<(), Trouble> {
    for (name, handle) in names.into_iter().zip(offer.into_handles()) {
        launch.give(name, handle)?;
    }
    Ok(())
}

impl ProgramOutput {
    /// Passes on what it has written.
    fn pass_on(&mut self) -> Result<(), Trouble> {
        let mut chunks = [Chunk::EMPTY; 8];
        while let Some(output) = &mut self.output {
            match output.pop_or_listen(&mut chunks) {
                Ok(0) => break,
                Ok(count) => {
                    for chunk in chunks.iter().take(count) {
                        self.next.write(chunk.bytes())?;
                    }
                }
                Err(QueueError::Closed | QueueError::PeerDied) => self.output = None,
                Err(error) => return Err(self.broken(&error)),
            }
        }
        self.next.pump()
    }

    /// Waits for anything to happen, unless the program has ended: then it is seen at once.
    fn wait(&mut self) -> Result<(), Trouble> {
        let open = match (&self.output, &self.input) {
            (Some(output), _) => output.check_peer(),
            (None, Some(input)) => input.check_peer(),
            (None, None) => return Ok(()),
        };
        if open.is_err() {
            // What it wrote before is still there.
            self.pass_on()?;
            (self.input, self.output) = (None, None);
            return Ok(());
        }
        self.interrupts.wait(FOREVER)
    }

    fn broken(&self, error: &QueueError) -> Trouble {
        Trouble::Named(alloc::format!("{}: its pipe: {error}", self.name))
    }

    /// Takes its pipes away and tells it why.
    fn stop(&mut self, trouble: &Trouble) {
        (self.input, self.output) = (None, None);
        let signal = match trouble {
            Trouble::Closed => Signal::PIPE,
            Trouble::Interrupted => Signal::INT,
            _ => Signal::TERM,
        };
        // It may have ended already. A stopped program is to see its signal, too.
        let _ = self.proc.kill(self.pid, signal.number());
        let _ = self.proc.kill(self.pid, Signal::CONT.number());
    }

    fn finish(&mut self) -> Result<(), Trouble> {
        self.input = None;
        loop {
            self.pass_on()?;
            if self.output.is_none() {
                return Ok(());
            }
            self.wait()?;
        }
    }
}

impl Output for ProgramOutput {
    fn write(&mut self, bytes: &[u8]) -> Result<(), Trouble> {
        let chunks: Vec<Chunk> = Chunk::of(bytes).collect();
        let mut rest = chunks.as_slice();
        while !rest.is_empty() {
            self.pass_on()?;
            let Some(input) = &mut self.input else { return Err(Trouble::Closed) };
            match input.push_or_listen(rest) {
                Ok(0) => self.wait()?,
                Ok(count) => rest = rest.get(count..).unwrap_or(&[]),
                Err(QueueError::Closed | QueueError::PeerDied) => self.input = None,
                Err(error) => return Err(self.broken(&error)),
            }
        }
        Ok(())
    }

    fn pump(&mut self) -> Result<(), Trouble> {
        self.pass_on()
    }

    fn end(&mut self) -> Result<Option<u64>, Trouble> {
        self.ended = true;
        let finished = self.finish();
        if let Err(trouble) = &finished {
            self.stop(trouble);
        }
        let status = wait_for(&self.terminal, &self.proc, self.pid, &self.name);
        let later = self.next.end();
        match finished {
            Ok(()) | Err(Trouble::Closed) => Ok(Some(later?.unwrap_or(status?))),
            Err(trouble) => Err(trouble),
        }
    }
}

impl Drop for ProgramOutput {
    /// A later command of the pipeline could not be started.
    fn drop(&mut self) {
        if !self.ended {
            let _ = self.proc.kill(self.pid, Signal::KILL.number());
            let _ = self.proc.wait(self.pid);
        }
    }
}
