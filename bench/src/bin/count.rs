//! Calls a variant so many times: what the instruction counter and the memory tracer run.
//!
//! `count calls VARIANT N`: a first call, so that whatever happens once has happened; then N calls.
//! `count threads VARIANT N`: two threads with a socket each take turns, N calls each. Stores to the printed addresses mark
//! where the calls of each begin and end.

use std::process::ExitCode;
use std::sync::Barrier;
use std::sync::atomic::{AtomicU32, Ordering};
use std::{env, thread};

use wsp_bench::calls::Caller;
use wsp_bench::library::Library;
use wsp_bench::variant::Variant;

/// A mark on cache lines of its own.
#[repr(align(128))]
struct Mark(AtomicU32);

/// Begin and end of the first thread's calls, then of the second's.
static MARKS: [Mark; 4] = [const { Mark(AtomicU32::new(0)) }; 4];

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("count: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn run(arguments: &[String]) -> Result<(), String> {
    let [what, variant, calls] = arguments else {
        return Err("give `calls` or `threads`, a variant and a number".into());
    };
    let variant: Variant = variant.parse()?;
    let calls: u64 = calls.parse().map_err(|_| format!("`{calls}` is no number"))?;
    let library = Library::open()?;
    match what.as_str() {
        "calls" => {
            let mut caller = Caller::new(&library, variant)?;
            caller.verify()?;
            caller.run(calls);
            Ok(())
        }
        "threads" => two_threads(&library, variant, calls),
        _ => Err(format!("`{what}` is neither `calls` nor `threads`")),
    }
}

/// Both threads live until the end, so that neither takes over what the other leaves.
fn two_threads(library: &Library, variant: Variant, calls: u64) -> Result<(), String> {
    let addresses: Vec<String> = MARKS.iter().map(|mark| format!("{:x}", mark.0.as_ptr() as usize)).collect();
    println!("{}", addresses.join(" "));
    let turn = Barrier::new(2);
    let one = |first: bool| {
        let prepared = Caller::new(library, variant).and_then(|mut caller| caller.verify().map(|()| caller));
        turn.wait();
        let outcome = prepared.map(|mut caller| {
            for marks in if first { [Some(&MARKS[..2]), None] } else { [None, Some(&MARKS[2..])] } {
                if let Some([begin, end]) = marks {
                    begin.0.store(1, Ordering::Relaxed);
                    caller.run(calls);
                    end.0.store(1, Ordering::Relaxed);
                }
                turn.wait();
            }
        });
        if outcome.is_err() {
            // The other one waits as often.
            turn.wait();
            turn.wait();
        }
        outcome
    };
    thread::scope(|scope| {
        let other = scope.spawn(|| one(false));
        let mine = one(true);
        mine.and(other.join().unwrap_or_else(|_| Err("the second thread panicked".into())))
    })
}
