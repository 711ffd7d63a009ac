"""The arrays that images go to the GPU in. The driver is a stand-in: CI has no GPU."""

import threading

import numpy as np
import pytest

from appliance.engines import cuda
from appliance.engines.tensorflow.host_memory import HostMemory
from tests.fake_tensorrt import FakeDriver


@pytest.fixture
def driver(monkeypatch):
    driver = FakeDriver()
    monkeypatch.setattr(cuda, "load_library", lambda: driver)
    return driver


def sizes(driver):
    return sorted(len(space) for space in driver.pinned.values())


def test_without_a_gpu_arrays_lie_where_tensorflow_takes_them_as_they_are():
    memory = HostMemory(on_gpu=False)
    for size in (1, 63, 1000):
        with memory.borrowed(size) as array:
            assert array.shape == (size,) and array.dtype == np.uint8
            assert array.ctypes.data % 64 == 0


def test_arrays_for_a_gpu_are_pinned_kept_and_given_back(driver):
    memory = HostMemory(on_gpu=True)
    with memory.borrowed(100) as first, memory.borrowed(300) as second:
        first[:], second[:] = 1, 2
        assert (first.sum(), second.sum()) == (100, 600)
        assert {first.ctypes.data, second.ctypes.data} == set(driver.pinned)
    with memory.borrowed(90) as again:
        assert (len(again), again.ctypes.data) == (90, first.ctypes.data)
    assert sizes(driver) == [100, 300]
    memory.close()
    assert (sizes(driver), driver.retained) == ([], 0)


def test_a_larger_array_takes_the_place_of_one_that_is_too_small(driver):
    memory = HostMemory(on_gpu=True)
    for size in (10, 200, 50, 400):
        with memory.borrowed(size) as array:
            array[:] = 7
    assert sizes(driver) == [400]
    memory.close()


def test_no_two_threads_have_the_same_array(driver):
    memory, wrong = HostMemory(on_gpu=True), []

    def work(number):
        for size in (1000, 3000, 2000) * 20:
            with memory.borrowed(size) as array:
                array[:] = number
                if not (array == number).all():
                    wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong
    assert len(driver.pinned) <= 4
    memory.close()
    assert not driver.pinned


def test_without_a_driver_it_is_said_and_works(monkeypatch, caplog):
    monkeypatch.setattr(cuda, "LIBRARY", "libcuda-is-not-here.so.1")
    memory = HostMemory(on_gpu=True)
    assert "not pinned, which is slower" in caplog.text and "libcuda-is-not-here.so.1" in caplog.text
    with memory.borrowed(10) as array:
        assert len(array) == 10
    memory.close()


def test_what_cannot_be_pinned_is_not_pinned_and_that_is_said_once(driver, monkeypatch, caplog):
    memory = HostMemory(on_gpu=True)
    with memory.borrowed(10):
        monkeypatch.setattr(driver, "cuMemHostAlloc", lambda *arguments: 1)
        for size in (20, 30):
            with memory.borrowed(size) as array:
                assert array.ctypes.data not in driver.pinned
                array[:] = 1
    assert caplog.text.count("not pinned, which is slower: The GPU refuses: invalid argument (cuMemHostAlloc)") == 1
    memory.close()
    assert (sizes(driver), driver.retained) == ([], 0)


def test_a_gpu_that_takes_nothing_back_does_not_keep_a_model_from_being_closed(driver, monkeypatch, caplog):
    memory = HostMemory(on_gpu=True)
    with memory.borrowed(10):
        pass
    monkeypatch.setattr(driver, "cuMemFreeHost", lambda *arguments: 1)
    memory.close()
    assert "could not be given back: The GPU refuses" in caplog.text
