//! Reading what was recorded.

use std::fmt;
use std::mem::offset_of;
use std::path::{Path, PathBuf};

use super::file::EXTENSION;
use super::ring::{Entry, Header, Layout, MAGIC, NAME, RECORDS, RINGS, Ring};

/// A call that was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The process.
    pub process: u32,
    /// The thread, as a number in the order in which threads first called.
    pub thread: u32,
    /// When it began: nanoseconds since recording did in this process.
    pub at: u64,
    /// How long it took in nanoseconds.
    pub took: u32,
    /// Profile and function: `winsock.WSPSend`.
    pub function: String,
    /// The descriptor, or the one that was made; 0 without one.
    pub socket: u64,
    /// The code that was told: 0 for success.
    pub code: i32,
}

/// What was recorded, in the order of time.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Trace {
    /// The calls that rings still held.
    pub records: Vec<Record>,
    /// Earlier calls that newer ones have replaced.
    pub replaced: u64,
    /// Calls of threads that found no ring.
    pub lost: u64,
}

/// Why nothing can be read.
#[derive(Debug)]
pub enum Problem {
    /// A file or folder cannot be read.
    Unreadable(PathBuf, std::io::Error),
    /// It is no trace, or one of another version.
    NoTrace(PathBuf),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(path, problem) => write!(f, "cannot read {}: {problem}", path.display()),
            Self::NoTrace(path) => {
                write!(
                    f,
                    "{} is no trace of this version of wsp (a whole *.{EXTENSION} file is needed)",
                    path.display()
                )
            }
        }
    }
}

impl std::error::Error for Problem {}

/// Reads a file, or all such files in a folder.
///
/// # Errors
/// It cannot be read, or is no trace.
pub fn read(path: &Path) -> Result<Trace, Problem> {
    let mut trace = Trace::default();
    for file in files(path)? {
        let bytes = std::fs::read(&file).map_err(|problem| Problem::Unreadable(file.clone(), problem))?;
        add(&bytes, &mut trace).ok_or(Problem::NoTrace(file))?;
    }
    trace.records.sort_by_key(|record| (record.process, record.at));
    Ok(trace)
}

fn files(path: &Path) -> Result<Vec<PathBuf>, Problem> {
    let unreadable = |problem| Problem::Unreadable(path.to_owned(), problem);
    if !std::fs::metadata(path).map_err(unreadable)?.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(unreadable)? {
        let file = entry.map_err(unreadable)?.path();
        if file.extension().is_some_and(|extension| extension == EXTENSION) {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Adds what a file holds. `None` if it is no trace. Nothing in it is trusted.
fn add(bytes: &[u8], trace: &mut Trace) -> Option<()> {
    if bytes.len() < size_of::<Layout>() || bytes.get(..MAGIC.len())? != MAGIC {
        return None;
    }
    let process = u32_at(bytes, offset_of!(Header, process))?;
    trace.lost = trace.lost.saturating_add(u64_at(bytes, offset_of!(Header, lost))?);
    for ring in 0..RINGS {
        let start = offset_of!(Layout, rings) + ring * size_of::<Ring>();
        let count = u64_at(bytes, start + offset_of!(Ring, count))?;
        let thread = u32_at(bytes, start + offset_of!(Ring, thread))?;
        let kept = count.min(RECORDS as u64);
        trace.replaced = trace.replaced.saturating_add(count - kept);
        for entry in 0..kept as usize {
            let at = start + offset_of!(Ring, entries) + entry * size_of::<Entry>();
            trace.records.push(record(bytes, at, process, thread)?);
        }
    }
    Some(())
}

fn record(bytes: &[u8], start: usize, process: u32, thread: u32) -> Option<Record> {
    let name = start + offset_of!(Entry, function);
    let name = bytes.get(name..name + NAME)?;
    let end = name.iter().position(|byte| *byte == 0).unwrap_or(NAME);
    Some(Record {
        process,
        thread,
        at: u64_at(bytes, start + offset_of!(Entry, at))?,
        took: u32_at(bytes, start + offset_of!(Entry, took))?,
        function: String::from_utf8_lossy(&name[..end]).into_owned(),
        socket: u64_at(bytes, start + offset_of!(Entry, socket))?,
        code: u32_at(bytes, start + offset_of!(Entry, code))?.cast_signed(),
    })
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(bytes.get(at..at + 4)?.try_into().ok()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_ne_bytes(bytes.get(at..at + 8)?.try_into().ok()?))
}

#[cfg(test)]
mod tests {
    use std::sync::OnceLock;
    use std::time::Instant;

    use super::*;
    use crate::rt::trace::{file, ring::Rings};

    fn folder(name: &str) -> PathBuf {
        let folder = std::env::temp_dir().join(format!("wsp-trace-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        folder
    }

    #[test]
    fn what_is_recorded_is_read() {
        let folder = folder("read");
        static KEPT: OnceLock<Rings> = OnceLock::new();
        let rings = KEPT.get_or_init(|| file::create(&folder).unwrap());
        rings.record("winsock.WSPSend", Instant::now(), 0x40, 10054);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                (0..RECORDS + 5).for_each(|socket| rings.record("san.WSPRecv", Instant::now(), socket, 0));
            });
        });
        let trace = read(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((trace.records.len(), trace.replaced, trace.lost), (RECORDS + 1, 5, 0));
        let send = trace.records.iter().find(|record| record.function == "winsock.WSPSend").unwrap();
        assert_eq!((send.socket, send.code, send.process), (0x40, 10054, std::process::id()));
        assert!(trace.records.is_sorted_by_key(|record| record.at));
        let newest =
            trace.records.iter().filter(|record| record.thread != send.thread).map(|record| record.socket).max();
        assert_eq!(newest, Some(RECORDS as u64 + 4), "old calls give way to new ones");
    }

    #[test]
    fn more_threads_than_rings_are_counted_as_lost() {
        let folder = folder("lost");
        static KEPT: OnceLock<Rings> = OnceLock::new();
        let rings = KEPT.get_or_init(|| file::create(&folder).unwrap());
        let all = std::sync::Barrier::new(RINGS + 3);
        std::thread::scope(|scope| {
            for _ in 0..RINGS + 3 {
                scope.spawn(|| {
                    rings.record("winsock.WSPSend", Instant::now(), 1, 0);
                    all.wait();
                });
            }
        });
        let trace = read(&folder).unwrap();
        std::fs::remove_dir_all(&folder).unwrap();
        assert_eq!((trace.records.len(), trace.lost), (RINGS, 3));
    }

    #[test]
    fn what_is_no_trace_is_refused() {
        let folder = folder("none");
        for content in [&b""[..], b"WSPTRAC1", &[0; 4096]] {
            let file = folder.join("x.wsptrace");
            std::fs::write(&file, content).unwrap();
            assert!(matches!(read(&folder), Err(Problem::NoTrace(_))));
        }
        let mut damaged = vec![0xFF; size_of::<Layout>()];
        damaged[..8].copy_from_slice(&MAGIC);
        std::fs::write(folder.join("x.wsptrace"), damaged).unwrap();
        assert_eq!(read(&folder).unwrap().records.len(), RINGS * RECORDS, "odd numbers, but no harm");
        std::fs::remove_dir_all(&folder).unwrap();
        assert!(matches!(read(&folder), Err(Problem::Unreadable(..))));
    }
}
