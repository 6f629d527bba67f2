"""``popbridge run`` as data: a request in, a result out, which the report reads back.

Fields of its result are what `run --json` writes: add, do not rename.
"""
