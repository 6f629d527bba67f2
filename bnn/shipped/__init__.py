"""Networks and test images that come with the package.

NOTICE says where each comes from and under which licence.
"""
