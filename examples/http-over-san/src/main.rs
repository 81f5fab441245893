//! Serves HTTP through a provider's library, or asks for something, as two processes:
//!
//! ```text
//! http-over-san --provider libmy_san.so serve 127.0.0.1:8080
//! http-over-san --provider libmy_san.so get 127.0.0.1:8080 /bytes/1000000
//! ```

use std::io::{self, Write};
use std::net::SocketAddrV4;
use std::path::PathBuf;

use clap::{Parser, Subcommand};
use http_over_san::{Client, Failure, serve};
use wsp_host::switch::{SanListener, Switch};

/// HTTP over a provider for a system area network.
#[derive(Parser)]
struct Arguments {
    /// The provider's library, with the export WSPStartupEx.
    #[arg(long)]
    provider: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Serves; prints the address once it listens.
    Serve {
        /// Where. Port 0 asks for any.
        address: SocketAddrV4,
        /// Ends after so many connections.
        #[arg(long)]
        connections: Option<usize>,
    },
    /// Gets something, and writes it to the standard output.
    Get {
        /// The server's address.
        address: SocketAddrV4,
        /// What.
        #[arg(default_value = "/")]
        path: String,
    },
}

fn main() -> Result<(), Failure> {
    let Arguments { provider, command } = Arguments::parse();
    let switch = Switch::new()?;
    switch.load(&provider)?;
    match command {
        Command::Serve { address, connections } => {
            let listener = SanListener::bind(&switch, address)?;
            println!("listening at {}", listener.local_addr()?);
            io::stdout().flush()?;
            serve(&listener, connections)
        }
        Command::Get { address, path } => {
            let mut client = Client::connect(&switch, address)?;
            let (status, body) = client.request(&path, None)?;
            io::stdout().write_all(&body)?;
            client.close()?;
            if status == 200 { Ok(()) } else { Err(format!("{path}: status {status}").into()) }
        }
    }
}
