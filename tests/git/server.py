"""A small git server over HTTPS for the tests: git's own http-backend behind Python's server.

Usage: server.py ROOT CERTIFICATE KEY LOG. Prints its port and that of a plain proxy to it, and serves until its
standard input ends.
Paths: /plain/… open; /private/… for user:pa%ss@word; /status/CODE/…; /away/… redirects to another host name;
/silent/… never answers; /cut/… closes the connection. LOG gets one line for each request: host, path, credentials.
"""

import base64
import http.server
import os
import select
import socket
import socketserver
import ssl
import subprocess
import sys
import threading
import time

root, certificate, key, log = sys.argv[1:5]
WANTED = "Basic " + base64.b64encode(b"user:pa%ss@word").decode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *_):
        pass

    def answer(self, status, headers=(), body=b""):
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def handle_git(self):
        length = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(length)
        if self.headers.get("Transfer-Encoding") == "chunked":
            while size := int(self.rfile.readline(), 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        given = self.headers.get("Authorization", "-")
        with open(log, "a") as file:
            file.write(f"{self.headers['Host']} {self.path} {given}\n")
        area, _, rest = self.path.lstrip("/").partition("/")
        if area == "private" and given != WANTED:
            return self.answer(401, [("WWW-Authenticate", 'Basic realm="git"')])
        if area == "status":
            return self.answer(int(rest.split("/")[0]))
        if area == "away":
            port = self.server.server_address[1]
            return self.answer(302, [("Location", f"https://localhost:{port}/private/{rest}")])
        if area == "silent":
            time.sleep(30)
            return None
        if area == "cut":
            self.connection.close()
            return None
        path, _, query = rest.partition("?")
        environment = dict(
            os.environ, GIT_PROJECT_ROOT=root, GIT_HTTP_EXPORT_ALL="1", PATH_INFO="/" + path, QUERY_STRING=query,
            REQUEST_METHOD=self.command, CONTENT_TYPE=self.headers.get("Content-Type", ""), CONTENT_LENGTH=str(len(body)),
            GIT_CONFIG_COUNT="1", GIT_CONFIG_KEY_0="safe.directory", GIT_CONFIG_VALUE_0="*",
            HTTP_CONTENT_ENCODING=self.headers.get("Content-Encoding", ""),
            GIT_PROTOCOL=self.headers.get("Git-Protocol", ""),
        )
        backend = subprocess.run(["git", "http-backend"], input=body, env=environment, capture_output=True)
        output = backend.stdout
        head, _, body = output.partition(b"\r\n\r\n")
        headers = [tuple(line.split(": ", 1)) for line in head.decode().split("\r\n") if line]
        status = next((int(value.split()[0]) for name, value in headers if name == "Status"), 200)
        return self.answer(status, [pair for pair in headers if pair[0] != "Status"], body)

    do_GET = do_POST = handle_git


class Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        pass


context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, key)


class Lazy(Server):
    def finish_request(self, request, client_address):
        with context.wrap_socket(request, server_side=True) as wrapped:
            super().finish_request(wrapped, client_address)


class Proxy(http.server.BaseHTTPRequestHandler):
    def log_message(self, *_):
        pass

    def do_CONNECT(self):
        with open(log, "a") as file:
            file.write(f"proxy {self.path} -\n")
        host, _, port = self.path.rpartition(":")
        with socket.create_connection((host, int(port))) as there:
            self.wfile.write(b"HTTP/1.1 200 OK\r\n\r\n")
            ends = {self.connection: there, there: self.connection}
            while True:
                for end in select.select(list(ends), [], [])[0]:
                    data = end.recv(65536)
                    if not data:
                        return
                    ends[end].sendall(data)


server = Lazy(("127.0.0.1", 0), Handler)
threading.Thread(target=server.serve_forever, daemon=True).start()
proxy = Server(("127.0.0.1", 0), Proxy)
threading.Thread(target=proxy.serve_forever, daemon=True).start()
print(server.server_address[1], proxy.server_address[1], flush=True)
sys.stdin.read()
