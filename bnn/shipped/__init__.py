"""Networks and test images that come with the package."""
