"""The numbers of the physics as records, each with unit and source, by topic.

A new field has a default that leaves every shipped condition as it is.
"""
