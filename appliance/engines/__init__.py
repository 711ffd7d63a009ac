"""Inference engines. Each is one module or folder here with an `ENGINE = EngineDescription(...)`.

Nothing else names an engine: the setting `engine` and its help, the choice, `doctor`, `tune`, `bench` and `models show`
ask the registry. Every command imports the engines' modules, even before numpy. So they import numpy, OpenCV and their
own library inside functions, or keep the engine's class in a separate module, as the folders here do.
"""
