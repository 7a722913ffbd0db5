"""What may be set, and what was resolved."""

from lean_sidekick.settings.resolve import resolve_settings
from lean_sidekick.settings.settings import Settings

__all__ = ["Settings", "resolve_settings"]
