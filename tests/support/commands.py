"""The command line, called in this process."""

import json

from popbridge.cli.main import main


def run_json(capsys, *words):
    """What a command writes with ``--json -``."""
    assert main([*words, "--json", "-"]) == 0
    return json.loads(capsys.readouterr().out)
