"""Which kernels are loaded, what the environment says about it, and what happens when a file is missing or broken."""

import os
import re
import shutil
import signal
import subprocess
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
import torch

from tidegate.errors import SettingError
from tidegate.kernels import library

BYTES = {"x86-64-v4": 64, "x86-64-v3": 32, "x86-64-v2": 16, "generic": 16}
OFFERED = tuple(library._offer("").paths)
needs_kernels = pytest.mark.skipif(not OFFERED, reason="installed without a C++ compiler")


@pytest.fixture(autouse=True)
def unset(monkeypatch):
    """Nothing is said and nothing loaded yet."""
    monkeypatch.delenv("TIDEGATE_KERNELS", raising=False)
    monkeypatch.delenv("TIDEGATE_KERNELS_FOLDER", raising=False)
    monkeypatch.setattr(library, "_choices", {})


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A copy of the libraries that are in use, in place of the installed ones."""
    for name in ("processor", *OFFERED):
        shutil.copy(library._file(name, library._installed()), tmp_path)
    monkeypatch.setattr(library, "_installed", lambda: (tmp_path,))
    return tmp_path


def file(folder, level):
    return library._file(level, (folder,))


@needs_kernels
def test_the_best_that_is_offered_is_chosen():
    chosen = library.library()
    assert chosen.level == OFFERED[0]
    assert library.reason() == f"{OFFERED[0]} kernels"
    assert library.library() is chosen
    assert library.offered() == OFFERED


@needs_kernels
@pytest.mark.parametrize("level", library.LEVELS)
def test_each_level_can_be_forced(level, monkeypatch):
    monkeypatch.setenv("TIDEGATE_KERNELS", level)
    if level in OFFERED:
        assert library.library().level == level
        assert library.library().vector_bytes == BYTES[level]
    else:
        with pytest.raises(SettingError, match=f"TIDEGATE_KERNELS is '{level}', which is not offered here"):
            library.library()


def test_none_means_none(monkeypatch):
    monkeypatch.setenv("TIDEGATE_KERNELS", "none")
    assert library.library() is None
    assert library.reason() == "no kernels: TIDEGATE_KERNELS=none"


def test_an_unknown_level_is_refused_with_those_on_offer(monkeypatch):
    monkeypatch.setenv("TIDEGATE_KERNELS", "x86-64-v9")
    choices = ", ".join(("auto", *OFFERED, "none"))
    with pytest.raises(SettingError, match=f"TIDEGATE_KERNELS is 'x86-64-v9'.*Set it to one of: {choices}$"):
        library.library()


def test_an_empty_setting_is_no_setting(monkeypatch):
    monkeypatch.setenv("TIDEGATE_KERNELS", "none")
    assert library.library() is None
    monkeypatch.setenv("TIDEGATE_KERNELS", "")
    assert (library.library() is not None) == bool(OFFERED)


def test_what_torch_finds_in_the_processor_is_offered():
    least = {"AVX512": "x86-64-v4", "AVX2": "x86-64-v3"}.get(torch.backends.cpu.get_cpu_capability())
    if least is None or library._file(least, library._installed()) is None:
        pytest.skip("torch finds no x86-64 level here, or its library was not built")
    assert least in OFFERED


@needs_kernels
def test_functions_are_found_by_name():
    chosen = library.library()
    assert chosen.function("tidegate_vector_bytes")() == chosen.vector_bytes
    assert chosen.function("tidegate_vector_bytes") is chosen.function("tidegate_vector_bytes")
    with pytest.raises(AttributeError, match="tidegate_vector_bites"):
        chosen.function("tidegate_vector_bites")


def test_without_libraries_one_warning_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(library, "_installed", lambda: (tmp_path,))
    with pytest.warns(
        RuntimeWarning, match="has no compiled kernels.*or its kernels did not compile.*TIDEGATE_KERNELS=none"
    ):
        assert library.library() is None
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert library.library() is None
        assert library.reason().startswith("no kernels: the package was installed without a C++ compiler")


def test_the_warning_comes_once_from_many_threads(tmp_path, monkeypatch):
    monkeypatch.setattr(library, "_installed", lambda: (tmp_path,))
    at_once = Barrier(8)

    def first():
        at_once.wait()
        return library.library()

    with pytest.warns(RuntimeWarning) as caught, ThreadPoolExecutor(8) as threads:
        assert [each.result() for each in [threads.submit(first) for _ in range(8)]] == [None] * 8
    assert len(caught) == 1


@needs_kernels
def test_many_threads_share_one_library(folder):
    at_once = Barrier(8)

    def first():
        at_once.wait()
        return library.library()

    with ThreadPoolExecutor(8) as threads:
        found = [each.result() for each in [threads.submit(first) for _ in range(8)]]
    assert len({id(each) for each in found}) == 1


@pytest.mark.skipif(len(OFFERED) < 2, reason="only one level is offered")
def test_a_broken_file_gives_way_to_the_next_level(folder):
    file(folder, OFFERED[0]).write_text("not a library", encoding="utf-8")
    with pytest.warns(RuntimeWarning, match=rf"{OFFERED[1]} kernels.*libtidegate-{OFFERED[0]}\S+ cannot be loaded \("):
        assert library.library().level == OFFERED[1]
    assert library.reason() == f"{OFFERED[1]} kernels"


@needs_kernels
def test_without_a_sound_file_nothing_is_computed_by_kernels(folder):
    for level in OFFERED:
        file(folder, level).write_text("not a library", encoding="utf-8")
    with pytest.warns(RuntimeWarning, match=rf"has no compiled kernels.*libtidegate-{OFFERED[-1]}\S+ cannot be loaded"):
        assert library.library() is None
    assert library.reason().startswith(f"no kernels: libtidegate-{OFFERED[0]}")


@needs_kernels
def test_a_processor_that_cannot_be_asked_runs_what_all_run(folder):
    file(folder, "processor").write_text("not a library", encoding="utf-8")
    with pytest.warns(RuntimeWarning, match=r"generic kernels.*libtidegate-processor\S+ cannot be loaded"):
        assert library.library().level == "generic"


@needs_kernels
def test_a_library_of_something_else_is_not_taken(folder):
    shutil.copy(file(folder, "processor"), file(folder, OFFERED[0]))
    with pytest.warns(RuntimeWarning, match=r"cannot be loaded \(.*tidegate_abi"):
        library.library()


@needs_kernels
def test_a_forced_level_that_is_broken_is_an_error(folder, monkeypatch):
    monkeypatch.setenv("TIDEGATE_KERNELS", "generic")
    file(folder, "generic").write_text("not a library", encoding="utf-8")
    with pytest.raises(
        SettingError, match=r"TIDEGATE_KERNELS is 'generic', but libtidegate-generic\S+ cannot be loaded"
    ):
        library.library()


@needs_kernels
def test_libraries_come_from_the_folder_that_is_named(tmp_path, monkeypatch):
    shutil.copy(library._file("generic", library._installed()), tmp_path)
    monkeypatch.setenv("TIDEGATE_KERNELS_FOLDER", str(tmp_path))
    assert library.library().path.parent == tmp_path
    assert library.library().level == "generic"


def test_a_named_folder_without_libraries_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("TIDEGATE_KERNELS_FOLDER", str(tmp_path))
    with pytest.raises(SettingError, match=r"TIDEGATE_KERNELS_FOLDER is '.+', which holds no kernels"):
        library.library()


@needs_kernels
@pytest.mark.skipif(sys.platform != "linux", reason="reads what Linux says of a process")
def test_torch_and_the_kernels_share_one_openmp():
    """In a process of its own: other packages bring theirs along under names that nobody else looks for."""
    script = "from tidegate.kernels import library; library.library(); print(open('/proc/self/maps').read())"
    mapped = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    files = {line.split()[-1] for line in mapped.splitlines() if line}
    assert any("libtidegate" in path for path in files)
    assert len({path for path in files if re.search(r"/lib[gi]?omp[^/]*$", path)}) <= 1


@needs_kernels
def test_kernels_of_another_interface_are_refused(folder, monkeypatch):
    monkeypatch.setattr(library, "ABI", library.ABI + 1)
    with pytest.warns(RuntimeWarning, match="compiled from other sources"):
        assert library.library() is None


@needs_kernels
def test_what_has_run_is_found_by_its_width(monkeypatch):
    for level in OFFERED:
        monkeypatch.setenv("TIDEGATE_KERNELS", level)
        chosen = library.library()
        assert library.loaded(BYTES[level]).vector_bytes == chosen.vector_bytes
    with pytest.raises(ValueError, match="no kernels with vectors of 3 bytes"):
        library.loaded(3)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system does not fork")
@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_a_forked_process_does_not_wait_for_its_parents_lock(monkeypatch):
    with library._lock:
        child = os.fork()
        if not child:
            signal.alarm(20)  # it would otherwise wait for ever
            os.environ["TIDEGATE_KERNELS"] = "none"
            library._choices.clear()
            os._exit(7 if library.library() is None else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
