"""What tests import: benches, small networks, and oracles that stand on their own."""
