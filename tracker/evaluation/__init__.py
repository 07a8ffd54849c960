"""Scores against ground truth: CLEAR, ID and HOTA, in the image and on the ground plane."""
