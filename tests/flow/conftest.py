"""Each of the small networks."""

import pytest
from support.flow_networks import NETWORKS


@pytest.fixture(params=NETWORKS)
def config(request):
    return NETWORKS[request.param]
