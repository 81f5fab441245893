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
}

impl Outside {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Ucx, Self::Libfabric];

    /// What it is called.
    pub fn name(self) -> &'static str {
        match self {
            Self::Ucx => "ucx",
            Self::Libfabric => "libfabric",
        }
    }

    fn program(self) -> &'static str {
        match self {
            Self::Ucx => "ucx_perftest",
            Self::Libfabric => "fi_pingpong",
        }
    }

    /// How it gets onto a machine.
    pub fn hint(self) -> &'static str {
        match self {
            Self::Ucx => "not installed (Debian: ucx-utils)",
            Self::Libfabric => "not installed (Debian: libfabric-bin)",
        }
    }

    /// Seconds for one message; `None` if the program is not installed or cannot do this test.
    pub fn run(self, test: Test) -> Result<Option<f64>, Problem> {
        let (kind, size, count) = match test {
            Test::Ping(size) => ("tag_lat", size, 40_000),
            Test::Stream(size) if self == Self::Ucx => ("tag_bw", size, (400_000_000 / size).min(40_000)),
            _ => return Ok(None),
        };
        let (size, count) = (size.to_string(), count.to_string());
        let arguments: Vec<&str> = match self {
            Self::Ucx => vec!["-t", kind, "-s", &size, "-n", &count, "-w", "1000", "-f"],
            Self::Libfabric => vec!["-p", "shm", "-e", "rdm", "-S", &size, "-I", &count],
        };
        let Some(mut server) = self.start(&arguments, None)? else { return Ok(None) };
        let client = self.client(&arguments);
        // Ends by itself after a run; not if nobody came.
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
            let mut client = self.start(arguments, Some("127.0.0.1"))?.ok_or_else(|| self.hint().to_owned())?;
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
        };
        let ways = if matches!(test, Test::Ping(_)) { 2.0 } else { 1.0 };
        cell.parse::<f64>().ok().map(|micros| ways * 1e-6 * micros)
    }
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
        assert_eq!(nanoseconds(Outside::Ucx, Test::Ping(64), "it failed\n"), None);
    }
}
