"""What the machine tells of itself: load, memory, temperatures, power."""

from typing import Any, Dict

import psutil


class Readings:
    """What cannot be read is left out."""

    def read(self) -> Dict[str, Any]:
        """For the dashboard."""
        memory = psutil.virtual_memory()
        return {"cpu": psutil.cpu_percent(), "memory": {"used": memory.total - memory.available, "total": memory.total}}
