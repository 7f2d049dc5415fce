"""The garbage collector's settings of a long-lived process."""

import gc

# Runs and streams are made and dropped by the thousand, and die by reference count: the default of 700 looks for cycles far too often.
THRESHOLDS = (20_000, 20, 20)


def keep_what_is_loaded() -> None:
    """Called when start-up is over: code, graphs and plans live as long as the process, so no collection walks through them again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
