"""A network of one's own: from weight arrays to hardware, in Amaranth's simulator.

Run it with ``python examples/own_network.py``. It needs no Verilog simulator.
"""

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from popbridge.behav.conditions import CONDITIONS
from popbridge.bnn import software
from popbridge.bnn.mapping import map_network
from popbridge.bnn.network import DenseLayer, Network
from popbridge.bnn.network_file import read_network, write_network
from popbridge.hdl.config import MacroConfig
from popbridge.sim.cosim import simulate
from popbridge.sim.job import Job

SEED = 1


def main() -> None:
    draw = np.random.default_rng(SEED)

    def weights(neurons: int, inputs: int) -> np.ndarray:
        return draw.choice(np.array([-1, 1], dtype=np.int8), (neurons, inputs))

    network = Network(
        name="example",
        input_shape=(5, 5),
        input_threshold=128,
        layers=(
            DenseLayer(weights(12, 25), thresholds=np.zeros(12, np.int32)),
            DenseLayer(weights(3, 12), offsets=np.array([0, 1, -1], np.int32)),
        ),
    )
    with TemporaryDirectory() as folder:
        path = Path(folder) / "example.npz"
        write_network(network, path)
        network = read_network(path)

    mapped = map_network(network, MacroConfig(rows=8, columns=64))
    for layer in mapped.config.layers:
        print(f"{layer.name} takes {layer.macros} macros of {layer.chain} arrays")

    job = Job(
        config=mapped.config,
        weights=mapped.weights,
        parameters=CONDITIONS["nominal"],
        chip=None,
        seed=SEED,
        images=draw.integers(0, 2, (5, 25), dtype=np.uint8),
    )
    outcome = simulate(job, simulator="pysim")
    reference = software.run(network, job.images)
    print("hardware classes:", outcome.results[:, 0].tolist())
    print("software classes:", reference.classes.tolist())


if __name__ == "__main__":
    main()
