"""The last resort for Redis: fakeredis' server in Python, configured over standard input like the real one."""

import sys

from fakeredis import FakeServer, TcpFakeServer


def main() -> None:
    settings = dict(line.split(" ", 1) for line in sys.stdin.read().splitlines())
    server = TcpFakeServer((settings["bind"], int(settings["port"])))
    server.fake_server = FakeServer(config={b"requirepass": settings["requirepass"].encode()})
    server.daemon_threads = True
    server.serve_forever()


if __name__ == "__main__":
    main()
