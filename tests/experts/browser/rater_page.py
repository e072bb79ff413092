"""A rater at the page: what he sees, what he presses."""

from __future__ import annotations

import hashlib
from typing import Any

# What a browser writes on its own when a call fails; scripts that fail and broken rules of the page are faults.
_EXPECTED = ("Failed to load resource",)


class RaterPage:
    """A page of a browser profile; ``faults`` are its scripts' errors and breaches of its security policy."""

    def __init__(self, context: Any, link: str) -> None:
        self.context, self.link = context, link
        self.faults: list[str] = []
        self.requests: list[str] = []
        self.page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("request", lambda request: self.requests.append(request.url))
        self.page.goto(link)

    def _said(self, message: Any) -> None:
        if message.type == "error" and not message.text.startswith(_EXPECTED):
            self.faults.append(message.text)

    def begin(self) -> RaterPage:
        """Leave the first screen by the keyboard."""
        self.page.wait_for_selector("#cover-go:visible")
        self.page.keyboard.press("Enter")
        self.open()
        return self

    def open(self) -> int:
        """Wait until the keys count for the image in sight, and return its place in the order."""
        self.page.wait_for_selector("body[data-screen=rate][data-open]")
        return int(self.page.evaluate("document.body.dataset.open"))

    def at(self, place: int) -> RaterPage:
        """Wait until the image of that place is open."""
        self.page.wait_for_selector(f"body[data-screen=rate][data-open='{place}']")
        return self

    def told(self, words: str) -> RaterPage:
        """Wait for a short message."""
        self.page.wait_for_selector(f"#notice:visible:has-text('{words}')")
        return self

    def press(self, *keys: str) -> RaterPage:
        """Press keys one after another."""
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def rate(self, *keys: str) -> int:
        """Press the keys that answer the image in sight, wait for another one or the end; return its place."""
        place = self.open()
        self.press(*(keys or ("1",)))
        self.page.wait_for_function(
            "place => document.body.dataset.screen !== 'rate' || document.body.dataset.open !== place",
            arg=str(place),
        )
        return place

    def saved(self) -> RaterPage:
        """Wait until no answer waits on this device."""
        self.page.wait_for_function(
            "() => !Object.keys(localStorage).some((key) => key.includes('/waiting/'))", timeout=20_000
        )
        return self

    def waiting(self) -> int:
        """Answers that wait on this device."""
        keys = self.page.evaluate("Object.keys(localStorage)")
        return sum("/waiting/" in key for key in keys)

    def screen(self, name: str) -> str:
        """Wait for a full-height message and return its words."""
        self.page.wait_for_selector(f"body[data-screen={name}]")
        return str(self.page.inner_text("#cover"))

    def clock(self) -> float:
        """Seconds since the page began to load, by its own clock."""
        return float(self.page.evaluate("() => performance.now()")) / 1000

    def text(self, selector: str) -> str:
        """The words of a part of the page."""
        return str(self.page.inner_text(selector))

    def seen(self) -> str:
        """A key of the pixels in sight: equal for equal images."""
        drawn = self.page.evaluate(
            """() => [...document.querySelectorAll('.frame:not([hidden]) img')].map((image) => {
                const canvas = document.createElement('canvas');
                [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
                const context = canvas.getContext('2d');
                context.drawImage(image, 0, 0);
                return [...context.getImageData(0, 0, canvas.width, canvas.height).data].join();
            }).join('|')"""
        )
        return hashlib.sha256(drawn.encode()).hexdigest()

    def box(self, selector: str) -> dict[str, float]:
        """Place and size of a part in CSS pixels."""
        found = self.page.locator(selector).first.bounding_box()
        assert found is not None, f"{selector} is not in sight"
        return dict(found)


def verdicts(study: Any, rater: str = "anna") -> list[int]:
    """What holds in the store, in the order of answering: one verdict for each image of a rater."""
    from synmedbench.experts import latest

    kept = latest(study.store.ratings(rater=rater))
    return [int(each) for each in kept[kept["criterion"] == "verdict"]["plausible"]]


def answers(study: Any, rater: str = "anna") -> list[dict[str, str]]:
    """The answers that hold, by criterion, one entry for each image, in the order of answering."""
    from synmedbench.experts import latest

    kept = latest(study.store.ratings(rater=rater))
    groups = kept.groupby(["image", "image_key", "repeat"], sort=False)
    return [dict(zip(group["criterion"], group["answer"], strict=True)) for _, group in groups]
