"""`make manage ARGS="…"`: a command of manage.py against the servers that `make up` has started."""

import os
import sys

from config.embedded.environment import CHECKOUT, Options, manage_path
from config.embedded.files import read_record
from config.embedded.process import ServerFailed


def main() -> None:
    """Become manage.py."""
    try:
        known = read_record(manage_path(Options.read(os.environ)))
    except ServerFailed as error:
        sys.exit(str(error))
    if not known:
        sys.exit("Nothing runs here yet: start `make up` in another terminal first.")
    os.execve(sys.executable, [sys.executable, str(CHECKOUT / "manage.py"), *sys.argv[1:]], os.environ | known)  # noqa: S606 (no shell is meant)


if __name__ == "__main__":
    main()
