"""Which packages there are: each folder with modules beside popbridge/ is a subpackage of it."""

from setuptools import find_packages, setup

subpackages = find_packages(exclude=["popbridge", "popbridge.*"])
setup(
    packages=["popbridge", *(f"popbridge.{name}" for name in subpackages)],
    package_dir={
        "popbridge": "popbridge",
        **{f"popbridge.{name}": name for name in subpackages if "." not in name},
    },
)
