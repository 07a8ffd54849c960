"""Cameras and the ground plane they look at."""
