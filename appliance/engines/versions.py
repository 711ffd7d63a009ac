"""Which engines' libraries a process has loaded."""

import sys
from typing import Dict

# Where each says its version. The `tensorflow` package itself may not be loaded: see tensorflow_parts.
_PLACES = {
    "tensorflow": ("tensorflow.python.framework.versions", "VERSION"),
    "openvino": ("openvino", "__version__"),
    "tensorrt": ("tensorrt", "__version__"),
}


def loaded_versions() -> Dict[str, str]:
    """The versions of those that were needed, by the engine's name."""
    return {
        engine: str(getattr(sys.modules[module], name)).split("-")[0]
        for engine, (module, name) in _PLACES.items()
        if module in sys.modules
    }
