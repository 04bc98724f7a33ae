"""Lets the hosts reach the testbed's servers, which themselves listen on loopback alone.

It listens on the hosts' bridge and carries bytes to the same port of the loopback interface; what they say is
between the two ends, encryption included. Run as a program, this file is the relay.
"""

import asyncio
import signal
import socket
import sys

import processes
from layout import LOOPBACK, PROGRAMS

NAME = "relay"
BLOCK = 64 * 1024


def start(bridge, address, ports):
    """Starts the relay for `ports` on the network device `bridge`, where `address` is its own."""
    if processes.alive(NAME) and all(answers(address, port) for port in ports):
        return
    processes.stop(NAME)
    process = processes.start(
        NAME, [sys.executable, PROGRAMS / "relay.py", bridge, address, *ports],
        processes.environment(PYTHONDONTWRITEBYTECODE="1"),
    )
    processes.wait_until(lambda: all(answers(address, port) for port in ports), NAME, process)


def stop():
    return processes.stop(NAME)


def answers(address, port):
    """Tells whether somebody listens there, without troubling them with a connection."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((address, port))
        except OSError:
            return True
        return False


async def serve(bridge, address, ports):
    for port in ports:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # By the address alone, Linux would let in whoever routes to it over any other interface.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_BINDTODEVICE, bridge.encode())
        listener.bind((address, port))
        await asyncio.start_server(lambda *ends, port=port: relay(port, *ends), sock=listener)
    await asyncio.get_running_loop().create_future()


async def relay(port, reader, writer):
    try:
        inner_reader, inner_writer = await asyncio.open_connection(LOOPBACK, port)
    except OSError as error:
        print(f"port {port}: {error}", file=sys.stderr, flush=True)
        writer.close()
        return
    try:
        await asyncio.gather(carry(reader, inner_writer), carry(inner_reader, writer))
    except OSError as error:
        # Clients that hang up are part of what is tested.
        print(f"port {port}: {error}", file=sys.stderr, flush=True)
    finally:
        inner_writer.close()
        writer.close()


async def carry(reader, writer):
    """Passes on what comes, and then the end of it."""
    while block := await reader.read(BLOCK):
        writer.write(block)
        await writer.drain()
    writer.write_eof()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    asyncio.run(serve(sys.argv[1], sys.argv[2], [int(port) for port in sys.argv[3:]]))
