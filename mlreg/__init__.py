"""mlreg: Git for machine-learning models.

    from mlreg import Registry

    registry = Registry.init("project")
    registry.register("fraud-detector", "model.joblib", metrics={"auc": 0.91})
    registry.promote("fraud-detector", "1.0.0", to="production", reason="first release")
    registry.info("fraud-detector").document()

The methods of `Registry` are the commands; what they return is in `mlreg.answers`, what they raise in `mlreg.errors`.
"""

from __future__ import annotations

from importlib import import_module

TYPE_CHECKING = False  # to import that of typing takes as long as Python takes to start
if TYPE_CHECKING:
    from typing import Any

    from mlreg.errors import BlockedError as BlockedError
    from mlreg.errors import ConflictError as ConflictError
    from mlreg.errors import DeclinedError as DeclinedError
    from mlreg.errors import DiskError as DiskError
    from mlreg.errors import IntegrityError as IntegrityError
    from mlreg.errors import MissingError as MissingError
    from mlreg.errors import MlregError as MlregError
    from mlreg.errors import NotAllowedError as NotAllowedError
    from mlreg.errors import NotFoundError as NotFoundError
    from mlreg.errors import UnavailableError as UnavailableError
    from mlreg.errors import UsageError as UsageError
    from mlreg.inferring import infer_signature as infer_signature
    from mlreg.registry import Registry as Registry
    from mlreg.running import current_run as current_run
    from mlreg.version import __version__ as __version__

_HOMES = {
    "Registry": "mlreg.registry",
    "__version__": "mlreg.version",
    "current_run": "mlreg.running",
    "infer_signature": "mlreg.inferring",
}
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
    "current_run",
    "infer_signature",
]


def __getattr__(name: str) -> Any:
    """Returns one of the public names; its module is loaded when it is first asked for."""
    if name not in __all__:
        raise AttributeError(f"module 'mlreg' has no attribute {name!r}")
    return getattr(import_module(_HOMES.get(name, "mlreg.errors")), name)


def __dir__() -> list[str]:
    """Returns the public names."""
    return __all__
