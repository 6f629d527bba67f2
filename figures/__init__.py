"""Figures for papers: each file turns tables into one figure.

`look` is what all of them share, `files` makes SVG, PNG and CSV of a figure, `published_points`
reads the measured points that are drawn on top. Nothing here touches the disk.
"""
