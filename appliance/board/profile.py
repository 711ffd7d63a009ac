"""A board's defaults: profiles/<board>.yml, written like a config file, or a user's own file instead."""

from pathlib import Path

from appliance.core.errors import ConfigError
from appliance.settings import Profile
from appliance.settings.config_file import read_config_file

# In a checkout this is a link to profiles/ next to the package; an installed package has the files here.
PROFILES_DIR = Path(__file__).resolve().parents[1] / "profiles"


def load_profile(wanted: str, folder: Path = PROFILES_DIR) -> Profile:
    """Load and check the profile of a board, by its id, or a profile file, by its path. Raises ConfigError."""
    if "/" in wanted or wanted.endswith((".yml", ".yaml")):
        return _read(wanted, Path(wanted))
    known = sorted(path.stem for path in folder.glob("*.yml"))
    if wanted not in known:
        raise ConfigError(
            f"{folder}: there is no profile {wanted}; there are:"
            f" {', '.join(known) or 'none (is the installation complete?)'}. A file of your own is named with its"
            " ending: my.yml"
        )
    return _read(wanted, folder / (wanted + ".yml"))


def _read(name: str, path: Path) -> Profile:
    file = read_config_file(path)
    mistakes = list(file.mistakes)
    if "profile" in file.entries:
        mistakes.append(
            f"{path} line {file.entries['profile'].line}: a profile cannot name another one; take the line out"
        )
    if mistakes:
        raise ConfigError("\n".join(mistakes))
    return Profile(name, {key: entry.value for key, entry in file.entries.items()}, file.path)
