"""Training, evaluation, ablation and export of the ReID networks."""
