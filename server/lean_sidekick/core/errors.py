"""The closed set of errors. Each message is one sentence that a user can act on."""


class SidekickError(Exception):
    """Anything that the program reports to its user."""


class ConfigError(SidekickError):
    """A setting, an argument or a project file is wrong."""


class InputError(SidekickError):
    """The file, the position or the data that was named cannot be worked on."""


class LeanUnavailable(SidekickError):
    """No usable Lean was found, or it does not start."""


class LeanCrashed(SidekickError):
    """A Lean process died while it was needed."""


class ImportsOutOfDate(SidekickError):
    """The file's imports are not built; the sidecar never builds."""


class ProtocolError(SidekickError):
    """Lean said something that the protocol does not allow."""


class TimedOut(SidekickError):
    """An answer did not come within its time limit."""


class IndexDamaged(SidekickError):
    """The premise index on disk cannot be used; it is thrown away and built anew."""


class StaleDocument(SidekickError):
    """The text changed while an answer for its old version was being made."""


class NotRecorded(SidekickError):
    """A question was put to recordings that do not hold its answer."""


class ModelUnavailable(SidekickError):
    """A model is not on this machine, cannot be loaded, or its libraries are missing."""


class ModelCrashed(SidekickError):
    """The process that holds models died while it was needed."""
