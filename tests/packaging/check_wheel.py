"""Guards that a package at the repository's root needs; run by ``make check`` and CI.

1. The wheel is built from a clean copy of the files that git tracks, in a folder whose name has a hyphen (a stale
   ``build/`` would ship deleted files), and holds exactly those that are not tests, docs or project files.
2. The wheel, installed without the source tree in sight, is type-checked and its doctests run.
3. The floors are kept (import-linter), on the installed package.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def call(*words: str | Path, cwd: Path) -> str:
    """Run a command; on failure show what it said and stop."""
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True)
    if done.returncode:
        print(done.stdout, done.stderr, sep="\n")
        sys.exit(f"failed: {' '.join(str(word) for word in words)}")
    return done.stdout


def tracked(root: Path) -> set[str]:
    """Files that git tracks, or that it would (new and not ignored)."""
    listed = call("git", "ls-files", "--cached", "--others", "--exclude-standard", cwd=root).splitlines()
    return {name for name in listed if (root / name).is_file()}


def expected(root: Path) -> set[str]:
    """The files that the wheel must hold, under ``synmedbench/``: all that is tracked but what is named here."""
    outside = ("tests", "docs", ".ci", "results")
    wanted = set()
    for name in tracked(root):
        path = Path(name)
        top_level = path.parent == Path() and path.suffix != ".py" and name != "py.typed"
        if path.parts[0] not in outside and not top_level:
            wanted.add(f"synmedbench/{name}")
    return wanted


def build_wheel(folder: Path) -> Path:
    """Build the wheel in a clean copy of the tracked files, in ``folder``."""
    clean = folder / "a-clean-checkout"
    clean.mkdir()
    for name in tracked(ROOT):
        target = clean / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / name).read_bytes())
    call(sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist", cwd=clean)
    return next((folder / "dist").glob("*.whl"))


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        wheel = build_wheel(Path(folder))
        held = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
        if held != expected(ROOT):
            sys.exit(f"the wheel differs: too many {held - expected(ROOT)}, missing {expected(ROOT) - held}")
        print(f"wheel: {len(held)} files, the tracked ones")
        site = Path(folder) / "site"
        call(
            sys.executable,
            "-m",
            "pip",
            "install",
            "-q",
            "--no-deps",
            "--target",
            site,
            wheel,
            cwd=Path(folder),
        )
        checks_on(site, Path(folder))


def checks_on(site: Path, elsewhere: Path) -> None:
    """Type-check, doctest and lint the installed package from another folder."""
    # -P keeps the working folder off sys.path; the installed copy comes first through PYTHONPATH.
    environment = {**os.environ, "PYTHONPATH": str(site), "OMP_NUM_THREADS": "2"}
    mypy = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), "-p", "synmedbench"]
    doctests = [sys.executable, "-P", "-m", "pytest", "-q", "--doctest-modules", "--pyargs", "synmedbench"]
    doctests += ["-p", "no:cacheprovider", "--rootdir", str(elsewhere), "-o", "addopts="]
    floors = ["lint-imports", "--config", str(ROOT / "pyproject.toml"), "--no-cache"]
    tool = Path(sys.executable).parent / floors[0]
    for name, words in (("types", mypy), ("floors", [str(tool), *floors[1:]]), ("doctests", doctests)):
        done = subprocess.run(words, cwd=elsewhere, env=environment, capture_output=True, text=True)
        print(f"{name}: {(done.stdout.strip().splitlines() or ['?'])[-1]}")
        if done.returncode:
            print(done.stdout[-8000:], done.stderr[-2000:])
            sys.exit(f"{name} failed")


if __name__ == "__main__":
    main()
