"""Adapters that satisfy `tracker.types.Detector`."""
