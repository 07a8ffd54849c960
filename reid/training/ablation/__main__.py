"""`python -m reid.training.ablation`."""

from reid.training.ablation.cli import main

__all__: list[str] = []

if __name__ == "__main__":
    main()
