from __future__ import annotations

import io
import pickle
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from synmedbench.core import UserError, console_progress, derive_seed, did_you_mean, rng


@given(st.integers(-(2**31), 2**31), st.integers(0, 10**6), st.integers(0, 10**6))
def test_each_seed_and_index_has_a_stream_of_its_own(seed, i, j):
    draw = rng(seed, i).integers(2**62)
    assert draw == rng(seed, i).integers(2**62)
    if i != j:
        assert draw != rng(seed, j).integers(2**62)


def test_named_seeds_differ_by_name_and_are_stable():
    assert derive_seed(3, "fit") == derive_seed(3, "fit") != derive_seed(3, "sample")
    assert 0 <= derive_seed(-5, "fit") < 2**31


def test_an_error_is_one_line_with_place_and_remedy_also_after_a_process_border():
    error = UserError("is\nwrong", where="a.csv, row 3", remedy="mend it")
    assert str(error) == "a.csv, row 3: is wrong (mend it)"
    assert str(pickle.loads(pickle.dumps(error))) == str(error)
    assert isinstance(error, ValueError)


def test_did_you_mean():
    assert did_you_mean("draf", ["draft", "kto"]) == "did you mean 'draft'?"
    assert did_you_mean("zzz", []) == "none are known"


def test_progress_off_a_terminal_is_plain_lines():
    stream = io.StringIO()
    progress = console_progress(stream, every=0.0)
    with progress.task("fit", 2) as task:
        task.advance(note="loss 0.5")
    progress.say("done")
    assert stream.getvalue() == "  fit: 1/2 loss 0.5\ndone\n"


def test_importing_the_package_or_the_commands_loads_no_heavy_library():
    program = (
        "import sys, synmedbench, synmedbench.core, synmedbench.cli, synmedbench.metrics, synmedbench.generators\n"
        "heavy = {'torch', 'timm', 'diffusers', 'sklearn', 'matplotlib', 'scipy', 'pandas'} & set(sys.modules)\n"
        "print(sorted(heavy))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
