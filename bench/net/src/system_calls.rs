//! Exact counts: the system calls that a message costs.
//!
//! What is counted is what the thread that calls the provider does between the word to begin and the word that it is done.

use std::collections::BTreeMap;

use crate::link::{Problem, Subject, said};
use crate::plan::SMALL;
use crate::process::{Pair, Test};

/// Messages of the shorter run.
const FEW: u32 = 500;
/// Messages of the longer run.
const MANY: u32 = 1_500;
/// Exchanges with rests before the count. In the rests the processors are free for the threads that made the connection: one of
/// them that is on its way out is rung by every message until it has run.
const SETTLING: u32 = 20;
/// The calls that send.
const SENDING: [&str; 5] = ["sendto", "sendmsg", "sendmmsg", "write", "writev"];

/// Counts, in a longer run and in a shorter one, what the side that asks calls; the difference is what messages cost. Returns the table, and whether all is as it should be.
///
/// # Errors
/// strace is not installed, or a process failed.
pub fn count_system_calls() -> Result<(String, bool), Problem> {
    let (messages, mut text, mut all_met) = (u64::from(MANY - FEW), String::new(), true);
    for subject in [Subject::Shm, Subject::Tcp] {
        let (few, many) = (run(subject, FEW)?, run(subject, MANY)?);
        // Of shared memory every call counts. TCP is polled as often as time permits: there what is sent counts.
        let counted = |name: &str| subject == Subject::Shm || SENDING.contains(&name);
        let sum = |calls: &BTreeMap<String, u64>| -> u64 {
            calls.iter().filter(|(name, _)| counted(name)).map(|(_, count)| count).sum()
        };
        let (found, allowed) = (sum(&many).abs_diff(sum(&few)), if subject == Subject::Shm { 0 } else { messages });
        let met = found <= allowed;
        all_met &= met;
        let what = if subject == Subject::Shm { "system calls" } else { "calls that send" };
        let verdict = if met { "met" } else { "MISSED" };
        text += &format!(
            "L7  {:<8} {what:<16} {found:>6} for {messages} messages, allowed {allowed:>5}  {verdict}\n",
            subject.name()
        );
        if !met {
            for (name, count) in &many {
                let before = few.get(name).copied().unwrap_or_default();
                if *count != before && counted(name) {
                    text += &format!("      {name}: {before} -> {count}\n");
                }
            }
        }
    }
    Ok((text, all_met))
}

fn run(subject: Subject, count: u32) -> Result<BTreeMap<String, u64>, Problem> {
    let file = std::env::temp_dir().join(format!("wsp-bench-{}-calls", std::process::id()));
    let mut pair = Pair::start_traced(subject, Some(&file))
        .map_err(|problem| format!("{problem} (strace is needed: Debian's package strace)"))?;
    pair.run(Test::Paced(SMALL), SETTLING)?;
    pair.run(Test::Ping(SMALL), count)?;
    pair.end()?;
    let text = std::fs::read_to_string(&file).map_err(said)?;
    let _ = std::fs::remove_file(&file);
    between(&text).ok_or_else(|| "strace's output has no beginning and end of the run".into())
}

/// How often each call was made between the order that comes in and the answer that goes out.
fn between(text: &str) -> Option<BTreeMap<String, u64>> {
    let (_, run) = text.split_once("read(0, \"ping")?;
    let (run, _) = run.split_once("\nwrite(1, ")?;
    let mut counts = BTreeMap::new();
    for name in run.lines().skip(1).filter_map(|line| line.split_once('(')) {
        *counts.entry(name.0.to_owned()).or_default() += 1;
    }
    Some(counts)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_between_order_and_answer_is_counted() {
        let text = "read(3, \"x\") = 1\nread(0, \"ping 64 2\\n\", 8192) = 10\nalarm(20) = 0\nsendto(5, 1) = 1\nsendto(5, 1) = 1\n\
                    write(1, \"0.1\\n\", 4) = 4\nsendto(5, 1) = 1\n";
        let counts = between(text).unwrap_or_default();
        assert_eq!(counts, [("alarm".to_owned(), 1), ("sendto".to_owned(), 2)].into());
        assert_eq!(between("read(0, \"ping"), None);
    }
}
