"""mlreg: Git for machine-learning models.

    from mlreg import Registry

    registry = Registry.init("project")
    registry.register("fraud-detector", "model.joblib", metrics={"auc": 0.91})
    registry.promote("fraud-detector", "1.0.0", to="production", reason="first release")
    registry.info("fraud-detector").document()

The methods of `Registry` are the commands; what they return is in `mlreg.answers`, what they raise in `mlreg.errors`.
"""

from mlreg.errors import (
    BlockedError,
    ConflictError,
    DeclinedError,
    DiskError,
    IntegrityError,
    MissingError,
    MlregError,
    NotAllowedError,
    NotFoundError,
    UnavailableError,
    UsageError,
)
from mlreg.registry import Registry
from mlreg.version import __version__

__all__ = [
    "BlockedError",
    "ConflictError",
    "DeclinedError",
    "DiskError",
    "IntegrityError",
    "MissingError",
    "MlregError",
    "NotAllowedError",
    "NotFoundError",
    "Registry",
    "UnavailableError",
    "UsageError",
    "__version__",
]
