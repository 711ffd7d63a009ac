"""Import the parts of TensorFlow that a session of a frozen graph needs.

`import tensorflow` loads its whole interface: 2,300 modules instead of 600, 4.0 seconds instead of 1.6, and 120 MB more
(2.21 on a PC; less with 2.6). So the parts are imported without the package's `__init__`. If they are laid out
differently, as in 1.15, the whole package is imported.
"""

import importlib.util
import logging
import os
import sys
import types
from typing import Any

log = logging.getLogger(__name__)

# Before the import, as TensorFlow reads them once. Log errors only; and use Keras 2, if it is installed, instead of 3,
# which TensorFlow would import (0.35 s and 36 MB) and nothing here uses.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")
os.environ.setdefault("TF_USE_LEGACY_KERAS", "1")


def _parts() -> Any:
    from tensorflow.core.framework import graph_pb2
    from tensorflow.core.protobuf import config_pb2
    from tensorflow.python.client import session
    from tensorflow.python.framework import config, errors, importer, ops, versions

    return types.SimpleNamespace(
        ConfigProto=config_pb2.ConfigProto,
        CallableOptions=config_pb2.CallableOptions,
        Graph=ops.Graph,
        GraphDef=graph_pb2.GraphDef,
        Session=session.Session,
        config=config,
        errors=errors,
        import_graph_def=importer.import_graph_def,
        version=versions.VERSION,
    )


def _parts_alone() -> Any:
    """Import the parts alone. Raises ImportError or AttributeError if that is not possible."""
    found = importlib.util.find_spec("tensorflow")
    if found is None or not found.submodule_search_locations:
        raise ImportError("No module named 'tensorflow'")
    plugins = os.path.join(os.path.dirname(found.submodule_search_locations[0]), "tensorflow-plugins")
    if os.path.isdir(plugins) or os.environ.get("TF_PLUGGABLE_DEVICE_LIBRARY_PATH"):
        raise ImportError("there are plugins, which only all of TensorFlow loads")
    sys.modules["tensorflow"] = importlib.util.module_from_spec(found)
    before = os.environ.get("TF2_BEHAVIOR")
    os.environ["TF2_BEHAVIOR"] = "1"  # as TensorFlow 2 sets it; some of its modules ask when they are imported
    try:
        from tensorflow.python import tf2

        tf2.enable()
        return _parts()
    except (ImportError, AttributeError):
        if before is None:
            del os.environ["TF2_BEHAVIOR"]
        else:
            os.environ["TF2_BEHAVIOR"] = before
        raise
    finally:
        sys.modules.pop("tensorflow", None)  # a later import then gets the whole package


def import_parts() -> Any:
    """Return a namespace of what the engine uses. Raises ImportError if TensorFlow is missing or cannot be loaded.

    No other thread may import TensorFlow meanwhile. So this is called once, when `engines.tensorflow` is imported; code
    that needs the whole of TensorFlow imports that module first.
    """
    if "tensorflow" not in sys.modules:
        try:
            return _parts_alone()
        except (ImportError, AttributeError) as error:
            log.debug("All of TensorFlow is imported: %s", error)
    import tensorflow  # noqa: F401

    return _parts()
