"""A module that forks and stays, run by a test of what dies with whom."""

import os
import sys
import time
from pathlib import Path

if __name__ == "__main__":
    os.fork()
    with Path(sys.argv[1]).open("a") as file:
        file.write(f"{os.getpid()} ")
    time.sleep(60)
