"""Stands between a client and the sandbox, hands on what both say, and notes each request and what came of it.

Its port stays while the sandbox behind it is ended and started again, as the address of a service does. The sandbox
closes a connection after an answer: a connection is a request.
"""

import contextlib
import re
import socket
import threading

MOST_HEAD_BYTES = 64 << 10
CHUNK_BYTES = 8 << 10
# Only against hanging.
IDLE_SECONDS = 120


class Request:
    """A request, and how much of which answer has been handed on."""

    def __init__(self, head):
        self.method, self.target = head.split(b" ", 2)[:2]
        self.method, self.target = self.method.decode(), self.target.decode()
        self.path = self.target.partition("?")[0]
        self.asks_for_rest = field(head, b"range") is not None
        self.status, self.location, self.announced, self.bytes = None, None, None, 0

    @property
    def is_for_data(self):
        return self.path.startswith("/data/")

    @property
    def is_start(self):
        return self.path.endswith("$export") or self.path.endswith("%24export")


def field(head, name):
    """A field of a head, if it is there."""
    found = re.search(rb"(?im)^" + re.escape(name) + rb":[ \t]*([^\r\n]*)", head)
    return found and found[1].decode("latin-1").strip()


class Relay:
    """Listens until it is left as a context. `port` is its own, `behind` that of the sandbox."""

    def __init__(self):
        self.behind = None
        self.requests = []
        # Called with a request and a number of bytes: before its answer is handed on, after each part of the body, and at the end.
        self.watch = lambda request, count: None
        self.lock = threading.Lock()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.working = []

    def __enter__(self):
        threading.Thread(target=self.accept, daemon=True).start()
        return self

    def __exit__(self, *_):
        # A thread that waits in accept is not woken by closing alone.
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()

    def accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self.serve, args=(client,), daemon=True)
            with self.lock:
                self.working = [other for other in self.working if other.is_alive()] + [thread]
            thread.start()

    def settle(self):
        """Waits until everything is handed on, or its client gone; gives all requests so far, and begins a new list."""
        while True:
            with self.lock:
                working, self.working = self.working, []
            if not working:
                break
            for thread in working:
                thread.join()
        requests, self.requests = self.requests, []
        return requests

    def serve(self, client):
        # Either side may go at any time: that is what this is for.
        with client, contextlib.suppress(OSError):
            client.settimeout(IDLE_SECONDS)
            # What is handed on is what the client has, or nearly so.
            client.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, CHUNK_BYTES)
            asked = read_head(client)
            if asked is None:
                return
            head, body = asked
            body += read_exactly(client, int(field(head, b"content-length") or 0) - len(body))
            request = Request(head)
            with self.lock:
                self.requests.append(request)
            with socket.create_connection(("127.0.0.1", self.behind), IDLE_SECONDS) as server:
                server.sendall(head + body)
                self.hand_on(request, server, client)

    def hand_on(self, request, server, client):
        answer = read_head(server)
        if answer is None:
            return
        head, body = answer
        request.status, request.location = int(head.split(b" ", 2)[1]), field(head, b"content-location")
        length = field(head, b"content-length")
        request.announced = length and int(length)
        self.watch(request, 0)
        client.sendall(head)
        # The head of an answer may come alone.
        while body or (body := server.recv(CHUNK_BYTES)):
            client.sendall(body)
            request.bytes += len(body)
            self.watch(request, len(body))
            body = b""
        self.watch(request, 0)


def read_head(connection):
    """A head up to its empty line, and what came with it; None when the other side went before."""
    read = b""
    while b"\r\n\r\n" not in read:
        more = connection.recv(CHUNK_BYTES)
        if not more or len(read) > MOST_HEAD_BYTES:
            return None
        read += more
    head, body = read.split(b"\r\n\r\n", 1)
    return head + b"\r\n\r\n", body


def read_exactly(connection, count):
    read = b""
    while len(read) < count and (more := connection.recv(count - len(read))):
        read += more
    return read
