"""The HTML report: template, drawings and numbers.

It reads the record of a run and nothing else; the page must stand alone.
"""
