"""Logistic regression: weights of evidence under which the known answers are likeliest."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from configs.errors import InputError
from tracker.logistic import Evidence
from tracker.types import BoolArray, FloatArray

__all__ = ["Examples", "fit_weights"]

PENALTY = 1e-3  # on squared standardised weights: keeps those that evidence can't tell apart small


@dataclass(frozen=True)
class Examples:
    """N claims known to be right or wrong. evidence: (N, K), K columns as `names`. right: (N,)."""

    names: tuple[str, ...]
    evidence: FloatArray
    right: BoolArray

    @classmethod
    def of(
        cls, names: Iterable[str], evidence: Evidence, right: BoolArray, rows: BoolArray
    ) -> "Examples":
        """Of all claims those that are True in `rows`, with the evidence of these names.

        `bias` may be among the names: it is no evidence, every rule has it.
        """
        used = tuple(name for name in names if name != "bias")
        table = np.column_stack([evidence[name][rows] for name in used])
        return cls(used, table, right[rows])


def fit_weights(parts: Sequence[Examples]) -> dict[str, float]:
    """Weights by name, and `bias`, from all parts together; rounded to two decimals.

    The mean negative log-likelihood is made least, with a small penalty on the weights of the
    standardised evidence and none on the bias. The parts have the same names.
    Raises InputError where there is no example.
    """
    names = parts[0].names if parts else ()
    if sum(len(part.right) for part in parts) == 0:
        raise InputError(f"no example to fit the weights of {', '.join(names) or 'a rule'} to")
    evidence = np.concatenate([part.evidence for part in parts])
    right = np.concatenate([part.right for part in parts]).astype(np.float64)
    centre, spread = evidence.mean(axis=0), evidence.std(axis=0) + 1e-9
    design = np.column_stack([np.ones(len(right)), (evidence - centre) / spread])
    bias, *standardised = _most_likely(design, right)
    weights = np.array(standardised) / spread
    fitted = {"bias": bias - weights @ centre, **dict(zip(names, weights, strict=True))}
    return {name: round(float(weight), 2) for name, weight in fitted.items()}


def _most_likely(design: FloatArray, right: FloatArray) -> FloatArray:
    """(1 + K,) weights of the columns of (N, 1 + K), of which the first is the bias's."""
    penalty = np.full(design.shape[1], PENALTY)
    penalty[0] = 0

    def loss(weights: FloatArray) -> tuple[float, FloatArray]:
        odds = design @ weights
        value = np.mean(np.logaddexp(0, odds) - right * odds) + penalty @ weights**2
        slope = design.T @ (1 / (1 + np.exp(-odds)) - right) / len(right) + 2 * penalty * weights
        return float(value), slope

    return minimize(loss, np.zeros(len(penalty)), jac=True, method="L-BFGS-B").x
