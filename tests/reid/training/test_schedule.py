"""The learning rate by hand."""

import pytest

from reid.training.schedule import (
    ScheduleSettings,
    Stage,
    learning_rate,
    stage_at,
    swag_learning_rate,
)


@pytest.mark.parametrize(
    ("epoch", "rate"),
    [(1, 0.003), (2, 0.006), (10, 0.03), (11, 0.03), (150, 0.03), (151, 0.003), (225, 0.003),
     (226, 0.0003), (350, 0.0003)],
)  # fmt: skip
def test_equation_1(epoch, rate):
    for inside in (0, 0.5, 0.99):
        assert learning_rate(ScheduleSettings(), epoch - 1 + inside) == pytest.approx(rate)


def test_a_shorter_run_keeps_the_shape():
    short = ScheduleSettings().shortened(35)
    assert (short.epochs, short.warmup, short.drops) == (35, 1, (15, 22))


def test_cosine_rises_then_falls_to_nothing():
    cosine = ScheduleSettings(kind="cosine", epochs=10, warmup=2, peak=1)
    rates = [learning_rate(cosine, position) for position in (0, 1, 2, 6, 10, 12)]
    assert rates == pytest.approx([0.01, 0.5, 1, 0.5, 0, 0])
    assert learning_rate(ScheduleSettings(kind="cosine", warmup=0, peak=2), 0) == 2


def test_swag_cycles_decay():
    assert swag_learning_rate(0) == pytest.approx(0.03)
    assert swag_learning_rate(35) == pytest.approx(0.021)
    assert swag_learning_rate(14 * 35) == pytest.approx(2.03e-4, rel=1e-2)
    assert swag_learning_rate(34) < 1e-4


def test_stages_follow_the_share_of_the_run():
    stages = (Stage(until=0.5, height=80, width=32), Stage())
    assert [stage_at(stages, share).height for share in (0, 0.49, 0.5, 1)] == [80, 80, 160, 160]


def test_sizes_that_the_networks_cannot_take_are_refused():
    with pytest.raises(ValueError, match="multiples of 16"):
        Stage(height=100)
