"""Speaks the registry's HTTP interface, as far as pushing needs it.

It knows no image: it carries bytes and says under which digest they are found.
"""

import base64
import hashlib
import http.client
import ssl

from layout import TestbedError


def digest(data):
    return "sha256:" + hashlib.sha256(data).hexdigest()


class RegistryClient:
    """One connection to one registry, kept open for all that is pushed."""

    def __init__(self, host, port, authority, username, password):
        context = ssl.create_default_context(cafile=authority)
        self.connection = http.client.HTTPSConnection(host, port, context=context, timeout=20)
        credentials = base64.b64encode(f"{username}:{password}".encode()).decode()
        self.headers = {"Authorization": f"Basic {credentials}"}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.connection.close()

    def answers(self):
        try:
            return self.ask("GET", "/v2/")[0] == 200
        except (OSError, http.client.HTTPException):
            return False

    def push_blob(self, name, data):
        """Makes the registry hold `data` for the repository `name`; returns its digest."""
        wanted = digest(data)
        if self.ask("HEAD", f"/v2/{name}/blobs/{wanted}")[0] == 200:
            return wanted
        _, headers, _ = self.expect(202, "POST", f"/v2/{name}/blobs/uploads/")
        location = headers["Location"]
        path = location[location.index("/v2/"):]
        binary = {"Content-Type": "application/octet-stream"}
        self.expect(201, "PUT", f"{path}{'&' if '?' in path else '?'}digest={wanted}", data, binary)
        return wanted

    def push_manifest(self, name, reference, media_type, data):
        """Puts a manifest under a tag or its own digest; returns its digest."""
        self.expect(201, "PUT", f"/v2/{name}/manifests/{reference}", data, {"Content-Type": media_type})
        return digest(data)

    def expect(self, status, method, path, body=None, headers=None):
        answer = self.ask(method, path, body, headers)
        if answer[0] != status:
            said = answer[2].decode(errors="replace").strip()
            raise TestbedError(f"the registry answered {answer[0]} to {method} {path}: {said}")
        return answer

    def ask(self, method, path, body=None, headers=None):
        self.connection.request(method, path, body, {**self.headers, **(headers or {})})
        response = self.connection.getresponse()
        return response.status, response.headers, response.read()
