"""Tiny folders in the exact layouts of published sets, with their quirks; the pixels are noise."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image


def put_image(path: Path, seed: int, side: int = 8) -> Path:
    """Write a noise image that depends on the seed alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 255, (side, side, 3)).astype(np.uint8)
    Image.fromarray(pixels).save(path)
    return path


def md5(number: int) -> str:
    """A name as long as an md5 hash."""
    return f"{number:032x}"


FITZPATRICK_HEADER = (
    "md5hash,fitzpatrick_scale,fitzpatrick_centaur,label,nine_partition_label,"
    "three_partition_label,qc,url,url_alphanum"
)
FITZPATRICK_ROWS = (
    (
        3,
        3,
        "psoriasis",
        "inflammatory",
        "non-neoplastic",
        "",
        "https://www.dermaamin.com/site/a/psoriasis1.jpg",
    ),
    (
        -1,
        1,
        "psoriasis",
        "inflammatory",
        "non-neoplastic",
        "1 Diagnostic",
        "https://www.dermaamin.com/site/b.jpg",
    ),
    (
        6,
        -1,
        "melanoma",
        "malignant melanoma",
        "malignant",
        "",
        "http://atlasdermatologico.com.br/img?imageId=5909",
    ),
    (1, 2, "melanoma", "malignant melanoma", "malignant", "3 Wrongly labelled", ""),
    (
        5,
        6,
        "lichen planus",
        "inflammatory",
        "non-neoplastic",
        "5 Potentially",
        "https://www.dermaamin.com/c.jpg",
    ),
    (2, 2, "psoriasis", "inflammatory", "non-neoplastic", "", "https://www.dermaamin.com/d,e.jpg"),
)


def put_fitzpatrick17k(folder: Path, without: tuple[int, ...] = ()) -> Path:
    """Write fitzpatrick17k.csv and data/finalfitz17k/MD5.jpg; the last image bears its url's name instead."""
    folder.mkdir(parents=True, exist_ok=True)
    lines = [FITZPATRICK_HEADER]
    for number, (scale, centaur, label, nine, three, qc, url) in enumerate(FITZPATRICK_ROWS):
        quoted = f'"{url}"' if "," in url else url
        alphanum = "".join(mark for mark in url if mark.isalnum()) + ".jpg" if url else ""
        lines.append(f"{md5(number)},{scale},{centaur},{label},{nine},{three},{qc},{quoted},{alphanum}")
        name = alphanum if number == len(FITZPATRICK_ROWS) - 1 else f"{md5(number)}.jpg"
        if number not in without:
            put_image(folder / "data" / "finalfitz17k" / name, number)
    (folder / "fitzpatrick17k.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def put_ddi(folder: Path, inside: str = "images") -> Path:
    """Write ddi_metadata.csv, whose first column has no name, and 000001.png and on."""
    rows = [
        "0,1,000001.png,56,True,melanoma-in-situ",
        "1,2,000002.png,12,False,melanocytic-nevi",
        "2,3,000003.png,34,False,seborrheic-keratosis",
        "3,4,000004.png,56,False,melanocytic-nevi",
    ]
    for number in range(4):
        put_image(folder / inside / f"{number + 1:06d}.png", number)
    text = ",DDI_ID,DDI_file,skin_tone,malignant,disease\n" + "\n".join(rows) + "\n"
    (folder / "ddi_metadata.csv").write_text(text, encoding="utf-8")
    return folder


HAM_ROWS = (
    "HAM_0000118,ISIC_0027419,bkl,histo,80.0,male,scalp,vidir_modern",
    "HAM_0000118,ISIC_0025030,bkl,histo,80.0,male,scalp,vidir_modern",
    "HAM_0002730,ISIC_0026769,nv,follow_up,,unknown,unknown,rosendahl",
    "HAM_0001466,ISIC_0031633,mel,consensus,0.0,female,ear,vienna_dias",
)


def put_ham10000(folder: Path, table: str = "HAM10000_metadata.csv") -> Path:
    """Write the table and the images in two parts, as published."""
    text = "lesion_id,image_id,dx,dx_type,age,sex,localization,dataset\n" + "\n".join(HAM_ROWS) + "\n"
    (folder / table).write_text(text, encoding="utf-8")
    for number, row in enumerate(HAM_ROWS):
        part = f"HAM10000_images_part_{1 + number % 2}"
        put_image(folder / part / f"{row.split(',')[1]}.jpg", number)
    return folder


def put_isic_2019(folder: Path) -> Path:
    """Write ground truth, metadata and images of the 2019 challenge; one image is a downsampled one."""
    (folder / "ISIC_2019_Training_GroundTruth.csv").write_text(
        "image,MEL,NV,BCC,AK,BKL,DF,VASC,SCC,UNK\n"
        "ISIC_0000000,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\n"
        "ISIC_0000001,0.0,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\n"
        "ISIC_0000002_downsampled,1.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0,0.0\n"
    )
    (folder / "ISIC_2019_Training_Metadata.csv").write_text(
        "image,age_approx,anatom_site_general,lesion_id,sex\n"
        "ISIC_0000000,55.0,anterior torso,,female\n"
        "ISIC_0000001,30.0,,BCN_0000001,male\n"
        "ISIC_0000002_downsampled,,upper extremity,MSK4_0011169,\n"
    )
    for number in range(3):
        name = f"ISIC_000000{number}" + ("_downsampled" if number == 2 else "")
        put_image(folder / "ISIC_2019_Training_Input" / f"{name}.jpg", number)
    return folder


def put_isic_archive(folder: Path) -> Path:
    """Write what the archive's own download gives: metadata.csv, images and a text of licences beside them."""
    (folder / "metadata.csv").write_text(
        "isic_id,attribution,copyright_license,age_approx,anatom_site_general,diagnosis_1,fitzpatrick_skin_type,"
        "image_type,patient_id,sex\n"
        "ISIC_0052212,Hospital Clínic de Barcelona,CC-BY-NC,50,lower extremity,Benign,II,dermoscopic,IP_1,female\n"
        "ISIC_0052213,MSKCC,CC-0,55,,Malignant,V,dermoscopic,IP_2,male\n"
        "ISIC_0052214,MSKCC,CC-0,,head/neck,Malignant,VI,clinical: close-up,IP_2,male\n",
        encoding="utf-8",
    )
    (folder / "attribution.txt").write_text("...")
    for number in range(3):
        put_image(folder / f"ISIC_005221{2 + number}.jpg", number)
    return folder


PBC_FILES = {
    "basophil": ("BA_100102.jpg", "BA_100578.jpg"),
    "eosinophil": ("EO_225902.jpg",),
    "erythroblast": ("ERB_1.jpg",),
    "ig": ("MMY_2.jpg", "PMY_3.jpg", "IG_4.jpg"),
    "lymphocyte": ("LY_5.jpg",),
    "monocyte": ("MO_6.jpg",),
    "neutrophil": ("BNE_191112.jpg", "SNE_7.jpg", "NEUTROPHIL_8.jpg"),
    "platelet": ("PLATELET_9.jpg",),
}
WBCATT_HEADER = (
    "img_name,label,cell_size,cell_shape,nucleus_shape,nuclear_cytoplasmic_ratio,chromatin_density,"
    "cytoplasm_vacuole,cytoplasm_texture,cytoplasm_colour,granule_type,granule_colour,granularity,path\n"
)


def put_pbc(folder: Path) -> Path:
    """Write class folders below PBC_dataset_normal_DIB, the pair of one image in two classes, and a hidden file."""
    root = folder / "PBC_dataset_normal_DIB"
    number = 0
    for label, names in PBC_FILES.items():
        for name in names:
            number += 1
            put_image(root / label / name, 99 if name in ("EO_225902.jpg", "BNE_191112.jpg") else number)
    put_image(root / "neutrophil" / "SNE_7b.jpg", 7).rename(root / "neutrophil" / ".DS_169665.jpg")
    return folder


def put_wbcatt(folder: Path) -> Path:
    """Write WBCAtt's three tables; the test table is empty but for its header."""
    folder.mkdir(parents=True, exist_ok=True)
    tail = (
        "big,round,segmented-bilobed,low,densely,no,clear,light blue,round,red,yes,PBC_dataset_normal_DIB/x"
    )
    rows = {"train": f"BA_100102.jpg,Basophil,{tail}\n", "val": f"SNE_7.jpg,Neutrophil,{tail}\n", "test": ""}
    for split, text in rows.items():
        (folder / f"pbc_attr_v1_{split}.csv").write_text(WBCATT_HEADER + text)
    return folder
