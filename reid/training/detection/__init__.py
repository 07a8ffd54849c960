"""Training the pedestrian detector: pictures in COCO's form, assignment, losses, export."""
