"""Results of runs that tests change, so that their parts still fit."""


def with_confusion(result, matrix, not_counted=0):
    """Make a run one of as many images as there are in a matrix, and some of no class."""
    images = sum(map(sum, matrix)) + not_counted
    right = sum(row[index] for index, row in enumerate(matrix))
    result["images"] = images
    for network in ("software", "hardware"):
        result["confusion"][network] = matrix
        result["accuracy"][network] = right / images
    for layer in result["layers"]:
        layer |= {"evaluations": layer["neurons"] * images, "worst_neurons": []}
        layer["bits_differing"] = min(layer["bits_differing"], layer["evaluations"])
