"""The bridge beside an all-digital layer.

The rival's hardware is in `hdl.digital`; here are its costs beside a bridge layer's.
"""
