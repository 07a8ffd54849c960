"""A trainable detector from an exported file, to go on where its training ended."""

from pathlib import Path

import torch
from onnx import numpy_helper

from configs.errors import InputError
from reid.models.pedestrian import PedestrianDetector
from reid.training.detection.export import SCORE_SHIFT, write_detector
from reid.training.unfold import read_onnx, read_weights

__all__ = ["unfold_detector"]


@torch.no_grad()
def unfold_detector(path: Path) -> PedestrianDetector:
    """The detector of a file that `export_detector` wrote, in evaluation mode.

    Batch norm's statistics are folded in: `spread_batch_norm` makes it fit to learn. Raises
    InputError: no ONNX file, or no such detector's.
    """
    content = read_onnx(path)
    model = PedestrianDetector().eval()
    constants = content.graph.initializer
    shifts = [entry for entry in constants if entry.name == SCORE_SHIFT]
    for entry in shifts:
        constants.remove(entry)
    try:
        divisors = {"stem.0.conv.weight": 255.0}
        read_weights(model, content, lambda: write_detector(model, {}), divisors)
    except ValueError as error:
        raise InputError(f"{path}: not an export of this detector ({error})") from None
    for entry in shifts:
        for head in model.prediction_heads():
            assert head.score.bias is not None
            head.score.bias.add_(float(numpy_helper.to_array(entry)[0]))
    return model
