"""The whole controller: layers, frames and control registers put together.

Register names, addresses and ports are what users build on: add, do not move.
"""
