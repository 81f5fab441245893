//! The two processes of a subject, and what they are told to do.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::{Duration, Instant};

use crate::link::{Link, Problem, Subject, said};

/// Seconds after which a process that hangs ends itself.
const PATIENCE: u32 = 20;
/// How long both sides rest between paced exchanges: long enough to fall asleep.
const REST: Duration = Duration::from_millis(2);

/// What is timed, with messages of so many bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Test {
    /// A message there and one back.
    Ping(usize),
    /// The same, with a rest in between.
    Paced(usize),
    /// Messages in one direction.
    Stream(usize),
    /// Writes into the peer's memory.
    Put(usize),
}

impl Test {
    /// Bytes of a message.
    pub fn size(self) -> usize {
        self.words().1
    }

    fn words(self) -> (&'static str, usize) {
        match self {
            Self::Ping(size) => ("ping", size),
            Self::Paced(size) => ("paced", size),
            Self::Stream(size) => ("stream", size),
            Self::Put(size) => ("put", size),
        }
    }

    fn of(kind: &str, size: usize) -> Option<Self> {
        [Self::Ping(size), Self::Paced(size), Self::Stream(size), Self::Put(size)]
            .into_iter()
            .find(|test| test.words().0 == kind)
    }

    /// The side that begins. Returns the seconds that count.
    fn ask(self, link: &mut dyn Link, count: u32) -> Result<f64, Problem> {
        let start = Instant::now();
        let mut rested = Duration::ZERO;
        for _ in 0..count {
            match self {
                Self::Ping(size) => {
                    link.send(size)?;
                    link.recv(size)?;
                }
                Self::Paced(size) => {
                    let rest = Instant::now();
                    std::thread::sleep(REST);
                    rested += rest.elapsed();
                    link.send(size)?;
                    link.recv(size)?;
                }
                Self::Stream(size) => link.send(size)?,
                Self::Put(size) => link.put(size)?,
            }
        }
        if let Self::Stream(_) = self {
            link.recv(8)?;
        }
        link.flush()?;
        let taken = start.elapsed() - rested;
        if let Self::Put(_) = self {
            // The other side looks after its memory until then.
            link.send(8)?;
            link.flush()?;
        }
        Ok(taken.as_secs_f64())
    }

    /// The side that answers.
    fn answer(self, link: &mut dyn Link, count: u32) -> Result<(), Problem> {
        match self {
            Self::Ping(size) | Self::Paced(size) => {
                for _ in 0..count {
                    link.recv(size)?;
                    link.send(size)?;
                }
            }
            Self::Stream(size) => {
                for _ in 0..count {
                    link.recv(size)?;
                }
                link.send(8)?;
            }
            Self::Put(_) => link.recv(8)?,
        }
        link.flush()
    }
}

/// Plays one side of a subject, as `words` (`SUBJECT:SIDE`) say: what to do comes in on standard input.
///
/// # Errors
/// It could not be played on.
pub fn take_part(words: &str) -> Result<(), Problem> {
    let (subject, side) = words.split_once(':').ok_or("a subject and a side are wanted")?;
    let subject = Subject::of(subject).ok_or("there is no such subject")?;
    let mut lines = std::io::stdin().lines();
    // SAFETY: no memory is touched; SIGALRM ends the process.
    let limit = |seconds| unsafe { libc::alarm(seconds) };
    limit(PATIENCE);
    let mut link = match side {
        "answer" => subject.answer(&mut tell)?,
        _ => subject.ask(&lines.next().ok_or("no place is given")?.map_err(said)?)?,
    };
    tell("ready")?;
    limit(0);
    for line in lines {
        let line = line.map_err(said)?;
        let words: Vec<&str> = line.split(' ').collect();
        let [kind, size, count] = words[..] else { return Err(format!("what is `{line}`?")) };
        let test = Test::of(kind, size.parse().map_err(said)?).ok_or("what test is that?")?;
        let count = count.parse().map_err(said)?;
        limit(PATIENCE);
        let seconds = match side {
            "answer" => test.answer(link.as_mut(), count).map(|()| 0.0)?,
            _ => test.ask(link.as_mut(), count)?,
        };
        limit(0);
        tell(&seconds.to_string())?;
    }
    Ok(())
}

fn tell(line: &str) -> Result<(), Problem> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{line}").and_then(|()| out.flush()).map_err(said)
}

struct Side {
    child: Ended,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Side {
    /// Starts it; with `trace` under strace, which writes there what the first thread calls.
    fn start(subject: Subject, side: &str, trace: Option<&Path>) -> Result<Self, Problem> {
        let program = std::env::current_exe().map_err(said)?;
        let mut command = match trace {
            None => Command::new(program),
            Some(file) => {
                let mut command = Command::new("strace");
                command.arg("-o").arg(file).arg(program);
                command
            }
        };
        command.args(["bench", "--part", &format!("{}:{side}", subject.name())]);
        // The variable by which the provider is told not to copy from process to process.
        command.env(wsp_provider::shm::SINGLE_COPY, if subject == Subject::ShmCopied { "off" } else { "on" });
        let spawned = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut child = spawned.map_err(|error| format!("cannot run {}: {error}", command.get_program().display()))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("a process without pipes".into());
        };
        Ok(Self { child: Ended(child), input, output: BufReader::new(output) })
    }

    fn tell(&mut self, line: &str) -> Result<(), Problem> {
        // In one piece: what comes in two may be read by two calls, which are counted.
        self.input.write_all(format!("{line}\n").as_bytes()).map_err(said)
    }

    fn hear(&mut self) -> Result<String, Problem> {
        let mut line = String::new();
        match self.output.read_line(&mut line).map_err(said)? {
            0 => Err("a process has ended early; what it said is above".into()),
            _ => Ok(line.trim_end().to_owned()),
        }
    }
}

/// A process that does not outlive this value.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Both sides end when their input does; one that hangs does not.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Two processes and the way between them.
pub struct Pair {
    answer: Side,
    ask: Side,
}

impl Pair {
    /// Starts both and connects them.
    pub fn start(subject: Subject) -> Result<Self, Problem> {
        Self::start_traced(subject, None)
    }

    /// The same, with the side that asks under strace; see [`Pair::end`].
    pub fn start_traced(subject: Subject, trace: Option<&Path>) -> Result<Self, Problem> {
        let mut answer = Side::start(subject, "answer", None)?;
        let place = answer.hear()?;
        let mut ask = Side::start(subject, "ask", trace)?;
        ask.tell(&place)?;
        for side in [&mut answer, &mut ask] {
            side.hear()?;
        }
        Ok(Self { answer, ask })
    }

    /// Runs a test; seconds for one message.
    pub fn run(&mut self, test: Test, count: u32) -> Result<f64, Problem> {
        let (kind, size) = test.words();
        let line = format!("{kind} {size} {count}");
        self.answer.tell(&line)?;
        self.ask.tell(&line)?;
        let seconds: f64 = self.ask.hear()?.parse().map_err(said)?;
        self.answer.hear()?;
        Ok(seconds / f64::from(count))
    }

    /// Lets the side that asks end by itself, and waits for that.
    pub fn end(self) -> Result<(), Problem> {
        let Side { mut child, input, .. } = self.ask;
        drop(input);
        let status = child.0.wait().map_err(said)?;
        if status.success() { Ok(()) } else { Err(format!("a process ended with {status}")) }
    }
}
