#!/usr/bin/env bash
# Print the newest Python on PATH that TensorFlow has wheels for (3.8 to 3.13) and that can make a virtual environment.
set -euo pipefail
for name in python3.13 python3.12 python3.11 python3.10 python3.9 python3.8 python3; do
    # It is tried, not only looked up: a shim of pyenv may lead nowhere, and Debian's python3 may lack venv.
    if "$name" -c 'import sys, ensurepip, venv; sys.exit(not (3, 8) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null; then
        command -v "$name"
        exit 0
    fi
done
echo "No Python 3.8 to 3.13 with venv was found. On Debian or Ubuntu: sudo apt-get install python3 python3-venv;" >&2
echo "or say which to take: make setup PYTHON=/path/to/python3" >&2
exit 1
