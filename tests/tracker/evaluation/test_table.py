"""Tables as text."""

from tracker.evaluation.table import format_table, score_cells


def test_words_to_the_left_and_numbers_to_the_right():
    assert format_table(["name", "MOTA"], [["a", "9.5"], ["long name", "-12.5"]]) == (
        "name        MOTA\na            9.5\nlong name  -12.5"
    )


def test_a_table_without_rows_is_its_header():
    assert format_table(["name", "MOTA"], []) == "name  MOTA"


def test_cells():
    assert score_cells({"MOTA": 45.25, "FP": 12}, ["MOTA", "FP", "IDs"]) == ["45.2", "12", "-"]
