"""The benchmark of many cameras: one identity per person, on the ground plane and in the views."""
