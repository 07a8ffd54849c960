"""Readers of the public ReID data sets and of folders in their layouts."""

from reid.training.datasets.reading import DATASETS, DatasetName, Source, read_source

__all__ = ["DATASETS", "DatasetName", "Source", "read_source"]
