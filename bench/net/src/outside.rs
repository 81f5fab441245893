//! Programs of others that measure their own ways between processes, where they are installed.

use std::io::{ErrorKind, Read as _};
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use crate::link::{Problem, said};
use crate::process::Test;

/// How long one run may take.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whose.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outside {
    /// UCX over shared memory, two-sided.
    Ucx,
    /// libfabric over shared memory.
    Libfabric,
    /// iceoryx2, both sides polling: a program of ours.
    Iceoryx2,
}

impl Outside {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::Ucx, Self::Libfabric, Self::Iceoryx2];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ucx => "ucx",
            Self::Libfabric => "libfabric",
            Self::Iceoryx2 => "iceoryx2",
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::Ucx => "ucx_perftest",
            Self::Libfabric => "fi_pingpong",
            Self::Iceoryx2 => "wsp-bench-iceoryx2",
        }
    }

    /// What tells the side that asks from the other.
    fn asker(self) -> &'static str {
        match self {
            Self::Ucx | Self::Libfabric => "127.0.0.1",
            Self::Iceoryx2 => "asker",
        }
    }

    /// How it gets onto a machine.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Ucx => "not installed (Debian: ucx-utils)",
            Self::Libfabric => "not installed (Debian: libfabric-bin)",
            Self::Iceoryx2 => "not installed (cargo install --path bench/iceoryx2)",
        }
    }

    /// Seconds for one message; `None` if the program is not installed or cannot do this test.
    pub fn run(self, test: Test) -> Result<Option<f64>, Problem> {
        let (kind, size, count) = match test {
            Test::Ping(size) => ("tag_lat", size, 40_000),
            Test::Stream(size) if self == Self::Ucx => ("tag_bw", size, (400_000_000 / size).min(40_000)),
            _ => return Ok(None),
        };
        let (size, count, name) = (size.to_string(), count.to_string(), std::process::id().to_string());
        let arguments: Vec<&str> = match self {
            Self::Ucx => vec!["-t", kind, "-s", &size, "-n", &count, "-w", "1000", "-f"],
            Self::Libfabric => vec!["-p", "shm", "-e", "rdm", "-S", &size, "-I", &count],
            Self::Iceoryx2 => vec![&name, &size, &count],
        };
        let Some(mut server) = self.start(&arguments, None)? else { return Ok(None) };
        let client = self.client(&arguments);
        // Ends by itself after a run, and takes its shared memory with it; not if nobody came.
        if client.is_ok() {
            wait(&mut server)?;
        }
        let _ = server.kill();
        let _ = server.wait();
        let output = client?;
        let text = String::from_utf8_lossy(&output.stdout);
        match self.seconds(test, &text) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(format!("{} said:\n{text}{}", self.program(), String::from_utf8_lossy(&output.stderr))),
        }
    }

    fn start(self, arguments: &[&str], to: Option<&str>) -> Result<Option<Child>, Problem> {
        let mut command = Command::new(self.program());
        command.env("UCX_TLS", "posix,cma").env("UCX_WARN_UNUSED_ENV_VARS", "n").args(to).args(arguments);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        match command.spawn() {
            Ok(child) => Ok(Some(child)),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(format!("cannot run {}: {error}", self.program())),
        }
    }

    /// The client's output. The server says nowhere that it listens, so the client tries until it does.
    fn client(self, arguments: &[&str]) -> Result<Output, Problem> {
        let until = Instant::now() + PATIENCE;
        loop {
            std::thread::sleep(Duration::from_millis(100));
            let mut client = self.start(arguments, Some(self.asker()))?.ok_or_else(|| self.hint().to_owned())?;
            let status = loop {
                match client.try_wait().map_err(said)? {
                    Some(status) => break status,
                    None if Instant::now() > until => {
                        let _ = client.kill();
                        let _ = client.wait();
                        return Err(format!("{} hangs", self.program()));
                    }
                    None => std::thread::sleep(Duration::from_millis(5)),
                }
            };
            let (mut stdout, mut stderr) = (Vec::new(), Vec::new());
            client.stdout.take().map(|mut pipe| pipe.read_to_end(&mut stdout));
            client.stderr.take().map(|mut pipe| pipe.read_to_end(&mut stderr));
            if status.success() || Instant::now() > until {
                return Ok(Output { status, stdout, stderr });
            }
        }
    }

    /// What the last line of the program's table says.
    fn seconds(self, test: Test, text: &str) -> Option<f64> {
        let line =
            text.lines().rev().find(|line| line.trim_start().starts_with(|first: char| first.is_ascii_digit()))?;
        let cell = match self {
            // Iterations; microseconds, typical, average, overall; rates. Those of an exchange are for one way.
            Self::Ucx => line.split_whitespace().nth(3)?,
            // bytes, #sent, #ack, total, time, MB/sec, microseconds for one way, Mxfers/sec.
            Self::Libfabric => line.split_whitespace().nth(6)?,
            // bytes, exchanges, nanoseconds for there and back.
            Self::Iceoryx2 => line.split_whitespace().nth(2)?,
        };
        let unit = match (self, test) {
            (Self::Iceoryx2, _) => 1e-9,
            (_, Test::Ping(_)) => 2e-6,
            _ => 1e-6,
        };
        cell.parse::<f64>().ok().map(|count| unit * count)
    }
}

/// Waits for the end of a program that is about to end.
fn wait(program: &mut Child) -> Result<(), Problem> {
    let until = Instant::now() + Duration::from_secs(1);
    while program.try_wait().map_err(said)?.is_none() && Instant::now() < until {
        std::thread::sleep(Duration::from_millis(1));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_line_of_numbers_is_read() {
        let nanoseconds =
            |who: Outside, test, text| who.seconds(test, text).map(|seconds| (1e9 * seconds).round() as u64);
        let ucx = "+----+\n| Test | # iterations |\n+----+\n  40000  0.587  8.971  14.062  6.80  4.34  111468  71116\n";
        assert_eq!(nanoseconds(Outside::Ucx, Test::Stream(64), ucx), Some(14_062));
        assert_eq!(nanoseconds(Outside::Ucx, Test::Ping(64), ucx), Some(28_124));
        let libfabric = "bytes   #sent   #ack  total\n64  40k  =40k  4.8m  8.76s  0.58  109.5  0.01\n";
        assert_eq!(nanoseconds(Outside::Libfabric, Test::Ping(64), libfabric), Some(219_000));
        assert_eq!(nanoseconds(Outside::Iceoryx2, Test::Ping(64), "64 40000 1150.5\n"), Some(1151));
        assert_eq!(nanoseconds(Outside::Ucx, Test::Ping(64), "it failed\n"), None);
    }
}
