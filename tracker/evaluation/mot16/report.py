"""What the benchmark says: a row for each sequence and for all, and where they come from."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from tracker.evaluation.mot16.published import published_rows, validation_numbers
from tracker.evaluation.mot16.running import SequenceRun
from tracker.evaluation.scores import combine
from tracker.evaluation.table import DETAILS, format_table, score_cells

__all__ = ["Setting", "as_json", "as_text"]


@dataclass(frozen=True)
class Setting:
    """What was run. detections: by sequence, whose they are. splits: by sequence, train or test."""

    preset: str
    reid: str
    offline_pass: bool
    detections: dict[str, str]
    splits: dict[str, str]


def as_text(runs: Sequence[SequenceRun], setting: Setting) -> str:
    """The table, the notes, the speed, and what others have published for these sequences."""
    header = ["sequence", "split", "detections", *DETAILS]
    rows = [
        [run.name, setting.splits[run.name], setting.detections[run.name], *_cells(run)]
        for run in runs
    ]
    scored = [run for run in runs if run.scores is not None]
    sources = sorted({setting.detections[run.name] for run in scored})
    for source in sources if len(sources) > 1 else []:
        rows.append(_combined([r for r in scored if setting.detections[r.name] == source], setting))
    if scored:
        rows.append(_combined(scored, setting))
    mode = "online and offline pass" if setting.offline_pass else "online"
    lines = [
        f"preset {setting.preset}, {mode}, appearance {setting.reid}; protocol: MOTChallenge, "
        "IoU 0.5, distractors left out",
        "",
        format_table(header, rows),
        "",
        *(f"{run.name}: {note}" for run in runs for note in run.notes),
        f"{_frames_per_second(runs):.0f} frames/s of tracking alone, one process",
    ]
    if _numbers(scored) == validation_numbers():
        lines += ["", _published()]
    return "\n".join(lines)


def as_json(runs: Sequence[SequenceRun], setting: Setting) -> dict[str, object]:
    """The same for machines, ratios in percent; `combined` is empty if nothing was scored."""
    scored = {run.name: run.scores for run in runs if run.scores is not None}
    sources = sorted({setting.detections[name] for name in scored})
    by_source = {
        source: combine(s for n, s in scored.items() if setting.detections[n] == source).table()
        for source in sources
    }
    return {
        "combined": combine(scored.values()).table() if scored else {},
        "by_detections": by_source,
        "sequences": {name: scores.table() for name, scores in scored.items()},
        "fps": _frames_per_second(runs),
        "preset": setting.preset,
        "offline_pass": setting.offline_pass,
        "reid": setting.reid,
        "detections": setting.detections,
        "splits": setting.splits,
        "notes": {run.name: list(run.notes) for run in runs if run.notes},
    }


def _cells(run: SequenceRun) -> list[str]:
    return score_cells({} if run.scores is None else run.scores.table(), DETAILS)


def _combined(runs: Sequence[SequenceRun], setting: Setting) -> list[str]:
    table = combine(run.scores for run in runs if run.scores is not None).table()
    return [
        "COMBINED",
        _distinct(setting.splits[run.name] for run in runs),
        _distinct(setting.detections[run.name] for run in runs),
        *score_cells(table, DETAILS),
    ]


def _distinct(words: Iterable[str]) -> str:
    return "+".join(sorted(set(words)))


def _numbers(runs: Sequence[SequenceRun]) -> set[str]:
    """The numbers of MOT16's or MOT17's sequences: {"02", "05"}."""
    return {(*run.name.split("-"), "")[1] for run in runs}


def _frames_per_second(runs: Sequence[SequenceRun]) -> float:
    return sum(run.frames for run in runs) / max(sum(run.seconds for run in runs), 1e-9)


def _published() -> str:
    header = ["published, MOT16", "MOTA", "IDF1", "from"]
    rows = [
        [row.name, f"{row.mota:.1f}", f"{row.idf1:.1f}", row.source] for row in published_rows()
    ]
    title = (
        "Published for the five validation sequences: MOT16's labels, public DPM detections, "
        "frames and ReID"
    )
    return f"{title}\n{format_table(header, rows)}"
