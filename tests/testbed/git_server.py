"""Serves the bare repositories of the testbed by git's smart protocol, over HTTPS and over HTTP.

Every repository is found twice: under its own path for everybody, and below `/private/` for those who know
the password. What may be asked for is each repository's own matter, e.g. `uploadpack.allowAnySHA1InWant`.
Run as a program, this file is the server; git itself answers, by `git http-backend`.
"""

import base64
import http.server
import ssl
import subprocess
import sys
import tempfile
import threading
import urllib.parse
import urllib.request

import certificates
import processes
from layout import AUTHORITY, PROGRAMS, GIT_ROOT, LOOPBACK, free_port, port

NAME = "git-server"
PRIVATE = "/private"
USERNAME = "corlys"
PASSWORD = "seasnake/7+%42&spice"
BLOCK = 64 * 1024


def start(probe):
    """Starts the server; it is up when it serves the repository `probe`."""
    if processes.alive(NAME) and answers(probe):
        return
    processes.stop(NAME)
    ports = [free_port("git-https"), free_port("git-http")]
    command = [sys.executable, PROGRAMS / "git_server.py", *ports]
    process = processes.start(NAME, command, processes.environment(PYTHONDONTWRITEBYTECODE="1"))
    processes.wait_until(lambda: answers(probe), NAME, process)


def stop():
    return processes.stop(NAME)


def answers(probe):
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=AUTHORITY)),
    )
    try:
        url = f"{base_url()}/{probe}/info/refs?service=git-upload-pack"
        with opener.open(url, timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def base_url():
    return f"https://localhost:{port('git-https')}"


def plain_base_url():
    return f"http://localhost:{port('git-http')}"


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_GET(self):
        self.serve()

    def do_POST(self):
        self.serve()

    def serve(self):
        body = self.request_body()
        path, _, query = self.path.partition("?")
        path = urllib.parse.unquote(path)
        user = self.user()
        if path.startswith(PRIVATE + "/"):
            if user is None:
                return self.refuse()
            path = path.removeprefix(PRIVATE)
        with body, self.backend(path, query, user, body) as backend:
            self.relay(backend)

    def request_body(self):
        """Returns what the client sent, as a file: git reads it while it already answers."""
        body = tempfile.TemporaryFile()
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body.write(self.rfile.read(size))
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
        else:
            body.write(self.rfile.read(int(self.headers.get("Content-Length", 0))))
        body.seek(0)
        return body

    def user(self):
        """Returns the user's name where the right password came with the request."""
        expected = base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode()
        return USERNAME if self.headers.get("Authorization") == f"Basic {expected}" else None

    def refuse(self):
        self.send_response(401)
        self.send_header("WWW-Authenticate", 'Basic realm="velaryon"')
        self.send_header("Content-Length", "0")
        self.end_headers()

    def backend(self, path, query, user, body):
        body.seek(0, 2)
        length = body.tell()
        body.seek(0)
        env = {
            "PATH": processes.environment()["PATH"],
            "GIT_PROJECT_ROOT": str(GIT_ROOT),
            "GIT_HTTP_EXPORT_ALL": "1",
            "GIT_CONFIG_NOSYSTEM": "1",
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": "safe.directory",
            "GIT_CONFIG_VALUE_0": "*",
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(length),
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "REMOTE_ADDR": self.client_address[0],
            **({"REMOTE_USER": user} if user else {}),
        }
        return subprocess.Popen(["git", "http-backend"], env=env, stdin=body, stdout=subprocess.PIPE)

    def relay(self, backend):
        """Sends on what git says: in one piece where it is short, else as it comes."""
        status, headers = 200, []
        while line := backend.stdout.readline().strip():
            name, _, value = line.decode("latin-1").partition(": ")
            if name == "Status":
                status = int(value.split()[0])
            else:
                headers.append((name, value))
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        first = backend.stdout.read(BLOCK)
        if len(first) < BLOCK:
            self.send_header("Content-Length", str(len(first)))
            self.end_headers()
            self.wfile.write(first)
            return
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        block = first
        while block:
            self.wfile.write(b"%x\r\n%s\r\n" % (len(block), block))
            block = backend.stdout.read(BLOCK)
        self.wfile.write(b"0\r\n\r\n")


class Server(http.server.ThreadingHTTPServer):
    """Shakes hands over TLS in each client's own thread, so that a silent client stops nobody."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, number, context):
        self.context = context
        super().__init__((LOOPBACK, number), Handler)

    def finish_request(self, request, client_address):
        if self.context is None:
            return super().finish_request(request, client_address)
        with self.context.wrap_socket(request, server_side=True) as secure:
            super().finish_request(secure, client_address)

    def handle_error(self, request, client_address):
        # Clients that hang up are part of what is tested.
        print(f"{client_address}: {sys.exc_info()[1]!r}", file=sys.stderr, flush=True)


def serve(secure_port, plain_port):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificates.server())
    plain = Server(plain_port, None)
    threading.Thread(target=plain.serve_forever, daemon=True).start()
    Server(secure_port, context).serve_forever()


if __name__ == "__main__":
    serve(int(sys.argv[1]), int(sys.argv[2]))
