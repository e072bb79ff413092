"""The labeling interface of Label Studio for a criteria set, as XML.

The tags and their attributes are those of https://labelstud.io/tags (Image, Header, Choices, Rating, TextArea).
"""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import quoteattr

from ._criteria import CriteriaSet
from ._ratings import ANSWERS

PICTURE = "the-image"
"""Name of the image's tag; a question's id cannot hold a hyphen."""
VERDICTS = ("plausible", "implausible")


def labeling_config(criteria: CriteriaSet) -> str:
    """Return the XML to paste into a project's labeling setup: the verdict, each question, realism, a note.

    A question that is asked for some classes only, or where a column was requested, says so in its heading and may
    stay open; the verdict may not.
    """
    parts = [
        "<View>",
        f'  <Image name="{PICTURE}" value="$image" zoom="true" zoomControl="true"/>',
        '  <Header value="$asked"/>',
        '  <Header value="Is the whole image plausible?"/>',
        _choices("verdict", VERDICTS, required=True),
    ]
    for question in criteria.questions:
        only = f" (only for: {', '.join(question.classes)})" if question.classes is not None else ""
        only += f" (only where {question.needs} is requested)" if question.needs is not None else ""
        parts += [f"  <Header value={quoteattr(question.text + only)}/>", _choices(question.id, ANSWERS)]
    realism = criteria.realism
    text = f"{realism.text} (1: {realism.lowest}; 5: {realism.highest})"
    parts += [
        f"  <Header value={quoteattr(text)}/>",
        f'  <Rating name="realism" toName="{PICTURE}" maxRating="5"/>',
        f'  <TextArea name="note" toName="{PICTURE}" rows="2" editable="true" maxSubmissions="1" '
        'placeholder="note"/>',
        "</View>",
    ]
    return "\n".join(parts) + "\n"


def _choices(name: str, values: Sequence[str], *, required: bool = False) -> str:
    need = ' required="true"' if required else ""
    lines = [f'  <Choices name="{name}" toName="{PICTURE}" choice="single-radio" showInline="true"{need}>']
    lines += [f"    <Choice value={quoteattr(value)}/>" for value in values]
    return "\n".join([*lines, "  </Choices>"])
