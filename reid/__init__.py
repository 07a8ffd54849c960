"""Appearance: crops in, unit vectors out. Free of torch; models run as ONNX."""
