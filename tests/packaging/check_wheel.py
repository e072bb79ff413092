"""Guards that a package at the repository's root needs; run by ``make check`` and CI.

1. The wheel is built from a clean checkout of the commit, in a folder whose name has a hyphen (a stale ``build/``
   would ship deleted files), and holds exactly the tracked files of the package.
2. The wheel, installed without the source tree in sight, is type-checked and its doctests run.
3. The floors are kept (import-linter), on the installed package.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import tomllib
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
    """The files that the wheel must hold, under ``synmedbench/``."""
    project = tomllib.loads((root / "pyproject.toml").read_text())
    folders = [name.partition(".")[2] for name in project["tool"]["setuptools"]["packages"]]
    wanted = set()
    for name in tracked(root):
        path = Path(name)
        top = "" if path.parent == Path() else path.parts[0]
        in_package = top in folders and (path.suffix in {".py", ".yaml"} or "templates" in path.parts)
        if in_package or (not top and path.suffix == ".py") or name == "py.typed":
            wanted.add(f"synmedbench/{name}")
    return wanted


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        clean = Path(folder) / "a-clean-checkout"
        clean.mkdir()
        for name in tracked(ROOT):
            target = clean / name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes((ROOT / name).read_bytes())
        call(sys.executable, "-m", "build", "--wheel", "--outdir", Path(folder) / "dist", cwd=clean)
        wheel = next((Path(folder) / "dist").glob("*.whl"))
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
    import os

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
