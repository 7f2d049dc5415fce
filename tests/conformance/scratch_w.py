"""Scratch."""
import os, sys, traceback, httpx
from tests import builders
from tests.conformance.replay import Replay
from tests.conformance.transcripts import cases, transcript
from tests.conformance.deviations import NOT_BUILT

def test_all(live):
    names = os.environ.get("CASES", "").split() or [c for c in cases() if c not in NOT_BUILT and transcript(c).steps]
    out = open("/tmp/w_out.txt", "w")
    for case in names:
        person = builders.make_person(builders.make_tenant(), "developer")
        with httpx.Client(base_url=live, headers=person.headers, timeout=30) as client:
            try:
                found = [f for f in Replay(case, client).run() if f.deviation is None]
            except BaseException as e:
                out.write(f"=== {case} CRASH {e!r}\n{''.join(traceback.format_exc()[-900:])}\n"); out.flush(); continue
        if found:
            out.write(f"=== {case} ({len(transcript(case).steps)})\n")
            for f in found: out.write(f"  {f}\n")
        out.flush()
