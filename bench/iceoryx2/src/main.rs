//! An exchange of messages between two processes over iceoryx2, both sides polling: `wsp-bench-iceoryx2 NAME SIZE COUNT` answers,
//! `wsp-bench-iceoryx2 asker NAME SIZE COUNT` asks, and prints size, count and nanoseconds for there and back. The name is any
//! that nobody else uses.

use std::error::Error;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::publish_subscribe;

/// How long a side waits for the other to come.
const PATIENCE: Duration = Duration::from_secs(10);
/// After so many looks for a message, one whether the other side is still there.
const LOOKS: u32 = 1 << 16;
/// Exchanges before the clock starts.
const WARM: usize = 1000;

type Problem = Box<dyn Error>;

type Way = publish_subscribe::PortFactory<ipc::Service, [u8], ()>;

/// One way out and one way in.
struct Side {
    out: Publisher<ipc::Service, [u8], ()>,
    into: Subscriber<ipc::Service, [u8], ()>,
    ways: [Way; 2],
    _node: Node<ipc::Service>,
}

impl Side {
    fn new(name: &str, [out, into]: [&str; 2], size: usize) -> Result<Self, Problem> {
        let node = NodeBuilder::new().create::<ipc::Service>()?;
        let way = |way: &str| -> Result<Way, Problem> {
            let name = ServiceName::new(&format!("wsp-bench/{name}/{way}"))?;
            Ok(node.service_builder(&name).publish_subscribe::<[u8]>().open_or_create()?)
        };
        let ways = [way(out)?, way(into)?];
        let out = ways[0].publisher_builder().initial_max_slice_len(size.max(1)).create()?;
        let into = ways[1].subscriber_builder().create()?;
        Ok(Self { out, into, ways, _node: node })
    }

    /// Is the other side there?
    fn is_met(&self) -> bool {
        let [out, into] = &self.ways;
        out.dynamic_config().number_of_subscribers() > 0 && into.dynamic_config().number_of_publishers() > 0
    }

    fn meet(&self) -> Result<(), Problem> {
        let begun = Instant::now();
        while !self.is_met() {
            if begun.elapsed() > PATIENCE {
                return Err("the other side does not come".into());
            }
            std::thread::sleep(Duration::from_millis(1));
        }
        Ok(())
    }

    fn send(&self, data: &[u8]) -> Result<(), Problem> {
        self.out.loan_slice_uninit(data.len())?.write_from_slice(data).send()?;
        Ok(())
    }

    /// Receives a message into `room`, which is as long; `None` if the other side has gone.
    fn receive(&self, room: &mut [u8]) -> Result<Option<()>, Problem> {
        loop {
            for _ in 0..LOOKS {
                if let Some(sample) = self.into.receive()? {
                    room.copy_from_slice(sample.payload());
                    return Ok(Some(()));
                }
                std::hint::spin_loop();
            }
            if !self.is_met() {
                return Ok(None);
            }
        }
    }
}

fn answer(name: &str, size: usize) -> Result<(), Problem> {
    let side = Side::new(name, ["back", "there"], size)?;
    side.meet()?;
    let mut room = vec![0; size];
    while side.receive(&mut room)?.is_some() {
        side.send(&room)?;
    }
    Ok(())
}

fn ask(name: &str, size: usize, count: usize) -> Result<(), Problem> {
    let side = Side::new(name, ["there", "back"], size)?;
    side.meet()?;
    let (data, mut room) = (vec![0x5A; size], vec![0; size]);
    let mut exchange = || {
        side.send(&data)?;
        side.receive(&mut room)?.ok_or_else(|| Problem::from("the other side has gone"))
    };
    for _ in 0..WARM {
        exchange()?;
    }
    let begun = Instant::now();
    for _ in 0..count {
        exchange()?;
    }
    println!("{size} {count} {:.1}", 1e9 * begun.elapsed().as_secs_f64() / count as f64);
    Ok(())
}

fn run() -> Result<(), Problem> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (asks, rest) = match arguments.split_first() {
        Some((first, rest)) if first == "asker" => (true, rest),
        _ => (false, &arguments[..]),
    };
    let [name, size, count] = rest else { return Err("a name, a size and a count are needed".into()) };
    if asks { ask(name, size.parse()?, count.parse()?) } else { answer(name, size.parse()?) }
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("wsp-bench-iceoryx2: {problem}");
            ExitCode::FAILURE
        }
    }
}
