"""The whole controller: layers, frames and control registers put together."""
