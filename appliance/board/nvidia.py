"""NVIDIA cards in a PC, through `pynvml` (package nvidia-ml-py) if it is installed. Not for a Jetson's GPU."""

import importlib
import logging
from typing import Any, Callable, List

from appliance.telemetry.machine import CardFigures

log = logging.getLogger(__name__)


class NvidiaCards:
    """Reads the cards, in one thread.

    Without a card, a driver or the package every reading is None; that is no error.
    """

    def __init__(self) -> None:
        self._nvml: Any = None
        self._cards: List[Any] = []
        try:
            self._nvml = importlib.import_module("pynvml")
            self._nvml.nvmlInit()
            self._cards = [
                self._nvml.nvmlDeviceGetHandleByIndex(number) for number in range(self._nvml.nvmlDeviceGetCount())
            ]
        except ImportError:
            pass
        except self._errors() as error:
            log.debug("NVIDIA cards cannot be read: %s", error)

    def read(self) -> CardFigures:
        nvml = self._nvml
        if not self._cards:
            return CardFigures()
        loads = self._ask(lambda card: nvml.nvmlDeviceGetUtilizationRates(card).gpu)
        temperatures = self._ask(lambda card: nvml.nvmlDeviceGetTemperature(card, nvml.NVML_TEMPERATURE_GPU))
        powers = self._ask(nvml.nvmlDeviceGetPowerUsage)
        memories = self._ask(nvml.nvmlDeviceGetMemoryInfo)
        return CardFigures(
            load=float(max(loads)) if loads else None,
            temperature=float(max(temperatures)) if temperatures else None,
            power=sum(powers) / 1000.0 if powers else None,
            memory_used=sum(memory.used for memory in memories) if memories else None,
            memory_total=sum(memory.total for memory in memories) if memories else None,
        )

    def _ask(self, question: Callable[[Any], Any]) -> List[Any]:
        answers = []
        for card in self._cards:
            try:
                answers.append(question(card))
            except self._errors():
                pass  # not every card has every sensor
        return answers

    def _errors(self) -> Any:
        return (self._nvml.NVMLError, OSError) if self._nvml is not None else OSError
