//! TLS in front of a server that speaks none, with the certificate of the testbed's servers: one request a connection,
//! and none with a body.

use std::io::{self, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

use native_tls::{Identity, TlsAcceptor};

use super::testbed;

/// Listens in front of `address` and returns the address under which clients check the certificate.
pub fn before(address: String) -> String {
    let read = |name| std::fs::read(testbed().path("/root").join("certificates").join(name)).unwrap();
    let identity = Identity::from_pkcs8(&read("server.crt"), &read("server.key")).unwrap();
    let acceptor = Arc::new(TlsAcceptor::new(identity).unwrap());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Docker checks no certificate of 127.0.0.0/8.
    let front = format!("0.0.0.0:{}", listener.local_addr().unwrap().port());
    thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let (acceptor, address) = (Arc::clone(&acceptor), address.clone());
            // A client that hangs up is part of what is tested.
            thread::spawn(move || hand_on(&acceptor, client, &address).ok());
        }
    });
    front
}

fn hand_on(acceptor: &TlsAcceptor, client: TcpStream, address: &str) -> io::Result<()> {
    let mut client = acceptor.accept(client).map_err(io::Error::other)?;
    let mut server = TcpStream::connect(address)?;
    let mut block = [0; 4096];
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        match client.read(&mut block)? {
            0 => return Ok(()),
            count => head.extend_from_slice(&block[..count]),
        }
    }
    server.write_all(&head)?;
    io::copy(&mut server, &mut client)?;
    client.shutdown()
}
