//! What is measured, in which groups, and what is made of it.

use std::collections::{BTreeMap, BTreeSet};
use std::time::{Duration, Instant};

use crate::link::{Pages, Problem, Subject};
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
    /// The processor's own copying, of memory that is in its caches.
    Memcpy,
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
    let mut chapters = vec![
        ("small messages", vec![ours(BareShm, Test::Ping(INLINE)), ping(BareShm), ping(Shm), ping(ShmWaiting)]),
        ("other ways", vec![ping(Shm), ping(BusyUnix), ping(BusyTcp), ping(Tcp), ping(OneCoreTcp), ping(WaitingTcp)]),
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
            keys.extend([ours(ShmMemory, Test::Put(size)), (Who::Memcpy, Test::Put(size))]);
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
            Who::Memcpy => Ok(Some(memcpy(test))),
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

    fn ours(&mut self, subject: Subject, test: Test) -> Result<f64, Problem> {
        let expected = self.last.get(&(Who::Us(subject), test)).copied();
        // So many at least that no lucky moment passes for a quiet machine.
        let least = if subject == Subject::Raw { 2_000.0 } else { 5.0 };
        let count = expected.map_or(20.0, |seconds| RUN / seconds).clamp(least, 200_000.0) as u32;
        let pair = match self.pairs.entry(subject) {
            std::collections::btree_map::Entry::Occupied(there) => there.into_mut(),
            std::collections::btree_map::Entry::Vacant(place) => place.insert(Pair::start(subject)?),
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
        Who::Memcpy => "memcpy",
    }
}

/// Seconds of one copy of memory that is in the caches.
fn memcpy(test: Test) -> f64 {
    let (Test::Put(size) | Test::Stream(size) | Test::Ping(size) | Test::Paced(size)) = test;
    let (from, mut to) = (Pages::new(size), Pages::new(size));
    let mut copy = || {
        to.copy_from_slice(std::hint::black_box(&from));
        std::hint::black_box(&mut *to);
    };
    let count = (200_000_000 / size).max(1);
    // Into the caches.
    copy();
    let start = Instant::now();
    for _ in 0..count {
        copy();
    }
    start.elapsed().as_secs_f64() / count as f64
}

/// Measures all; `tell` hears how far it is.
///
/// # Errors
/// Not even the raw exchange can be measured. What else cannot be is in the report.
pub fn run(options: Options, tell: &mut dyn FnMut(&str)) -> Result<Report, Problem> {
    let mut measuring = Measuring { pairs: BTreeMap::new(), last: BTreeMap::new(), left_out: BTreeMap::new(), tell };
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
