"""The energy of an array, term by term, and of a layer on real inputs."""
