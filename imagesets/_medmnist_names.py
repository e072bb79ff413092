"""The two-dimensional MedMNIST v2 sets: class names in the order of their numbers, licence and modality."""

from __future__ import annotations

from dataclasses import dataclass

_ORGANS = (
    "bladder", "left femur", "right femur", "heart", "left kidney", "right kidney", "liver", "left lung", "right lung",
    "pancreas", "spleen",
)  # fmt: skip
NAMES: dict[str, tuple[str, ...]] = {
    "bloodmnist": (
        "basophil",
        "eosinophil",
        "erythroblast",
        "immature granulocyte",
        "lymphocyte",
        "monocyte",
        "neutrophil",
        "platelet",
    ),
    "breastmnist": ("malignant", "normal or benign"),
    "dermamnist": (
        "actinic keratosis",
        "basal cell carcinoma",
        "benign keratosis",
        "dermatofibroma",
        "melanoma",
        "melanocytic nevus",
        "vascular lesion",
    ),
    "octmnist": ("choroidal neovascularisation", "diabetic macular oedema", "drusen", "normal"),
    "organamnist": _ORGANS,
    "organcmnist": _ORGANS,
    "organsmnist": _ORGANS,
    "pathmnist": (
        "adipose",
        "background",
        "debris",
        "lymphocytes",
        "mucus",
        "smooth muscle",
        "normal colon mucosa",
        "cancer-associated stroma",
        "colorectal adenocarcinoma epithelium",
    ),
    "pneumoniamnist": ("normal", "pneumonia"),
    "retinamnist": ("grade 0", "grade 1", "grade 2", "grade 3", "grade 4"),
    "tissuemnist": (
        "collecting duct or connecting tubule",
        "distal convoluted tubule",
        "glomerular endothelial cells",
        "interstitial endothelial cells",
        "leukocytes",
        "podocytes",
        "proximal tubule segments",
        "thick ascending limb",
    ),
}
FINDINGS: dict[str, tuple[str, ...]] = {
    "chestmnist": (
        "atelectasis",
        "cardiomegaly",
        "effusion",
        "infiltration",
        "mass",
        "nodule",
        "pneumonia",
        "pneumothorax",
        "consolidation",
        "edema",
        "emphysema",
        "fibrosis",
        "pleural",
        "hernia",
    ),
}
"""Sets whose images bear several findings at once, each there or not."""


@dataclass(frozen=True)
class Known:
    """What is known of a set beside its names."""

    modality: str
    licence: str = "CC BY 4.0"
    notes: str = ""


SETS: dict[str, Known] = {
    "bloodmnist": Known("blood smear", notes="The cells of PBC in another split."),
    "breastmnist": Known("ultrasound"),
    "chestmnist": Known("chest X-ray", notes="Labels mined from reports."),
    "dermamnist": Known("dermoscopy", "CC BY-NC 4.0", "The images of HAM10000; its given splits part images of one "
                        "lesion (Abhishek et al. 2024, arXiv:2401.14497), and lesions are not named."),
    "octmnist": Known("retinal optical coherence tomography"),
    "organamnist": Known("abdominal computed tomography, axial"),
    "organcmnist": Known("abdominal computed tomography, coronal"),
    "organsmnist": Known("abdominal computed tomography, sagittal"),
    "pathmnist": Known("colon histology", notes="The test images come from another clinic than the rest."),
    "pneumoniamnist": Known("chest X-ray of children"),
    "retinamnist": Known("retina fundus photograph", notes="The classes are grades of severity, in order."),
    "tissuemnist": Known("kidney cortex microscopy"),
}  # fmt: skip
SOURCE = "https://medmnist.com"
CITATION = "Yang et al. 2023, MedMNIST v2, Scientific Data 10, 41"


def known_set(stem: str) -> str | None:
    """The set that a file's name without suffix tells, also in its larger sizes.

    >>> known_set("dermamnist_64"), known_set("my-blood")
    ('dermamnist', None)
    """
    name, _, size = stem.lower().partition("_")
    return name if name in SETS and size in ("", "28", "64", "128", "224") else None
