"""Settings: the presets that ship as YAML, and the one function that reads a settings file."""

from configs.settings import Settings, read_settings, write_settings

__all__ = ["Settings", "read_settings", "write_settings"]
