//! The server and the client, over a provider that connects inside one process.

use std::net::{Ipv4Addr, SocketAddrV4};
use std::thread;

use http_over_san::{Client, pattern, serve};
use wsp_host::switch::{SanListener, Switch};

#[test]
fn requests_of_all_sizes_are_answered() {
    let switch = Switch::new().unwrap();
    switch.start_type::<wsp_provider::Loopback>().unwrap();
    let listener = SanListener::bind(&switch, SocketAddrV4::new(Ipv4Addr::LOCALHOST, 0)).unwrap();
    let address = listener.local_addr().unwrap();
    // Not joined if the client fails: it would wait for ever.
    let server = thread::spawn(move || serve(&listener, Some(2)));
    for _ in 0..2 {
        let mut client = Client::connect(&switch, address).unwrap();
        assert_eq!(client.request("/", None).unwrap(), (200, "Hello over the SAN\n".into()));
        for count in [0, 1, 5000, 1_000_000] {
            let (status, body) = client.request(&format!("/bytes/{count}"), None).unwrap();
            assert_eq!(status, 200);
            assert!(body == pattern(count), "{count}: other bytes");
            let (_, echo) = client.request("/echo", Some(pattern(count))).unwrap();
            assert!(echo == pattern(count), "{count}: another echo");
        }
        assert_eq!(client.request("/nothing", None).unwrap().0, 404);
        client.close().unwrap();
    }
    server.join().unwrap().unwrap();
}
