"""What the front is fed where several images go through it together."""

import numpy as np
import pytest

pytest.importorskip("tensorflow")

from appliance.engines.batches import _Picker, sizes_up_to
from appliance.engines.resize import Resizer
from appliance.graph.network import Network


@pytest.mark.parametrize("batch, sizes", [(1, (1,)), (2, (1, 2)), (4, (1, 4)), (16, (1, 4, 16)), (20, (1, 4, 16, 20))])
def test_arrays_hold_a_few_numbers_of_images(batch, sizes):
    assert sizes_up_to(batch) == sizes


