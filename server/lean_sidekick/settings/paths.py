"""The folders of this program: cache and configuration, as the operating system wants them.

platformdirs is imported at the first call, not with this module. Nothing here creates a folder.
"""

from pathlib import Path

APP_NAME = "lean-sidekick"
PROJECT_FILE = ".lean-sidekick.toml"


def cache_folder() -> Path:
    """Where things are kept that can be made again."""
    import platformdirs

    return platformdirs.user_cache_path(APP_NAME, appauthor=False)


def config_folder() -> Path:
    """Where the user's own settings file lies."""
    import platformdirs

    return platformdirs.user_config_path(APP_NAME, appauthor=False)


def user_settings_file() -> Path:
    """The user's own settings file, whether it exists or not."""
    return config_folder() / "config.toml"


def project_settings_file(project_root: Path) -> Path:
    """The settings file of a project, whether it exists or not."""
    return project_root / PROJECT_FILE
