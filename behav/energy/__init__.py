"""The energy of a drawn layer on real inputs.

`terms` has the laws, `causes` adds them up for what a macro does, `layer` says what a layer does.
"""
