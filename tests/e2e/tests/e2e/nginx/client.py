"""A client that loads a server of TLS while its certificate renews.

    python client.py HOST AUTHORITY CERTIFICATES

connects until it has seen so many certificates, and prints as JSON what it saw. Each connection verifies the chain and the
name. A download of /slow lasts longer than a certificate does, so one is always under way while the server reads the next.
"""

import http.client
import json
import ssl
import sys
import threading
import time

HOST, AUTHORITY, WANTED = sys.argv[1], sys.argv[2], int(sys.argv[3])
# A certificate lives for two minutes, and is dated back a tenth of that.
BACKDATED = 12
DEADLINE = time.monotonic() + 600
SLOW_BYTES = 65536

context = ssl.create_default_context(cafile=AUTHORITY)
lock = threading.Lock()
done = threading.Event()
first_seen = {}
counts = {"handshakes": 0, "requests": 0, "reconnected": 0, "downloads": 0}
failures = []


def count(what):
    with lock:
        counts[what] += 1


def fail(what, error):
    with lock:
        failures.append(f"{what}: {type(error).__name__}: {error}")


def connected():
    """A connection whose certificate is noted."""
    connection = http.client.HTTPSConnection(HOST, timeout=30, context=context)
    connection.connect()
    certificate = connection.sock.getpeercert()
    count("handshakes")
    with lock:
        if certificate["serialNumber"] not in first_seen:
            issued = ssl.cert_time_to_seconds(certificate["notBefore"]) + BACKDATED
            first_seen[certificate["serialNumber"]] = time.time() - issued
            if len(first_seen) == WANTED:
                done.set()
    return connection


def get(connection):
    connection.request("GET", "/")
    answer = connection.getresponse()
    if answer.status != 200 or answer.read() != b"hello\n":
        raise ValueError(f"status {answer.status}")
    count("requests")


def connect_again_and_again():
    while not done.is_set() and time.monotonic() < DEADLINE:
        try:
            connection = connected()
            get(connection)
            connection.close()
        except Exception as error:
            fail("a new connection", error)
        time.sleep(0.02)


def keep_a_connection():
    """What a pool of connections does: a server may close one that is idle, and the request goes over another."""
    connection = None
    while not done.is_set() and time.monotonic() < DEADLINE:
        try:
            connection = connection or connected()
            get(connection)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError, ssl.SSLEOFError):
            count("reconnected")
            try:
                connection = connected()
                get(connection)
            except Exception as error:
                fail("a request over a second connection", error)
                connection = None
        except Exception as error:
            fail("a request over a kept connection", error)
            connection = None
        time.sleep(0.01)


def download():
    while not done.is_set() and time.monotonic() < DEADLINE:
        try:
            connection = connected()
            connection.request("GET", "/slow")
            answer = connection.getresponse()
            if answer.status != 200 or len(answer.read()) != SLOW_BYTES:
                raise ValueError("a part of it is missing")
            count("downloads")
            connection.close()
        except Exception as error:
            fail("a download", error)
            time.sleep(1)


work = [connect_again_and_again] * 3 + [keep_a_connection] + [download] * 2
threads = [threading.Thread(target=one) for one in work]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(json.dumps({**counts, "lags": list(first_seen.values()), "failures": failures[:10], "failed": len(failures)}))
