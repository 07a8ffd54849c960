"""How properties are tested: the same examples everywhere, however busy the machine."""

from hypothesis import settings

settings.register_profile("reproducible", deadline=None, derandomize=True)
settings.load_profile("reproducible")
