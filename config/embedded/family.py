"""Run a module so that the processes it forks die with it, as it dies with the launcher: `python -m config.embedded.family MODULE …`."""

import os
import runpy
import signal
import sys

from config.embedded.process import set_death_signal


def main() -> None:
    # Celery's worker forks its beat, and a fork does not inherit the death signal.
    os.register_at_fork(after_in_child=lambda: set_death_signal(signal.SIGKILL))
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
