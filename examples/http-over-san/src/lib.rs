//! An HTTP server and an HTTP client over the switch. The protocol is hyper's, as it comes from crates.io; what is here is the
//! [way in](io::Io), a handler, and a thread for each connection.

pub mod io;

use std::convert::Infallible;
use std::net::SocketAddrV4;
use std::thread;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use wsp_host::switch::{SanListener, SanStream, Switch};

use io::Io;

/// What may go wrong, in whatever layer.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// Serves `connections` connections, each on a thread of its own; `None`: as many as come.
///
/// # Errors
/// The listener's.
pub fn serve(listener: &SanListener, connections: Option<usize>) -> Result<(), Failure> {
    let mut threads = Vec::new();
    for stream in listener.incoming().take(connections.unwrap_or(usize::MAX)) {
        let stream = stream?;
        let connection = thread::spawn(move || {
            let served = hyper::server::conn::http1::Builder::new().serve_connection(Io(stream), service_fn(answer));
            if let Err(error) = pollster::block_on(served) {
                eprintln!("connection: {error}");
            }
        });
        if connections.is_some() {
            threads.push(connection);
        }
    }
    for connection in threads {
        connection.join().map_err(|_| "a connection's thread panicked")?;
    }
    Ok(())
}

/// `GET /` greets, `GET /bytes/N` gives N bytes, `POST /echo` gives back what it got.
async fn answer(request: Request<Incoming>) -> Result<Response<Full<Bytes>>, Infallible> {
    let path = request.uri().path().to_owned();
    let (status, body) = match (request.method(), path.as_str()) {
        (&Method::GET, "/") => (StatusCode::OK, Bytes::from_static(b"Hello over the SAN\n")),
        (&Method::POST, "/echo") => match request.into_body().collect().await {
            Ok(body) => (StatusCode::OK, body.to_bytes()),
            Err(error) => (StatusCode::BAD_REQUEST, error.to_string().into()),
        },
        (&Method::GET, _) => match path.strip_prefix("/bytes/").and_then(|count| count.parse().ok()) {
            Some(count) if count <= 1 << 28 => (StatusCode::OK, pattern(count).into()),
            _ => (StatusCode::NOT_FOUND, Bytes::from_static(b"no such thing\n")),
        },
        _ => (StatusCode::METHOD_NOT_ALLOWED, Bytes::new()),
    };
    let mut response = Response::new(Full::new(body));
    *response.status_mut() = status;
    Ok(response)
}

/// Bytes to be checked at the other end.
pub fn pattern(count: usize) -> Vec<u8> {
    (0..count).map(|place| (place ^ (place >> 8) ^ (place >> 16)) as u8).collect()
}

/// A connection to a server; requests go one after the other.
pub struct Client {
    requests: hyper::client::conn::http1::SendRequest<Full<Bytes>>,
    address: SocketAddrV4,
    connection: thread::JoinHandle<()>,
}

impl Client {
    /// Connects.
    ///
    /// # Errors
    /// The switch's or hyper's.
    pub fn connect(switch: &Switch, address: SocketAddrV4) -> Result<Self, Failure> {
        let stream = SanStream::connect(switch, address)?;
        let (requests, connection) = pollster::block_on(hyper::client::conn::http1::handshake(Io(stream)))?;
        let connection = thread::spawn(move || {
            // A failure is told to the request that it concerns.
            let _ = pollster::block_on(connection);
        });
        Ok(Self { requests, address, connection })
    }

    /// Sends a request, with a body by `POST`, else by `GET`; gives status and body of the answer.
    ///
    /// # Errors
    /// hyper's.
    pub fn request(&mut self, path: &str, body: Option<Vec<u8>>) -> Result<(u16, Bytes), Failure> {
        let method = if body.is_some() { Method::POST } else { Method::GET };
        let body = Full::new(Bytes::from(body.unwrap_or_default()));
        let request =
            Request::builder().method(method).uri(path).header("host", self.address.to_string()).body(body)?;
        pollster::block_on(async {
            // The connection's thread may still be at the end of the last answer.
            self.requests.ready().await?;
            let response = self.requests.send_request(request).await?;
            let status = response.status().as_u16();
            Ok((status, response.into_body().collect().await?.to_bytes()))
        })
    }

    /// Ends the connection, and waits for its end.
    ///
    /// # Errors
    /// The connection's thread panicked.
    pub fn close(self) -> Result<(), Failure> {
        let Self { requests, connection, .. } = self;
        drop(requests);
        connection.join().map_err(|_| "the connection's thread panicked".into())
    }
}
