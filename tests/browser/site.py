"""A web site of an origin of its own: a page, the JS packages, and a place where the page reports what it found."""

import json
import queue
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.js.node import MODULES


@dataclass(slots=True)
class Site:
    """Its address, and the reports in order."""

    address: str = ""
    reports: "queue.Queue[Any]" = field(default_factory=queue.Queue)


class Handler(SimpleHTTPRequestHandler):
    """GET of a page or a package, POST of a report."""

    def __init__(self, *args: Any, site: Site, pages: Path) -> None:
        self.site, self.pages = site, pages
        super().__init__(*args, directory=str(pages))

    def translate_path(self, path: str) -> str:
        """Packages lie where npm has put them."""
        folder = MODULES.parent if path.startswith("/node_modules/") else self.pages
        return str(folder / path.partition("?")[0].lstrip("/"))

    def do_POST(self) -> None:
        """Take a report."""
        self.site.reports.put(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Nothing on the terminal."""


@contextmanager
def served(pages: Path) -> Iterator[Site]:
    """The site, on a port of its own."""
    site = Site()
    server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Handler, site=site, pages=pages))
    site.address = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield site
    finally:
        server.shutdown()
        server.server_close()
