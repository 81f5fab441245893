//! The targets, and what was found of each.

use serde_json::{Value, json};

use crate::explain::explain;
use crate::link::Subject;
use crate::outside::Outside;
use crate::plan::{Group, INLINE, Key, SIZES, SMALL, Who, best, name};
use crate::plot;
use crate::process::Test;
use crate::sample::Sample;

/// What a ratio may be.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Limit {
    /// Times of one: no more than this.
    Most(f64),
    /// Rates of one: no less than this.
    Least(f64),
    /// A figure in microseconds, without a target.
    None,
}

/// A target.
struct Target {
    id: &'static str,
    what: &'static str,
    ours: Key,
    /// What it is compared with.
    theirs: Option<Key>,
    limit: Limit,
}

/// A line of the report.
pub struct Row {
    /// Which target; empty for a figure without one.
    pub target: &'static str,
    /// What is compared.
    pub what: String,
    /// The limit.
    pub limit: Limit,
    /// What was found: ratios, or microseconds.
    pub sample: Sample,
    /// What was measured beside it that says where the time goes; empty if nothing was.
    pub why: String,
}

impl Row {
    /// Does the median meet the limit? `None` without one, or if nothing was measured.
    pub fn met(&self) -> Option<bool> {
        let median = self.sample.median();
        match self.limit {
            _ if median.is_nan() => None,
            Limit::Most(most) => Some(median <= most),
            Limit::Least(least) => Some(median >= least),
            Limit::None => None,
        }
    }

    fn verdict(&self) -> &'static str {
        match (self.met(), self.limit) {
            _ if self.sample.median().is_nan() => "not measured",
            // Says nothing about the transport.
            (Some(_), _) if self.sample.quiet() == 0 => "too noisy",
            (Some(true), _) => "met",
            (Some(false), _) => "MISSED",
            (None, _) => "",
        }
    }

    fn limit(&self) -> String {
        match self.limit {
            Limit::Most(most) => format!("<= {most}"),
            Limit::Least(least) => format!(">= {least}"),
            Limit::None => "us".into(),
        }
    }
}

/// What was measured.
pub struct Report {
    /// A line each.
    pub rows: Vec<Row>,
    /// Who could not be measured, and why.
    pub absent: Vec<(&'static str, String)>,
    /// The best raw round trip, in seconds.
    pub raw: f64,
}

fn targets() -> Vec<Target> {
    use Subject::{
        BareShm, BusyTcp, BusyUnix, OneCoreTcp, Raw, Shm, ShmCopied, ShmMemory, ShmWaiting, Tcp, WaitingTcp,
    };
    let (us, small) = (|subject, test| (Who::Us(subject), test), Test::Ping(SMALL));
    let (raw, ucx) = (us(Raw, Test::Ping(8)), Who::Them(Outside::Ucx));
    let [kib4, kib64, mib] = SIZES.map(Test::Stream);
    let put = |size| (us(ShmMemory, Test::Put(size)), (Who::Memcpy, Test::Put(size)));
    let mut targets = Vec::new();
    let mut add = |id, what, ours, theirs, limit| targets.push(Target { id, what, ours, theirs, limit });
    add("L1", "shm alone, 64 B round trip / raw", us(BareShm, small), Some(raw), Limit::Most(1.5));
    add("L1", "shm alone, 48 B round trip / raw", us(BareShm, Test::Ping(INLINE)), Some(raw), Limit::Most(1.2));
    add("L2", "shm, 64 B round trip / raw", us(Shm, small), Some(raw), Limit::Most(2.0));
    add("L3", "shm, 64 B round trip / UCX tag", us(Shm, small), Some((ucx, small)), Limit::Most(0.9));
    let libfabric = (Who::Them(Outside::Libfabric), small);
    add("L3", "shm, 64 B round trip / libfabric shm", us(Shm, small), Some(libfabric), Limit::Most(0.5));
    let iceoryx2 = (Who::Them(Outside::Iceoryx2), small);
    add("L3", "shm, 64 B round trip / iceoryx2", us(Shm, small), Some(iceoryx2), Limit::Most(0.5));
    add("L3", "shm, 64 B round trip / busy TCP", us(Shm, small), Some(us(BusyTcp, small)), Limit::Most(0.1));
    add("L3", "shm, 64 B round trip / one-core TCP", us(Shm, small), Some(us(OneCoreTcp, small)), Limit::Most(0.125));
    add("L6", "shm, calls that wait / polled", us(ShmWaiting, small), Some(us(Shm, small)), Limit::Most(1.05));
    let (rest, tcp_rest) = (us(ShmWaiting, Test::Paced(SMALL)), us(WaitingTcp, Test::Paced(SMALL)));
    add("L6", "shm, both asleep / waiting TCP", rest, Some(tcp_rest), Limit::Most(0.95));
    add("B1", "shm, 4 KiB stream / UCX", us(Shm, kib4), Some((ucx, kib4)), Limit::Least(1.1));
    add("B1", "shm, 4 KiB stream / waiting TCP", us(Shm, kib4), Some(us(WaitingTcp, kib4)), Limit::Least(8.0));
    add("B2", "shm, 64 KiB stream / UCX", us(Shm, kib64), Some((ucx, kib64)), Limit::Least(0.95));
    add("B2", "shm, 1 MiB stream / UCX", us(Shm, mib), Some((ucx, mib)), Limit::Least(0.9));
    add("B3", "shm without single copy, 64 KiB / UCX", us(ShmCopied, kib64), Some((ucx, kib64)), Limit::Least(0.65));
    add("B3", "shm without single copy, 1 MiB / UCX", us(ShmCopied, mib), Some((ucx, mib)), Limit::Least(0.75));
    add("B3", "the same, 1 MiB / waiting TCP", us(ShmCopied, mib), Some(us(WaitingTcp, mib)), Limit::Least(3.0));
    for (what, size) in [("write of 64 KiB / hot memcpy", SIZES[1]), ("write of 1 MiB / hot memcpy", SIZES[2])] {
        add("B4", what, put(size).0, Some(put(size).1), Limit::Least(0.85));
    }
    add("T1", "TCP transport, 64 B round trip / busy TCP", us(Tcp, small), Some(us(BusyTcp, small)), Limit::Most(1.2));
    add("T1", "TCP transport, 1 MiB stream / busy TCP", us(Tcp, mib), Some(us(BusyTcp, mib)), Limit::Least(0.95));
    for (what, subject) in
        [("raw exchange", Raw), ("shm alone", BareShm), ("shm", Shm), ("Unix socket, polled", BusyUnix)]
    {
        add("", what, us(subject, if subject == Raw { Test::Ping(8) } else { small }), None, Limit::None);
    }
    for (what, subject) in [("TCP, polled", BusyTcp), ("TCP on one core", OneCoreTcp), ("TCP, waiting", WaitingTcp)] {
        add("", what, us(subject, small), None, Limit::None);
    }
    add("", "UCX tag", (ucx, small), None, Limit::None);
    add("", "libfabric shm", libfabric, None, Limit::None);
    targets
}

/// What the groups say of each target.
pub fn rows(chapters: &[Vec<Group>]) -> Vec<Row> {
    let best = best(chapters.iter().flatten());
    let row = |target: Target| {
        let ratio = |group: &Group| {
            let ours = *group.values.get(&target.ours)?;
            Some(match (target.theirs, target.limit) {
                (Some(theirs), Limit::Least(_)) => group.values.get(&theirs)? / ours,
                (Some(theirs), _) => ours / group.values.get(&theirs)?,
                (None, _) => 1e6 * ours,
            })
        };
        let values: Vec<(f64, [f64; 2])> =
            chapters.iter().flatten().filter_map(|group| Some((ratio(group)?, group.around))).collect();
        let what = match target.theirs {
            Some(_) => target.what.to_owned(),
            None => format!("{}, round trip ({})", target.what, name(target.ours.0)),
        };
        let why = target.theirs.map(|theirs| explain((target.ours, theirs), chapters, best)).unwrap_or_default();
        Row { target: target.id, what, limit: target.limit, sample: Sample::among(&values, best), why }
    };
    targets().into_iter().map(row).collect()
}

impl Report {
    /// As aligned columns.
    pub fn text(&self) -> String {
        let header = ["target", "what", "median", "min", "max", "limit", "verdict", "groups kept"].map(str::to_owned);
        let number = |value: f64| if value.is_nan() { String::new() } else { format!("{value:.3}") };
        let cells = |row: &Row| {
            let (min, max) = row.sample.range();
            let [median, min, max] = [row.sample.median(), min, max].map(number);
            [
                row.target.into(),
                row.what.clone(),
                median,
                min,
                max,
                row.limit(),
                row.verdict().into(),
                row.sample.kept(),
            ]
        };
        let lines: Vec<[String; 8]> = std::iter::once(header).chain(self.rows.iter().map(cells)).collect();
        let width = |at: usize| lines.iter().map(|line| line[at].chars().count()).max().unwrap_or(0);
        let mut text = String::new();
        for line in &lines {
            let padded = line.iter().enumerate().map(|(at, cell)| {
                let (width, number) = (width(at), (2..5).contains(&at));
                if number { format!("{cell:>width$}") } else { format!("{cell:<width$}") }
            });
            text += padded.collect::<Vec<_>>().join("  ").trim_end();
            text.push('\n');
        }
        text += &format!("\nbest raw round trip: {:.0} ns\n", 1e9 * self.raw);
        for row in self.rows.iter().filter(|row| row.met() == Some(false) && !row.why.is_empty()) {
            text += &format!("{}, {}: {}\n", row.target, row.what, row.why);
        }
        for (who, why) in &self.absent {
            text += &format!("not measured: {who}: {why}\n");
        }
        text
    }

    /// For programs.
    pub fn json(&self) -> Value {
        let row = |row: &Row| {
            let (min, max) = row.sample.range();
            json!({
                "target": row.target, "what": row.what, "median": row.sample.median(), "min": min, "max": max,
                "limit": row.limit(), "met": row.met(), "quiet_groups": row.sample.quiet(), "kept": row.sample.kept(),
                "why": row.why,
            })
        };
        let absent = |(who, why): &(&str, String)| json!({ "who": who, "why": why });
        json!({
            "raw_round_trip_ns": 1e9 * self.raw,
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "not_measured": self.absent.iter().map(absent).collect::<Vec<_>>(),
        })
    }

    /// As a picture: each ratio in times of its limit.
    pub fn svg(&self) -> String {
        plot::svg(&self.rows)
    }
}
