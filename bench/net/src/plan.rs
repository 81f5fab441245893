//! What is measured, in which groups, and what is made of it.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::copy;
use crate::exchange::Exchange;
use crate::link::{Problem, Subject};
use crate::outside::Outside;
use crate::process::{Pair, Test};
use crate::report::{Report, rows};
use crate::sample::WANTED;

/// How long one run of a test takes about.
const RUN: f64 = 0.012;
/// Groups of a chapter at most.
const TRIED: usize = 40;

/// What can be chosen.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// How long all of it may take.
    pub limit: Duration,
}

/// Whose time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// One of our own pairs of processes.
    Us(Subject),
    /// Another's program.
    Them(Outside),
    /// The calls of a message on one of our ways, both ends played by one thread: what no other processor has a part in.
    Calls(Subject),
    /// The processor's own copying, of memory that is in its caches.
    Memcpy,
    /// The system's copying from process to process, of the same memory.
    SystemCopy,
}

/// A figure: seconds for one message.
pub type Key = (Who, Test);

/// What was measured between two exchanges of two cache lines.
pub struct Group {
    /// Seconds of a raw round trip, before and after.
    pub around: [f64; 2],
    /// The figures.
    pub values: BTreeMap<Key, f64>,
}

/// Size of a small message, and of those of the streams.
pub const SMALL: usize = 64;
/// What fits into one cache line beside its header.
pub const INLINE: usize = 48;
/// The small, the middle and the large message of the streams.
pub const SIZES: [usize; 3] = [4 << 10, 64 << 10, 1 << 20];

/// Groups of figures whose ratios are wanted.
fn chapters() -> Vec<(&'static str, Vec<Key>)> {
    use Subject::{BareShm, BusyTcp, BusyUnix, OneCoreTcp, Shm, ShmCopied, ShmMemory, ShmWaiting, Tcp, WaitingTcp};
    let ours = |subject, test| (Who::Us(subject), test);
    let ping = |subject| ours(subject, Test::Ping(SMALL));
    let calls = |subject, size| (Who::Calls(subject), Test::Ping(size));
    let small = vec![
        ours(BareShm, Test::Ping(INLINE)),
        ping(BareShm),
        ping(Shm),
        ping(ShmWaiting),
        calls(BareShm, INLINE),
        calls(BareShm, SMALL),
        calls(Shm, SMALL),
    ];
    let others = [ping(Shm), ping(BusyUnix), ping(BusyTcp), ping(Tcp), ping(OneCoreTcp), ping(WaitingTcp)];
    let others = others.into_iter().chain([calls(Tcp, SMALL), calls(BusyTcp, SMALL)]);
    let mut chapters = vec![
        ("small messages", small),
        ("other ways", others.collect()),
        (
            "other programs",
            std::iter::once(ping(Shm)).chain(Outside::ALL.map(|who| (Who::Them(who), Test::Ping(SMALL)))).collect(),
        ),
        ("sleepers", vec![ours(ShmWaiting, Test::Paced(SMALL)), ours(WaitingTcp, Test::Paced(SMALL))]),
    ];
    for (name, size) in ["4 KiB", "64 KiB", "1 MiB"].into_iter().zip(SIZES) {
        let stream = |subject| ours(subject, Test::Stream(size));
        let mut keys =
            vec![stream(Shm), stream(ShmCopied), (Who::Them(Outside::Ucx), Test::Stream(size)), stream(WaitingTcp)];
        if size > SIZES[0] {
            let put = Test::Put(size);
            keys.extend([ours(ShmMemory, put), (Who::Memcpy, put), (Who::SystemCopy, put)]);
        } else {
            keys.push(calls(Shm, size));
        }
        if size == SIZES[2] {
            keys.extend([stream(Tcp), stream(BusyTcp)]);
        }
        chapters.push((name, keys));
    }
    chapters
}

struct Measuring<'a> {
    pairs: BTreeMap<Subject, Pair>,
    exchanges: BTreeMap<Subject, Exchange>,
    /// Seconds of a message when it was last measured, to choose how many are sent.
    last: BTreeMap<Key, f64>,
    /// What is not measured (any more), and why.
    left_out: BTreeMap<Who, String>,
    tell: &'a mut dyn FnMut(&str),
}

impl Measuring<'_> {
    /// A figure, or nothing if it cannot be had, which is remembered.
    fn value(&mut self, key: Key) -> Option<f64> {
        let (who, test) = key;
        if self.left_out.contains_key(&who) {
            return None;
        }
        let outcome = match who {
            Who::Us(subject) => self.ours(subject, test).map(Some),
            Who::Them(outside) => outside.run(test).and_then(|seconds| match seconds {
                Some(seconds) => Ok(Some(seconds)),
                None => Err(outside.hint().to_owned()),
            }),
            Who::Calls(subject) => self.calls(subject, test).map(Some),
            Who::Memcpy => Ok(Some(copy::memcpy(test.size()))),
            Who::SystemCopy => copy::between_processes(test.size()).map(Some),
        };
        match outcome {
            Ok(seconds) => seconds.inspect(|seconds| {
                self.last.insert(key, *seconds);
            }),
            Err(problem) => {
                if let Who::Us(subject) = who {
                    self.pairs.remove(&subject);
                }
                (self.tell)(&format!("{}: {problem}", name(who)));
                self.left_out.insert(who, problem);
                None
            }
        }
    }

    /// How many messages a run takes.
    fn count(&self, key: Key) -> u32 {
        // So many at least that no lucky moment passes for a quiet machine.
        let least = if key.0 == Who::Us(Subject::Raw) { 2_000.0 } else { 5.0 };
        self.last.get(&key).map_or(20.0, |seconds| RUN / seconds).clamp(least, 200_000.0) as u32
    }

    fn calls(&mut self, subject: Subject, test: Test) -> Result<f64, Problem> {
        let count = self.count((Who::Calls(subject), test));
        let exchange = match self.exchanges.entry(subject) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => place.insert(Exchange::of(subject)?),
        };
        let start = Instant::now();
        exchange.run(test.size(), u64::from(count))?;
        Ok(start.elapsed().as_secs_f64() / f64::from(count))
    }

    fn ours(&mut self, subject: Subject, test: Test) -> Result<f64, Problem> {
        let count = self.count((Who::Us(subject), test));
        let pair = match self.pairs.entry(subject) {
            Entry::Occupied(there) => there.into_mut(),
            Entry::Vacant(place) => place.insert(Pair::start(subject)?),
        };
        pair.run(test, count)
    }

    fn raw(&mut self) -> Result<f64, Problem> {
        self.value((Who::Us(Subject::Raw), Test::Ping(8))).ok_or_else(|| {
            let why = self.left_out.get(&Who::Us(Subject::Raw));
            format!("the raw exchange does not work: {}", why.cloned().unwrap_or_default())
        })
    }
}

/// What somebody is called in the report.
pub fn name(who: Who) -> &'static str {
    match who {
        Who::Us(subject) => subject.name(),
        Who::Them(outside) => outside.name(),
        Who::Calls(_) => "calls on one thread",
        Who::Memcpy => "memcpy",
        Who::SystemCopy => "copy between processes",
    }
}

/// Measures all; `tell` hears how far it is.
///
/// # Errors
/// Not even the raw exchange can be measured. What else cannot be is in the report.
pub fn run(options: Options, tell: &mut dyn FnMut(&str)) -> Result<Report, Problem> {
    let mut measuring = Measuring {
        pairs: BTreeMap::new(),
        exchanges: BTreeMap::new(),
        last: BTreeMap::new(),
        left_out: BTreeMap::new(),
        tell,
    };
    let chapters = chapters();
    let mut groups: Vec<Vec<Group>> = Vec::new();
    // Twice, to find out how many messages a run takes.
    for _ in 0..2 {
        measuring.raw()?;
    }
    let started = Instant::now();
    for (at, (what, keys)) in chapters.iter().enumerate() {
        // What earlier chapters left over is shared by the later ones.
        let share = options.limit.saturating_sub(started.elapsed()) / (chapters.len() - at) as u32;
        let (begun, mut measured) = (Instant::now(), Vec::new());
        for key in keys {
            measuring.value(*key);
        }
        while measured.len() < TRIED && (measured.is_empty() || begun.elapsed() < share) {
            measured.push(group(&mut measuring, keys)?);
            let quiet = quiet(&groups, &measured);
            (measuring.tell)(&format!("{what}: group {}, {quiet} quiet", measured.len()));
            if quiet >= WANTED {
                break;
            }
        }
        groups.push(measured);
    }
    let absent: BTreeSet<(&'static str, String)> =
        measuring.left_out.iter().map(|(who, why)| (name(*who), why.clone())).collect();
    Ok(Report { rows: rows(&groups), absent: absent.into_iter().collect(), raw: best(groups.iter().flatten()) })
}

fn group(measuring: &mut Measuring<'_>, keys: &[Key]) -> Result<Group, Problem> {
    let before = measuring.raw()?;
    let mut values = BTreeMap::new();
    for key in keys {
        values.extend(measuring.value(*key).map(|seconds| (*key, seconds)));
    }
    let after = measuring.raw()?;
    values.insert((Who::Us(Subject::Raw), Test::Ping(8)), f64::midpoint(before, after));
    Ok(Group { around: [before, after], values })
}

/// The best raw round trip of groups.
pub fn best<'a>(groups: impl Iterator<Item = &'a Group>) -> f64 {
    groups.flat_map(|group| group.around).fold(f64::INFINITY, f64::min)
}

/// How many of the new groups are quiet, by the best of all.
fn quiet(earlier: &[Vec<Group>], new: &[Group]) -> usize {
    let best = best(earlier.iter().flatten().chain(new));
    new.iter().filter(|group| crate::sample::is_quiet(group.around, best)).count()
}
