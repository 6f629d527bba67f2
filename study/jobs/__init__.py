"""Long work: shared out to processes, kept, and resumed."""
