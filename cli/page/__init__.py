"""The HTML report: template, drawings and numbers."""
