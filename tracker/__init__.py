"""The application: people followed on one camera, then across all cameras."""
