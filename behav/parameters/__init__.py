"""The numbers of the physics as records, each with unit and source, by topic."""
