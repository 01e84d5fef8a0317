//! The model that stateright explores.

use super::script::{Progress, Step};
use crate::hosted::{Driver, Place, Smp};
use crate::kernel::Sizes;
use crate::machine::{CpuId, Interrupt};
use crate::object::ThreadId;
use crate::tests::invariants::check;
use stateright::{Checker, Model, Property};
use std::cell::Cell;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::{Arc, Mutex, Once};

/// Sizes for scenes: a copy of the kernel is a few pages.
pub(super) const SMALL: Sizes = Sizes {
    frames_end: 128,
    threads: 4,
    processes: 3,
    endpoints: 2,
    notifications: 3,
    memories: 8,
    regions: 8,
    timers: 1,
    lifelines: 1,
    chunks: 3,
    irqs: 1,
    ports: 1,
    sched_contexts: 3,
    records: 1,
};

/// A booted machine with two CPUs, of which the first runs.
pub(super) fn boot() -> Driver {
    Driver::boot_with(&SMALL, 2)
}

/// What a scene expects when nothing can happen any more.
pub(super) type End = fn(&State);

/// A scene to be explored.
pub(super) struct Scene {
    /// Its name.
    pub(super) name: &'static str,
    /// The machine as it was set up.
    pub(super) start: Smp,
    /// What each thread does.
    pub(super) scripts: Vec<(ThreadId, Vec<Step>)>,
    /// Device interrupts that come once, whenever and wherever.
    pub(super) lines: Vec<u8>,
    /// What must be true at every end.
    pub(super) end: End,
    /// How a CPU leaves the kernel.
    pub(super) leave: Leave,
}

/// How a CPU leaves the kernel: as the loop does it, or with a known fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leave {
    /// The loop of the core.
    Faithful,
    /// Looks at the flags with interrupts on and does not look again (see `race`).
    LooksOnce,
}

/// One atomic step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    /// The thread that the CPU runs makes its next step.
    Program(CpuId),
    /// One turn of the exit loop.
    Turn(CpuId),
    /// An IPI by another CPU arrives.
    Ipi(CpuId),
    /// The CPU's timer fires.
    Timer(CpuId),
    /// A device interrupts this CPU.
    Line(CpuId, u8),
    /// Only of the loop that looks once: it leaves after it looked.
    Go(CpuId),
}

/// Everything.
#[derive(Clone)]
pub(super) struct State {
    pub(super) smp: Smp,
    pub(super) progress: Vec<Progress>,
    lines: Vec<u8>,
    /// CPUs that looked at their flags, saw none, and are about to leave (see `race`).
    pub(super) looked: [bool; 2],
    broken: Option<String>,
    digest: u64,
}

impl State {
    fn digest(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.smp.kernel.digest().hash(&mut hasher);
        (&self.smp.places, &self.progress, &self.lines, self.looked).hash(&mut hasher);
        hasher.finish()
    }
}

impl Hash for State {
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u64(self.digest);
        self.broken.hash(state);
    }
}

impl PartialEq for State {
    fn eq(&self, other: &Self) -> bool {
        (self.digest, &self.broken) == (other.digest, &other.broken)
    }
}

impl std::fmt::Debug for State {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{:?} {:?} {:?}", self.smp.places, self.progress, self.broken)
    }
}

/// A scene with what was seen while it was explored.
#[derive(Clone)]
struct Explored {
    scene: Arc<Scene>,
    /// From which state to which one.
    edges: Arc<Mutex<Vec<(u64, u64)>>>,
}

impl Explored {
    fn script(&self, thread: ThreadId) -> Option<(usize, &[Step])> {
        let mut scripts = self.scene.scripts.iter().enumerate();
        scripts.find(|(_, (id, _))| *id == thread).map(|(at, (_, script))| (at, script.as_slice()))
    }

    fn act(&self, state: &mut State, action: Action) {
        let smp = &mut state.smp;
        match action {
            Action::Program(cpu) => {
                if let Some((at, script)) = smp.running(cpu).and_then(|id| self.script(id)) {
                    state.progress[at].step(script, smp, cpu);
                }
            }
            Action::Turn(cpu) if self.scene.leave == Leave::LooksOnce => {
                super::race::turn(state, cpu);
            }
            Action::Turn(cpu) => smp.turn(cpu),
            Action::Go(cpu) => super::race::go(state, cpu),
            Action::Ipi(cpu) => smp.ipi_arrives(cpu),
            Action::Timer(cpu) => smp.timer_fires(cpu),
            Action::Line(cpu, line) => {
                state.lines.retain(|other| *other != line);
                smp.kernel.machine.unmasked.remove(&line);
                smp.interrupt(cpu, Interrupt::Line(line));
            }
        }
    }

    fn actions_of(&self, state: &State, cpu: CpuId, actions: &mut Vec<Action>) {
        let smp = &state.smp;
        let own = &smp.kernel.machine.cpus[usize::from(cpu.0)];
        if !smp.interruptible(cpu) {
            return;
        }
        if own.ipi_sent {
            actions.push(Action::Ipi(cpu));
        }
        if own.timer_ns.is_some() {
            actions.push(Action::Timer(cpu));
        }
        for line in &state.lines {
            if smp.kernel.machine.unmasked.contains(line) {
                actions.push(Action::Line(cpu, *line));
            }
        }
        match smp.place(cpu) {
            Place::Window if state.looked[usize::from(cpu.0)] => actions.push(Action::Go(cpu)),
            Place::Window => actions.push(Action::Turn(cpu)),
            Place::User(id) => {
                if let Some((at, script)) = self.script(id)
                    && state.progress[at].at < script.len()
                {
                    actions.push(Action::Program(cpu));
                }
            }
            Place::Idle | Place::Off(_) => {}
        }
    }
}

impl Model for Explored {
    type State = State;
    type Action = Action;

    fn init_states(&self) -> Vec<State> {
        let scene = &self.scene;
        let mut state = State {
            smp: scene.start.clone(),
            progress: vec![Progress::START; scene.scripts.len()],
            lines: scene.lines.clone(),
            looked: [false; 2],
            broken: None,
            digest: 0,
        };
        state.smp.kernel.forget_counts();
        state.digest = state.digest();
        vec![state]
    }

    fn actions(&self, state: &State, actions: &mut Vec<Action>) {
        if state.broken.is_none() {
            state.smp.cpus().for_each(|cpu| self.actions_of(state, cpu, actions));
        }
    }

    fn next_state(&self, last: &State, action: Action) -> Option<State> {
        let mut state = last.clone();
        let outcome = quietly(|| {
            self.act(&mut state, action);
            check(&state.smp.kernel);
            state.smp.kernel.forget_counts();
            let mut left = Vec::new();
            self.actions(&state, &mut left);
            if left.is_empty() {
                check_end(&state);
                (self.scene.end)(&state);
            }
        });
        state.broken = outcome.err();
        state.digest = state.digest();
        self.edges.lock().unwrap().push((last.digest, state.digest));
        Some(state)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![Property::always("holds", |_, state: &State| state.broken.is_none())]
    }
}

/// What is true when nothing can happen any more: no thread that may run waits.
fn check_end(state: &State) {
    let kernel = &state.smp.kernel;
    if state.smp.places.iter().any(|place| matches!(place, Place::Off(_))) {
        return;
    }
    for id in kernel.objects.threads.ids().filter(|id| kernel.objects.runnable(*id)) {
        let current = kernel.sched.cpus.iter().any(|cpu| cpu.current == Some(id));
        assert!(current, "{id:?} may run and nobody will ever run it");
    }
    assert!(kernel.objects.dying.is_empty(), "a dead process is never taken apart");
    assert_eq!(kernel.sched.deadlines.next_ns(), None, "a deadline is never noticed");
}

thread_local! {
    /// The thread tries a step; what goes wrong is told with the way there, by `explore`.
    static TRIES: Cell<bool> = const { Cell::new(false) };
}

/// Does something that may panic; the message if it does, which is printed nowhere else.
fn quietly(act: impl FnOnce()) -> Result<(), String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let usual = take_hook();
        set_hook(Box::new(move |panic| {
            if !TRIES.get() {
                usual(panic);
            }
        }));
    });
    TRIES.set(true);
    let outcome = catch_unwind(AssertUnwindSafe(act));
    TRIES.set(false);
    outcome.map_err(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        text.or_else(|| panic.downcast_ref::<&str>().map(|text| (*text).to_owned()))
            .unwrap_or_else(|| "panic".to_owned())
    })
}

/// What an exploration found.
pub(super) struct Report {
    /// States without repeats.
    pub(super) states: usize,
    /// What went wrong and the way there, one action a line.
    pub(super) broken: Option<String>,
}

impl Scene {
    /// Explores all of it and prints the counts.
    pub(super) fn explore(self) -> Report {
        let name = self.name;
        let leave = self.leave;
        let model = Explored { scene: Arc::new(self), edges: Arc::default() };
        let edges = model.edges.clone();
        let started = std::time::Instant::now();
        // The shortest way is worth its memory where one is sure to be found.
        let (broken, states, generated, depth) = if leave == Leave::Faithful {
            run(model.checker().threads(2).spawn_dfs())
        } else {
            run(model.checker().spawn_bfs())
        };
        let time = started.elapsed().as_secs_f32();
        println!("{name}: {states} states, {generated} steps tried, depth {depth}, {time:.1} s");
        if broken.is_none() {
            let edges = std::mem::take(&mut *edges.lock().unwrap());
            assert!(!has_circle(&edges), "{name}: a way leads round in a circle and has no end");
        }
        Report { states, broken }
    }

    /// Explores all of it; everything must hold.
    pub(super) fn holds(self) {
        let report = self.explore();
        assert!(report.broken.is_none(), "{}", report.broken.unwrap());
        assert!(report.states > 1);
    }
}

fn run(checker: impl Checker<Explored>) -> (Option<String>, usize, usize, usize) {
    let checker = checker.join();
    let broken = checker.discovery("holds").map(|path| {
        let steps = path.into_vec();
        let last = steps.last().and_then(|(state, _)| state.broken.clone()).unwrap_or_default();
        let mut text = String::new();
        for (number, (state, action)) in steps.iter().enumerate() {
            let places = format!("{:?}", state.smp.places);
            let action = action.as_ref().map(|action| format!("then {action:?}"));
            text += &format!("{number:4}: {places:32} {}\n", action.unwrap_or_default());
        }
        format!("{last}\n{text}")
    });
    assert!(broken.is_some() || checker.is_done(), "the exploration did not end");
    (broken, checker.unique_state_count(), checker.state_count(), checker.max_depth())
}

/// Whether the graph has a circle: what is left when states that nothing leads to are taken
/// away again and again. Source: Kahn, "Topological sorting of large networks" (1962).
fn has_circle(edges: &[(u64, u64)]) -> bool {
    let mut into: HashMap<u64, usize> = HashMap::new();
    let mut from: HashMap<u64, Vec<u64>> = HashMap::new();
    for (a, b) in edges {
        *into.entry(*b).or_default() += 1;
        into.entry(*a).or_default();
        from.entry(*a).or_default().push(*b);
    }
    let mut free: Vec<u64> =
        into.iter().filter(|(_, count)| **count == 0).map(|it| *it.0).collect();
    let mut taken = 0;
    while let Some(state) = free.pop() {
        taken += 1;
        for next in from.remove(&state).unwrap_or_default() {
            let count = into.get_mut(&next).unwrap();
            *count -= 1;
            if *count == 0 {
                free.push(next);
            }
        }
    }
    taken < into.len()
}

#[test]
fn a_circle_is_found() {
    assert!(!has_circle(&[(1, 2), (2, 3), (1, 3)]));
    assert!(has_circle(&[(1, 2), (2, 3), (3, 2)]));
}
