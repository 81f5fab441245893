//! The behaviour suite.
use wsp_host::{Host, library};

#[test]
fn smoke() -> Result<(), Box<dyn std::error::Error>> {
    assert!(Host::exports_completion());
    let file = library::find(None, "wsp_loopback")?;
    let provider = Host::new().load(&file)?;
    println!("{} {}", file.display(), provider.description());
    let socket = provider.socket()?;
    assert_eq!(provider.open_handles(), 1);
    socket.close()?;
    assert_eq!(provider.open_handles(), 0);
    let (client, server) = provider.connected_pair()?;
    client.send(b"hello")?;
    let mut buffer = [0; 9];
    assert_eq!(server.recv(&mut buffer)?, 5);
    let event = wsp_host::Event::new()?;
    let sent = client.send_overlapped(b"again", wsp_host::Notify::Event(&event));
    assert!(event.is_set());
    assert_eq!(sent.status(), Some(0));
    Ok(())
}
