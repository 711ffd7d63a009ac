"""Power on the command line: `--power` of the runs and the table of `bench`, on a recorded TX2."""

import re

from tests.command import MODELS, ROOT, STATISTICS, run
from tests.daemon import PERSON

TX2 = str(ROOT / "tests" / "boards" / "tx2")


def test_a_run_tells_what_the_board_consumes(tmp_path, samples, person_model):
    ended = run(
        tmp_path,
        "video",
        str(samples / "bikes.mp4"),
        "--power",
        "--max-frames",
        "5",
        "--model",
        PERSON,
        *MODELS,
        SPLITLENS_SYSROOT=TX2,
    )
    assert ended.code == 0, ended.err
    lines = ended.out.splitlines()
    place = next(number for number, line in enumerate(lines) if STATISTICS.match(line))
    said = next(line for line in lines[place + 1 :] if line.startswith("power"))  # the progress has a thread of its own
    assert re.match(r"power: 7\.96 W \(gpu 2\.91, .*\), GPU 73 %, .*cpu 44 C", said)


def test_bench_prints_the_original_projects_table(tmp_path, samples, person_model):
    ended = run(
        tmp_path,
        "bench",
        "--clip",
        str(samples / "bikes.mp4"),
        "--seconds",
        "1",
        "--markdown",
        "--model",
        PERSON,
        *MODELS,
        SPLITLENS_SYSROOT=TX2,
    )
    assert ended.code == 0, ended.err
    header, _, *rows = ended.out.splitlines()
    assert header == "|FPS|Machine|Size|Split Model|Visualize|Mode|CPU|Watt|Model|classes|"
    assert len(rows) == 8
    sizes = [one for one in ("160x120", "544x288", "1280x720") for _ in "12"] + ["1280x720"] * 2
    visualize = ["False"] * 6 + ["True, 30 FPS limit", "True"]
    for row, size, is_split, drawn in zip(rows, sizes, ["True", "False"] * 3 + ["True"] * 2, visualize):
        assert re.match(
            rf"\|\d+\.\d\|NVIDIA Jetson TX2\|{size}\|{is_split}\|{drawn}\|MAXP_CORE_ARM\|\d+%\|8\.0\|{PERSON}\|\d+\|$",
            row,
        ), row
