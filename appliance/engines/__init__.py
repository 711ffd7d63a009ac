"""What runs a network. Each engine is one module or folder here with an `ENGINE = EngineDescription(...)`.

Nothing else names an engine: the setting `engine` and its help, the choice, `doctor`, `tune`, `bench` and `models show`
ask the registry. An engine's module is imported by every command, before numpy even: it imports numpy, OpenCV and its
library inside of functions (or has its class in a module beside it, as the folders here do).
"""
