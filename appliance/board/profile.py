"""A board's defaults: profiles/<board>.yml, written like a config file."""

from pathlib import Path

from appliance.errors import ConfigError
from appliance.settings import Profile
from appliance.settings.config_file import read_config_file

# In a checkout a link to profiles/ beside the package; an installed package has the files here.
PROFILES_DIR = Path(__file__).resolve().parents[1] / "profiles"


def load_profile(board_id: str, folder: Path = PROFILES_DIR) -> Profile:
    """The profile of a board, checked like a config file. Raises ConfigError."""
    known = sorted(path.stem for path in folder.glob("*.yml"))
    if board_id not in known:
        raise ConfigError("{}: there is no profile {}; there are: {}".format(
            folder, board_id, ", ".join(known) or "none (is the installation complete?)"))
    file = read_config_file(folder / (board_id + ".yml"))
    if file.mistakes:
        raise ConfigError("\n".join(file.mistakes))
    return Profile(board_id, {key: entry.value for key, entry in file.entries.items()}, file.path)
