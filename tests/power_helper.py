"""The power helper of deploy/power as a real process on a real socket, over stand-ins for nvpmodel and jetson_clocks.

The stand-ins say what the real ones are seen to say in users' logs, and in the shell script that jetson_clocks is. A
mode whose name ends in REBOOT asks before it is set, as Orin does for MAXN.
"""

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any, Dict, List, Sequence

from tests.command import ROOT
from tests.waiting import LIMIT, wait_until

HELPER = ROOT / "deploy" / "power" / "splitlens_power.py"

NVPMODEL = r"""#!/bin/sh
# nvpmodel -q | -m ID
here=$(dirname "$0")
conf=$here/root/etc/nvpmodel.conf status=$here/root/var/lib/nvpmodel/status
echo "nvpmodel $*" >>"$here/calls"
[ ! -e "$here/slow" ] || sleep 600
[ ! -e "$here/stuck" ] || setsid sh -c 'echo $$ >"$0/sleeper"; exec sleep 600' "$here"
name() { sed -n "s/^< POWER_MODEL ID=$1 NAME=\([^ ]*\) >.*/\1/p" "$conf"; }
case $1 in
-q) id=$(sed 's/.*pmode:0*\([0-9][0-9]*\).*/\1/' "$status")
    echo "NV Fan Mode:quiet"
    echo "NV Power Mode: $(name "$id")"
    echo "$id" ;;
-m) [ -n "$(name "$2")" ] || { echo "NVPM ERROR: Error: Unknown power mode $2"; exit 255; }
    [ ! -e "$here/broken" ] || { echo "NVPM ERROR: Error writing 1 to /sys/devices/system/cpu/cpu1/online: 1"; exit 9; }
    case $(name "$2") in
    *REBOOT)
        echo "NVPM WARN: Golden image context is already created"
        echo "NVPM WARN: Reboot required for changing to this power mode: $2"
        echo "NVPM WARN: DO YOU WANT TO REBOOT NOW? enter YES/yes to confirm: "
        read -r answer
        echo "answer: $answer" >>"$here/calls"
        case $answer in
        YES | yes) echo "NVPM WARN: rebooting" ;;
        *) echo "NVPM ERROR: bad input!"; echo "NVPM ERROR: optMask is 1, no request for power mode"; exit 255 ;;
        esac ;;
    esac
    printf 'pmode:%04d fmode:quiet' "$2" >"$status" ;;
*) exit 255 ;;
esac
"""

JETSON_CLOCKS = r"""#!/bin/sh
# jetson_clocks [--show | --store FILE | --restore FILE]
here=$(dirname "$0")
echo "jetson_clocks $*" >>"$here/calls"
held=$(cat "$here/held" 2>/dev/null || echo 0)
case ${1:-} in
--show)
    echo "SOC family:tegra186  Machine:quill"
    echo "Online CPUs: 0,3-5"
    echo "cpu0: Online=1 Governor=schedutil MinFreq=345600 MaxFreq=2035200 CurrentFreq=499200 IdleStates: C1=1 c7=1 "
    echo "GPU MinFreq=114750000 MaxFreq=1122000000 CurrentFreq=114750000"
    echo "EMC MinFreq=40800000 MaxFreq=1600000000 CurrentFreq=1600000000 FreqOverride=$held"
    echo "Fan: PWM=0"
    echo "NV Power Mode: MAXP_CORE_ARM" ;;
--store)
    if [ -e "$2" ]; then
        echo "File $2 already exists. Can I overwrite it? Y/N:"
        read -r answer
        case $answer in y | Y) rm -f "$2" ;; *) echo "Error: file $2 already exists!"; exit 1 ;; esac
    fi
    echo "/sys/devices/system/cpu/cpu0/cpufreq/scaling_min_freq:345600" >"$2" ;;
--restore)
    [ -e "$2" ] || { echo "Error: $2 file not found !"; exit 1; }
    echo 0 >"$here/held" ;;
"") [ ! -e "$here/broken" ] && [ ! -e "$here/hot" ] || { echo "Error: Failed to max GPU frequency!"; exit 0; }
    echo 1 >"$here/held" ;;
*) echo "Unknown option: $1"; exit 1 ;;
esac
"""


class Helper:
    """root: what the appliance takes for the board's files (SPLITLENS_SYSROOT): its socket is there.

    board: a folder of tests/boards. python: that runs the helper. options: more words of its command line.
    """

    def __init__(self, board: str = "tx2", *options: str, python: str = sys.executable) -> None:
        # Short, for the name of a socket; and others may look in, as they may at /run.
        self.folder = Path(tempfile.mkdtemp(prefix="power"))
        self.folder.chmod(0o755)
        self.root = self.folder / "root"
        shutil.copytree(str(ROOT / "tests" / "boards" / board), str(self.root))
        for name, text in (("nvpmodel", NVPMODEL), ("jetson_clocks", JETSON_CLOCKS)):
            (self.folder / name).write_text(text)
            (self.folder / name).chmod(0o755)
        self.conf = self.root / "etc/nvpmodel.conf"
        self.status = self.root / "var/lib/nvpmodel/status"
        self.kept = self.folder / "before"
        self.socket = self.root / "run/splitlens-power/socket"
        self.socket.parent.mkdir(parents=True)
        self.command = [
            python,
            str(HELPER),
            "--socket",
            str(self.socket),
            "--nvpmodel",
            str(self.folder / "nvpmodel"),
            "--jetson-clocks",
            str(self.folder / "jetson_clocks"),
            "--conf",
            str(self.conf),
            "--kept",
            str(self.kept),
            *options,
        ]
        self.process: Any = None
        self.printed = ""

    def __enter__(self) -> "Helper":
        self.process = subprocess.Popen(self.command, stderr=subprocess.PIPE, env={"PATH": os.environ["PATH"]})
        wait_until(lambda: self._listens() or self.process.poll() is not None)
        assert self.process.poll() is None, self.process.stderr.read()
        return self

    def _listens(self) -> bool:
        try:
            with socket.socket(socket.AF_UNIX) as channel:
                channel.connect(str(self.socket))
            return True
        except OSError:
            return False

    def __exit__(self, *error: Any) -> None:
        self.stop()
        self.remove()

    def remove(self) -> None:
        shutil.rmtree(str(self.folder))

    def stop(self) -> str:
        """End it; returns what it logged."""
        if self.process.poll() is None:
            self.process.terminate()
            self.printed = self.process.communicate(timeout=LIMIT)[1].decode()
            assert self.process.returncode == 0 and "Traceback" not in self.printed, self.printed
        return self.printed

    def ask(self, request: Any) -> Dict[str, Any]:
        """request: an object, or bytes as they are."""
        data = request if isinstance(request, bytes) else json.dumps(request).encode() + b"\n"
        with socket.socket(socket.AF_UNIX) as channel:
            channel.settimeout(LIMIT)
            channel.connect(str(self.socket))
            channel.sendall(data)
            with channel.makefile("rb") as answers:
                answer: Dict[str, Any] = json.loads(answers.readline().decode())
                assert answers.readline() == b""
        return answer

    def ask_as(self, user: int, group: int, request: Any, others: Sequence[int] = ()) -> Dict[str, Any]:
        """The same, by a process of another user; for root only."""
        program = (
            f"import os, socket, sys; os.setgroups({list(others)}); os.setgid({group}); os.setuid({user});"
            "s = socket.socket(socket.AF_UNIX); s.connect(sys.argv[1]); s.sendall(sys.argv[2].encode());"
            "print(s.makefile().readline())"
        )
        done = subprocess.run(
            [sys.executable, "-c", program, str(self.socket), json.dumps(request) + "\n"],
            stdout=subprocess.PIPE,
            timeout=LIMIT,
        )
        answer: Dict[str, Any] = json.loads(done.stdout.decode())
        return answer

    def calls(self) -> List[str]:
        """What was asked of the two commands since the last time, but for questions."""
        path = self.folder / "calls"
        lines = path.read_text().splitlines() if path.exists() else []
        path.write_text("")
        questions = ("nvpmodel -q", "jetson_clocks --show")
        return [line.replace(str(self.kept), "KEPT") for line in lines if line not in questions]
