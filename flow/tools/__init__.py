"""The programs of others, each behind one module."""
