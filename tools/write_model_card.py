"""Write a network's card from the records of its training: no number is typed by hand.

    python tools/write_model_card.py --model NAME.onnx --run RUN ... --benchmark FIGURES.json

The card is NAME.md beside the network. RUN is the folder that training left (settings.yaml and
curves.csv of `reid-train`; losses.csv of the detector's), FIGURES.json what
`tools/benchmark_models.py --json` wrote for this network.
"""

import csv
import json
from dataclasses import dataclass
from pathlib import Path

import onnx
import tyro
import yaml

from configs.command import run
from configs.errors import InputError
from reid.images import Preprocessing
from tracker.detection import DetectionSettings

PROTOCOLS = {
    "rank1": "PKU-ReID, both ways: rank-1, %",
    "mAP": "PKU-ReID, both ways: mAP, %",
    "rank1_centred": "the same, centred by camera (ours: matched to it): rank-1, %",
    "mAP_centred": "the same, centred by camera (ours: matched to it): mAP, %",
    "AP50": "MOT17, the pictures at hand, a quarter visible: AP at IoU 0.5, %",
    "AP50_60px": "MOT17, the same, from 60 px of height: AP at IoU 0.5, %",
    "ms": "milliseconds a crop in batches of 8, or a frame",
}
WEAKNESSES = {
    "reid": """\
Its training data are rendered, so all that rendering leaves out is unknown to it.

* Viewpoint: cameras above head height and steep views from above are outside its data; a person
  seen from the front and from behind may look like two.
* Size: it sees {height} x {width} pixels; details of larger crops are lost, and crops of much fewer
  pixels are enlarged, not understood.
* Skin tone: skins are mixed from eleven textures, which is no sample of any population. Errors
  by skin tone haven't been measured: no data set at hand has such labels.
* Dress: people who dress alike (uniforms, dark suits, sports teams) are confused with each other;
  coats, robes, headscarves, saris and clothes that swing are missing or coarse in its data;
  a change of clothes makes another person. Errors by kind of dress haven't been measured.""",
    "detector": """\
Its training data are mostly rendered, so all that rendering leaves out is unknown to it.

* Viewpoint: fisheye lenses and steep views from above are outside its data; so are people who lie.
* Size: pictures are shrunk to about `detection.pixels` ({pixels:,}); who has few pixels then is
  missed, see the two figures above.
* Skin tone: skins are mixed from eleven textures, which is no sample of any population. Errors
  by skin tone haven't been measured: no data set at hand has such labels.
* Dress: wheelchairs, prams, umbrellas, robes and costumes are missing or coarse in its data. Errors
  by kind of dress haven't been measured.""",
}
USES = {
    "reid": """\
Telling the people of one place apart for as long as they wear the same clothes, in footage that may
lawfully be analysed. Not for finding out who somebody is, not for deciding about a person without
a human look at the evidence, not for inferring traits, not for mass surveillance.""",
    "detector": """\
Finding standing and walking people in footage that may lawfully be analysed. Not for safety
functions that must not miss anybody, not for mass surveillance.""",
}


@dataclass(frozen=True)
class Arguments:
    """Write the card of a network."""

    model: Path
    """The ONNX file; the card becomes NAME.md beside it."""
    run: tuple[Path, ...]
    """Folder of its training; of several where one began with another's weights, in their order."""
    benchmark: Path
    """What tools/benchmark_models.py --json wrote."""
    peer: str = "the peer"
    """Name of the network that it was compared with."""
    began_with: Path | None = None
    """Card of the network whose file training began with: its data and recipe come first."""
    pictures: Path | None = None
    """Whose photographs it was trained on: a table of file, author and licence, tab-separated, the
    names of the columns first."""


def write_card(arguments: Arguments) -> Path:
    """Write it and return where. Raises InputError: a record that is missing or says nothing."""
    stored, size = _network(arguments.model)
    figures = json.loads(_text(arguments.benchmark))
    kind = "reid" if "preprocessing" in stored else "detector"
    if kind not in figures:
        raise InputError(f"{arguments.benchmark}: no figures of a {kind} in it")
    thresholds = {
        key: value
        for key, value in stored.items()
        if key.startswith("cosine_prior") or key in ("best_f1_score", "edge_noise")
    }
    data = stored.get("training_data", "unknown")
    if arguments.pictures is not None:
        data += "\n\n" + _pictures(arguments.pictures)
    recipes = [_recipe(folder, kind) for folder in arguments.run]
    if arguments.began_with is not None:
        before = _sections(arguments.began_with)
        data = f"{before['Data']}; then {data}"
        recipes.insert(0, before["Recipe"])
    parts = {
        "Data": data,
        "Recipe": "\n\n".join(recipes),
        "Metrics": _metrics(figures, kind, arguments.peer),
        "Thresholds": _table(("entry of the file", "value"), list(thresholds.items())),
        "Known weaknesses": WEAKNESSES[kind].format(
            height=size[0], width=size[1], pixels=DetectionSettings().pixels
        ),
        "Intended use": USES[kind],
        "Licence": stored.get("licence", "unknown"),
    }
    megabytes = arguments.model.stat().st_size / 1e6
    name = stored.get("model", arguments.model.stem)
    shape = f"{size[0]} x {size[1]}" if all(size) else "of any size"
    preprocessing = Preprocessing.from_metadata(stored)
    if preprocessing is not None and preprocessing.mirrored:
        shape += " of the crop and of its mirror image, whose embeddings are averaged"
    head = f"# {arguments.model.stem}\n\n{name}, input {shape}, {megabytes:.1f} MB."
    sections = [f"## {title}\n\n{text}" for title, text in parts.items()]
    card = arguments.model.with_suffix(".md")
    card.write_text("\n\n".join([head, *sections]) + "\n", encoding="utf-8")
    return card


def _network(path: Path) -> tuple[dict[str, str], tuple[int, int]]:
    """What the file says of itself, and height and width of its input, 0 where it takes any."""
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    model = onnx.load(path)
    sides = [side.dim_value for side in model.graph.input[0].type.tensor_type.shape.dim[-2:]]
    return {entry.key: entry.value for entry in model.metadata_props}, (sides[0], sides[1])


def _recipe(folder: Path, kind: str) -> str:
    curve = folder / ("curves.csv" if kind == "reid" else "losses.csv")
    with_header = list(csv.DictReader(_text(curve).splitlines()))
    if not with_header:
        raise InputError(f"{curve}: no epoch in it")
    lines = [f"`{curve.name}`: {len(with_header)} rows; the last one:", ""]
    last = [(key, value) for key, value in with_header[-1].items() if value]
    lines.append(_table(("column", "value"), last))
    if "seconds" in with_header[-1]:
        hours = sum(float(row["seconds"]) for row in with_header) / 3600
        lines += ["", f"Trained for {hours:.2f} hours."]
    settings = folder / "settings.yaml"
    if kind == "reid" or settings.is_file():
        text = "\n".join(
            line
            for line in _text(settings).splitlines()
            if not line.lstrip("- ").startswith("root:")
        )
        lines += ["", "All settings, the seed among them:", "", f"```yaml\n{text.strip()}\n```"]
        lines += _populations(settings)
    return "\n".join(lines)


def _populations(settings: Path) -> list[str]:
    """How `tools/render` was asked for the people, where its record still lies beside them."""
    sources = (yaml.safe_load(_text(settings)) or {}).get("sources") or []
    records = [Path(source["root"]) / "settings.json" for source in sources if "root" in source]
    lines = []
    for record in records:
        if record.is_file():
            asked = json.loads(_text(record))
            asked["backgrounds"] = Path(asked.get("backgrounds") or "").name
            lines += ["", f"Drawn by `tools/render reid`: `{json.dumps(asked)}`"]
    return lines


def _sections(card: Path) -> dict[str, str]:
    """Text by title. Raises InputError where the data or the recipe is missing."""
    parts = (part.partition("\n") for part in _text(card).split("\n## ")[1:])
    sections = {title: text.strip() for title, _, text in parts}
    if not {"Data", "Recipe"} <= sections.keys():
        raise InputError(f"{card}: no card of a network")
    return sections


def _pictures(path: Path) -> str:
    """Every photograph with its author and licence, as its record has them."""
    with_header = list(csv.reader(_text(path).splitlines(), delimiter="\t"))
    if not with_header:
        raise InputError(f"{path}: no pictures in it")
    header, *rows = [tuple(cell.replace("|", "/") for cell in row) for row in with_header]
    return f"Its {len(rows)} photographs:\n\n{_table(header, rows)}"


def _metrics(figures: dict[str, dict[str, float]], kind: str, name: str) -> str:
    """Ours, and the peer's where it ran beside."""
    ours, peer = figures[kind], figures.get(f"peer_{kind}", {})
    header = ("what", "this network", *((f"{name}, same run",) if peer else ()))
    rows = [
        (words, f"{ours[key]:.1f}", *((f"{peer[key]:.1f}",) if peer else ()))
        for key, words in PROTOCOLS.items()
        if key in ours
    ]
    return _table(header, rows)


def _table(header: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) if rows else "None."


def _text(path: Path) -> str:
    if not path.is_file():
        raise InputError(f"{path}: no such file")
    return path.read_text(encoding="utf-8")


if __name__ == "__main__":
    raise SystemExit(run(lambda: print(write_card(tyro.cli(Arguments, prog="write_model_card")))))
