"""One chip: a layer as it is drawn (`drawn`), and what becomes of it: scores, decisions, circuits.

Everything that looks at a chip starts from a `DrawnLayer`: nothing else draws.
"""
