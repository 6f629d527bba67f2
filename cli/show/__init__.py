"""What a person is shown: files, tables and progress, and a module for each command's result.

It prints records; nothing is computed here.
"""
