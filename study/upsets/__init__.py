"""What becomes of single bits of registers that flip by themselves.

Designs are those of `designs`; verdicts are kept in a journal.
"""
