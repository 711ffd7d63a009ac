"""Load the detector that the settings name: find the model, check the board, choose the engine."""

import logging
from pathlib import Path

from appliance.board import detect_board
from appliance.board.tuned import apply_tuned
from appliance.core.detector import Detector
from appliance.detectors.capacity import check_board_holds
from appliance.detectors.load import differences, load_detector
from appliance.detectors.plan import ModelOptions
from appliance.engines.choose import EngineChoice
from appliance.settings import LoadedSettings, chosen_engine, chosen_model
from appliance.zoo.store import InstalledModel, family_of, resolve_model

log = logging.getLogger(__name__)


def load(loaded: LoadedSettings, force: bool = False) -> Detector:
    """Load the detector that the settings name. Logs where an old config file differs from the graph.

    Args:
        loaded: The settings.
        force: Load the model even if this board is known to have too little memory for its family.
    """
    model = find_model(loaded, force)
    log.info("Loading %s", model.name)
    loaded = apply_tuned(loaded, model.name, model.path)
    detector = load_detector(model.path, model.name, model.labels, model_options(loaded))
    settings, layers = loaded.settings, loaded.layers
    model_layer = max(layers["model"], layers["model_path"])
    for difference in differences(
        detector,
        settings.model_type if layers["model_type"] >= model_layer else None,
        settings.split_shape if layers["split_shape"] >= model_layer else None,
        settings.num_classes if layers["num_classes"] >= model_layer else None,
    ):
        log.warning("%s; the graph is right", difference)
    return detector


def find_model(loaded: LoadedSettings, force: bool = False) -> InstalledModel:
    """Return the model that the settings name. Raises ModelError; see `load` for force."""
    settings, layers = loaded.settings, loaded.layers
    # What a lower layer says about its own model does not apply to a model that a higher layer chose.
    is_own = layers["label_path"] >= max(layers["model"], layers["model_path"])
    label_path = Path(settings.label_path) if settings.label_path and is_own else None
    model = resolve_model(chosen_model(loaded), Path(settings.models_dir), label_path)
    board = detect_board()
    if board.families is not None and not force:
        check_board_holds(board, family_of(model, settings.trust_graph), model.name)
    return model


def model_options(loaded: LoadedSettings) -> ModelOptions:
    """Return the options for running a model, from the settings."""
    settings = loaded.settings
    return ModelOptions(
        det_th=settings.det_th,
        split_model=settings.split_model,
        exact=settings.exact,
        worker_threads=settings.worker_threads,
        allow_memory_growth=settings.allow_memory_growth,
        force_gpu_compatible=settings.force_gpu_compatible,
        log_device=settings.log_device,
        engine=EngineChoice(
            chosen_engine(loaded),
            settings.precision_model or "FP32",
            settings.calibration_images,
            Path(settings.models_dir) / ".engines",
        ),
        batch=settings.batch,
        xla=settings.xla,
        trust_graph=settings.trust_graph,
    )
