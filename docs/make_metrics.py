"""Fill the tables of docs/metrics.md with what self-checks found.

``python docs/make_metrics.py`` runs the check on the built-in phantom (some minutes on two cores) and fills its table;
``python docs/make_metrics.py NAME SELF_CHECK.json`` fills the tables called NAME from a document that
``synmedbench self-check --out`` wrote, such as ``pbc64``.
"""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path

from synmedbench.benchmark import SelfCheck, read_self_check, self_check
from synmedbench.core import console_progress
from synmedbench.reports import self_check_markdown

PAGE = Path(__file__).resolve().with_name("metrics.md")
PHANTOM = "phantom-blood?n=1500&cell_types=6&size=32"
"""The command of the page: ``synmedbench self-check 'phantom-blood?n=1500&cell_types=6&size=32'``."""


def tables(document: SelfCheck) -> str:
    """The findings in sentences, then one table for each extractor, in Markdown."""
    head = (
        f"{document.data.n:,} images at {document.data.image_size} px; {document.n_synthetic} damaged against "
        f"{document.n_real}, {document.splits} splits.\n"
    )
    found = "".join(f"- {line}\n" for line in document.summary)
    parts = [
        f"On `{name}` features:\n\n{self_check_markdown(document, name)}" for name in document.extractors
    ]
    return "\n".join([head, found, *parts])


def filled(page: str, name: str, text: str) -> str:
    """The page with the text between the markers of that name; an error where they are missing."""
    pattern = rf"(<!-- {re.escape(name)} -->\n).*?(<!-- /{re.escape(name)} -->)"
    made, count = re.subn(pattern, lambda m: m[1] + "\n" + text + "\n" + m[2], page, flags=re.DOTALL)
    if count != 1:
        raise SystemExit(f"{PAGE.name} has no place called {name!r}")
    return made


def main() -> None:
    """Fill one table."""
    if len(sys.argv) == 3:
        name, document = sys.argv[1], read_self_check(sys.argv[2])
    else:
        name = "phantom"
        with tempfile.TemporaryDirectory() as folder:
            document = self_check(PHANTOM, cache=Path(folder), progress=console_progress())
    PAGE.write_text(filled(PAGE.read_text(encoding="utf-8"), name, tables(document)), encoding="utf-8")


if __name__ == "__main__":
    main()
