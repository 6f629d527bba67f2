"""What is given away is whole: every file is in the sdist, and in the wheel that is made of it."""

import importlib.util
import os
import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from popbridge.bnn.network_file import write_network
from popbridge.cache import source_digest

REPOSITORY = Path(__file__).parent.parent
NOT_OF_THE_PACKAGE = {"setup.py", "tests", "docs", "examples", ".ci"}
"""First parts of paths."""


def run(*words, **options):
    done = subprocess.run(words, capture_output=True, text=True, check=False, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def files():
    """Paths of all files of the checkout, new ones too."""
    if not (REPOSITORY / ".git").exists() or not shutil.which("git"):
        pytest.skip("needs a git checkout: what belongs to the project is what git says")
    listed = run("git", "-C", REPOSITORY, "ls-files", "-co", "--exclude-standard").splitlines()
    return {name for name in listed if (REPOSITORY / name).is_file()}


@pytest.fixture(scope="module")
def package_files(files):
    """Those of the package: path in the checkout to path in the wheel."""
    rooms = {path.parent.name for path in REPOSITORY.glob("*/__init__.py")}
    inside = {name for name in files if name.partition("/")[0] in rooms}
    return {name: f"popbridge/{name.removeprefix('popbridge/')}" for name in inside}


@pytest.fixture(scope="module")
def built(files, tmp_path_factory):
    """An sdist, and the wheel that is made of it: paths."""
    for module in ("build", "setuptools"):
        if not importlib.util.find_spec(module):
            pytest.skip(f"needs {module}: pip install 'popbridge[test]'")
    # A copy: setuptools leaves folders where it builds.
    source, out = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("dist")
    for name in files:
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(REPOSITORY / name, source / name)
    text = run(sys.executable, "-m", "build", "--no-isolation", "--outdir", out, source)
    assert "would be ignored" not in text and "deprecated" not in text.lower()
    return next(out.glob("*.tar.gz")), next(out.glob("*.whl"))


def test_the_sdist_has_every_file_of_the_checkout(built, files):
    with tarfile.open(built[0]) as archive:
        members = {member.name.partition("/")[2] for member in archive if member.isfile()}
    assert not files - members


def test_the_wheel_has_every_file_of_the_package_and_no_other(built, package_files):
    with zipfile.ZipFile(built[1]) as archive:
        members = {name for name in archive.namelist() if name.startswith("popbridge/")}
    assert set(package_files.values()) == members
    assert {"popbridge/py.typed", "popbridge/bnn/shipped/mnist.npz"} <= members


def test_every_folder_with_modules_is_a_package(files, package_files):
    """Else setup.py does not find it."""
    folders = {Path(name).parent for name in package_files if name.endswith(".py")}
    assert not {str(folder) for folder in folders if f"{folder}/__init__.py" not in files}
    top = {name.partition("/")[0] for name in files if name.endswith(".py")}
    of_package = {name.partition("/")[0] for name in package_files}
    assert top - of_package <= NOT_OF_THE_PACKAGE


@pytest.fixture(scope="module")
def installed(built, tmp_path_factory):
    """The Python of an environment with the wheel; what it stands on is that of this one."""
    folder = tmp_path_factory.mktemp("environment")
    run(sys.executable, "-m", "venv", "--without-pip", folder)
    python = folder / "bin" / "python"
    pip = (sys.executable, "-m", "pip", "--python", python, "--disable-pip-version-check")
    run(*pip, "install", "--quiet", "--no-deps", "--no-index", built[1])
    site = next(folder.glob("lib/python*/site-packages"))
    # Without their own .pth files: this environment's popbridge is not to be found.
    dependencies = [path for path in sys.path if path.endswith("-packages")]
    (site / "dependencies.pth").write_text("\n".join(dependencies) + "\n")
    return python


@pytest.fixture
def empty(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    return tmp_path


def test_the_installed_wheel_works_from_an_empty_folder(installed, empty, make_network):
    write_network(make_network((5, 3, 2)), empty / "small.npz")
    command = installed.parent / "popbridge"
    assert run(command, "--version") == run(installed, "-m", "popbridge", "--version")
    run(command, "presets", "nominal")
    run(command, "run", "small.npz", "--sim", "pysim", "--images", "2", "--json", "run.json")
    run(command, "report", "run.json")
    run(command, "accuracy", "--chips", "1", "--images", "20")
    run(command, "verilog", "small.npz")
    made = {path.name for path in empty.iterdir()}
    assert made == {"small.npz", "run.json", "run.html", "build"}
    assert (empty / "build" / "verilog" / "popbridge_controller.sv").stat().st_size


def test_the_digest_is_the_same_however_the_package_is_installed(installed, empty):
    """The checkout's folders beside popbridge/ and the wheel's within it are the same code."""
    program = "import popbridge.cache as c; print(c.__file__, c.source_digest())"
    place, digest = run(installed, "-c", program).split()
    assert Path(place).is_relative_to(installed.parent.parent)
    source_digest.cache_clear()
    assert digest == source_digest()


def test_mypy_takes_the_types_of_the_installed_package(installed, empty):
    program = "from popbridge.cache import source_digest\nnumber: int = source_digest()\n"
    (empty / "user.py").write_text(program)
    words = [sys.executable, "-m", "mypy", "--python-executable", installed]
    words += ["--cache-dir", os.devnull, "user.py"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert 'expression has type "str", variable has type "int"' in done.stdout
    assert "Found 1 error" in done.stdout and "import-untyped" not in done.stdout
