"""A headless Chromium: the machine's. `python -m tests.browser.chromium` installs Debian's where there is none and that is possible."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome")
QUIET = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--disable-background-networking")


def binary() -> str | None:
    """Where it is, None if this machine has none."""
    return next((found for name in NAMES if (found := shutil.which(name))), None)


def install() -> None:
    """Get Debian's, if there is none and this is root's Debian. It may fail: the tests then say that they were left out."""
    if binary() is not None or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return
    for step in (["update"], ["install", "--yes", "--no-install-recommends", "chromium"]):
        command = ["apt-get", "--quiet", *step]
        subprocess.run(command, check=False, capture_output=True, timeout=600, env=os.environ | {"DEBIAN_FRONTEND": "noninteractive"})


@contextmanager
def visiting(address: str, profile: Path) -> Iterator[None]:
    """Meanwhile a fresh browser shows this page."""
    command = [str(binary()), *QUIET, f"--user-data-dir={profile}", address]
    browser = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        browser.terminate()
        browser.wait(20)


if __name__ == "__main__":
    install()
